package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

const unauthenticated = status.Unauthenticated

// refreshing shares a channel's credentials, and keeps requests for replay.
func refreshing(c *attempts.Credentials) option {
	return func(s *attempts.Settings) {
		s.Credentials = c
		s.Quota = attempts.NewQuota(attempts.Unlimited, attempts.Unlimited)
	}
}

func credentials() *attempts.Credentials {
	return attempts.NewCredentials(status.Codes(unauthenticated))
}

// refresh expects that the credentials are to be refreshed, or no longer.
func (s *script) refresh() *script {
	s.t.Helper()
	return s.expect(attempts.Action{Op: attempts.Refresh})
}

func (s *script) stopsRefresh() *script {
	s.t.Helper()
	return s.expect(attempts.Action{Op: attempts.StopRefresh})
}

// refreshed: the refresh has ended, of which the driver tells every call.
func (s *script) refreshed() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Refreshed(s.now) })
}

// succeeds and fails tell the credentials.
func succeeds(t *testing.T, c *attempts.Credentials) {
	t.Helper()
	if !c.Refreshed(nil) {
		t.Error("no refresh ran")
	}
}

func fails(t *testing.T, c *attempts.Credentials) {
	t.Helper()
	if !c.Refreshed(status.New(unauthenticated, "no refresh")) {
		t.Error("no refresh ran")
	}
}

func kinds(s *script) (all string) {
	for _, r := range s.machine.Records() {
		all += r.Kind.String() + " "
	}
	return all
}

// SEMANTICS 8.3: credentials that a server refuses are refreshed once for all calls.
func TestCredentials(t *testing.T) {
	t.Run("120_a_refused_call_is_sent_once_more_without_a_token_or_an_attempt", func(t *testing.T) {
		c := credentials()
		s := begin(t, retries(2), refreshing(c), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unauthenticated).refresh().tokens(10)
		succeeds(t, c)
		s.at(50).refreshed().opens(2).numbered(1, 1)
		s.at(60).ends(2, unavailable).arms(560).tokens(9)
		s.at(560).fires().opens(3).numbered(1, 1, 2)
		s.at(600).ends(3, unavailable).over(3, unavailable, status.ReasonExhausted)
		if got := kinds(s); got != "first refresh retry " {
			t.Errorf("kinds %s", got)
		}
	})
	t.Run("120_a_request_that_was_not_kept_is_not_sent_again", func(t *testing.T) {
		s := begin(t, retries(2), refreshing(credentials()), quota(attempts.NewQuota(100, 10)))
		s.at(0).queues(50).starts().releases(1).opens(1)
		s.at(10).ends(1, unauthenticated).over(1, unauthenticated, status.ReasonBufferExceeded)
	})
	t.Run("120_nor_is_one_of_which_a_part_was_let_go", func(t *testing.T) {
		s := begin(t, streams, neverSaysNotSent, func(s *attempts.Settings) { s.Credentials = credentials() })
		s.at(0).begins().opens(1).releases(1)
		s.at(10).ends(1, unauthenticated).over(1, unauthenticated, status.ReasonFatalStatus)
	})
	t.Run("120_the_timer_is_set_for_what_is_sent_with_fresh_credentials", func(t *testing.T) {
		c := credentials()
		s := begin(t, retries(2), refreshing(c), silentAfter(1000))
		s.at(0).starts().opens(1).arms(1000)
		s.at(10).ends(1, unauthenticated).refresh().disarms()
		succeeds(t, c)
		s.at(50).refreshed().opens(2).arms(1050)
		s.at(60).answers(2).releases(2).header(2).disarms()
		s.at(70).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("121_calls_that_are_refused_together_share_a_refresh", func(t *testing.T) {
		c := credentials()
		first, second, third := begin(t, refreshing(c)), begin(t, refreshing(c)), begin(t, refreshing(c))
		first.at(0).starts().opens(1)
		second.at(0).starts().opens(1)
		third.at(0).starts().opens(1)
		first.at(10).ends(1, unauthenticated).refresh()
		second.at(20).ends(1, unauthenticated)
		succeeds(t, c)
		first.at(30).refreshed().opens(2)
		second.at(30).refreshed().opens(2)
		third.at(30).refreshed()
		third.at(40).ends(1, unauthenticated).opens(2) // it was sent before the refresh, and has its result
		third.at(50).answers(2).releases(2).header(2).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("122_fresh_credentials_that_are_refused_end_the_call", func(t *testing.T) {
		c := credentials()
		s := begin(t, listed(unauthenticated), refreshing(c))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unauthenticated).refresh()
		succeeds(t, c)
		s.at(20).refreshed().opens(2)
		s.at(30).ends(2, unauthenticated).over(2, unauthenticated, status.ReasonFatalStatus)
		again := begin(t, refreshing(c)) // a later call may find that they have expired again
		again.at(0).starts().opens(1)
		again.at(10).ends(1, unauthenticated).refresh()
		succeeds(t, c)
		again.at(20).refreshed().opens(2)
		again.at(30).cancels("enough").aborts(2).overLocally(canceled, status.ReasonCanceled, "enough")
	})
	t.Run("123_a_failed_refresh_ends_those_who_wait_and_those_who_were_sent_before", func(t *testing.T) {
		c := credentials()
		first, second, late := begin(t, refreshing(c)), begin(t, refreshing(c)), begin(t, refreshing(c))
		first.at(0).starts().opens(1)
		second.at(0).starts().opens(1)
		first.at(10).ends(1, unauthenticated).refresh()
		fails(t, c)
		first.at(30).refreshed().overLocally(unauthenticated, status.ReasonFatalStatus, "no refresh")
		second.at(30).refreshed()
		late.at(30).starts().opens(1)
		second.at(40).ends(1, unauthenticated).overLocally(unauthenticated, status.ReasonFatalStatus, "no refresh")
		late.at(50).ends(1, unauthenticated).refresh()
		late.at(60).cancels("enough").stopsRefresh().overLocally(canceled, status.ReasonCanceled, "enough")
	})
	t.Run("124_a_refresh_that_nobody_waits_for_is_given_up", func(t *testing.T) {
		c := credentials()
		first, second := begin(t, refreshing(c)), begin(t, refreshing(c), deadline(100))
		first.at(0).starts().opens(1)
		second.at(0).starts().opens(1).arms(100)
		first.at(10).ends(1, unauthenticated).refresh()
		second.at(10).ends(1, unauthenticated)
		first.at(20).cancels("enough").overLocally(canceled, status.ReasonCanceled, "enough")
		second.at(100).fires().stopsRefresh().overLocally(deadlineCode, status.ReasonDeadline, "the deadline of 100 ms passed while waiting for fresh credentials for attempt 1")
		if c.Refreshed(nil) {
			t.Error("a refresh that was given up counts")
		}
	})
	t.Run("125_a_pushback_that_stops_forbids_it_and_a_delay_does_not_matter", func(t *testing.T) {
		c := credentials()
		s := begin(t, retries(3), refreshing(c))
		s.at(0).starts().opens(1)
		s.at(10).pushes(1, unauthenticated, "-1").over(1, unauthenticated, status.ReasonPushback)
		s = begin(t, retries(3), refreshing(c))
		s.at(0).starts().opens(1)
		s.at(10).pushes(1, unauthenticated, "5000").refresh()
		succeeds(t, c)
		s.at(20).refreshed().opens(2)
		s.at(30).cancels("enough").aborts(2).overLocally(canceled, status.ReasonCanceled, "enough")
	})
	t.Run("126_in_a_hedged_call_the_refused_attempt_is_replaced", func(t *testing.T) {
		c := credentials()
		s := begin(t, hedges(2, 100), refreshing(c))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).ends(1, unauthenticated).refresh()
		s.at(100).fires().opens(3)
		succeeds(t, c)
		s.at(120).refreshed().opens(2).numbered(1, 1, 2)
		s.at(130).ends(3, unauthenticated).opens(4).numbered(1, 1, 2, 2) // sent before the refresh had ended
		s.at(140).answers(2).aborts(4).releases(2).header(2)
		s.at(150).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("126_another_attempt_that_wins_ends_the_wait", func(t *testing.T) {
		c := credentials()
		s := begin(t, hedges(2, 0), refreshing(c))
		s.at(0).starts().opens(1, 2)
		s.at(10).ends(1, unauthenticated).refresh()
		s.at(20).answers(2).stopsRefresh().releases(2).header(2)
		s.at(30).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("127_a_request_that_was_not_kept_is_not_sent_again", func(t *testing.T) {
		c := credentials()
		s := begin(t, refreshing(c), quota(attempts.NewQuota(100, 10)))
		s.at(0).queues(50).starts().releases(1).opens(1)
		s.at(10).ends(1, unauthenticated).over(1, unauthenticated, status.ReasonBufferExceeded)
	})
	t.Run("128_metadata_that_cannot_be_had_starts_no_refresh", func(t *testing.T) {
		s := begin(t, refreshing(credentials()), prepares)
		s.at(0).starts().prepares(1)
		s.at(10).unprepared(1, unauthenticated).over(1, unauthenticated, status.ReasonFatalStatus)
	})
	t.Run("129_the_metadata_is_asked_for_again", func(t *testing.T) {
		c := credentials()
		s := begin(t, refreshing(c), prepares)
		s.at(0).starts().prepares(1)
		s.at(1).prepared(1).opens(1)
		s.at(10).ends(1, unauthenticated).refresh()
		succeeds(t, c)
		s.at(20).refreshed().prepares(2)
		s.at(21).prepared(2).opens(2)
		s.at(30).answers(2).releases(2).header(2)
		s.at(40).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
}

// Nothing is refreshed by default, or for a code that is not one of those.
func TestCredentialsAreNotRefreshed(t *testing.T) {
	s := begin(t)
	s.at(0).starts().opens(1)
	s.at(10).ends(1, unauthenticated).over(1, unauthenticated, status.ReasonFatalStatus)
	s.at(20).refreshed()
	s = begin(t, refreshing(credentials()))
	s.at(0).starts().opens(1)
	s.at(10).ends(1, invalidArgument).over(1, invalidArgument, status.ReasonFatalStatus)
}
