package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// Calls whose request stays open, over a transport that sends messages as they
// come (SEMANTICS 2.10c, 2.11c).
func TestStreaming(t *testing.T) {
	roomy := func() option { return quota(attempts.NewQuota(1000, 1000)) }
	narrow := func() option { return quota(attempts.NewQuota(1000, 100)) }

	t.Run("61_every_attempt_sends_all_from_the_first", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).begins().opens(1)
		s.queues(10).written(1)
		s.took(1, 1)
		s.pushes(1, unavailable, "0").opens(2)
		s.queues(10).written(2)
		s.took(2, 2)
		s.pushes(2, unavailable, "0").opens(3)
		s.halfCloses()
		s.took(3, 2)
		s.pushes(3, unavailable, "0").opens(4).buffered(20)
		s.took(4, 1).took(4, 2)
		s.answers(4).releases(4).header(4).buffered(0)
		s.ends(4, ok).over(4, ok, status.ReasonResponseHeaders)
	})
	t.Run("61_half_close_alone", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).begins().opens(1)
		s.halfCloses()
		s.pushes(1, unavailable, "0").opens(2)
		s.ends(2, ok).releases(2).header(2).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("61_half_close_in_backoff_begins_nothing", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).begins().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(100).halfCloses()
		s.at(500).fires().opens(2)
	})
	t.Run("all_is_there_before_it_begins", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).queues(10, 10).written(1, 2).halfCloses()
		s.begins().opens(1)
	})
	t.Run("62_messages_while_no_attempt_runs", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).begins().opens(1)
		s.queues(10).written(1).took(1, 1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(100).queues(10).written(2).buffered(20)
		s.at(200).queues(10).written(3).buffered(30)
		s.at(500).fires().opens(2)
		s.took(2, 3)
		s.at(510).answers(2).releases(2).header(2).buffered(0)
		s.ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("65_success_before_the_replay_is_through", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).begins().opens(1)
		s.queues(10, 10, 10).written(1, 2, 3).took(1, 3)
		s.pushes(1, unavailable, "0").opens(2)
		s.took(2, 1)
		s.ends(2, ok).releases(2).header(2).over(2, ok, status.ReasonResponseHeaders).buffered(0)
		s.took(2, 2).queues(10).halfCloses().buffered(0) // too late, and no fault
	})
	t.Run("58_twelve_fit_and_the_thirteenth_commits", func(t *testing.T) {
		s := begin(t, retries(5), streams, narrow())
		s.at(0).begins().opens(1)
		for n := 1; n <= 12; n++ {
			s.queues(8).written(n).buffered(8 * int64(n))
		}
		s.took(1, 10)
		s.queues(8).releases(1).buffered(0)
		s.took(1, 12).took(1, 13).written(13)
		s.pushes(1, unavailable, "0").over(1, unavailable, status.ReasonBufferExceeded).buffered(0)
	})
	t.Run("59_exactly_at_the_limit", func(t *testing.T) {
		for name, q := range map[string]*attempts.Quota{"call": attempts.NewQuota(1000, 100), "channel": attempts.NewQuota(100, 1000)} {
			t.Run(name, func(t *testing.T) {
				s := begin(t, retries(5), streams, quota(q))
				s.at(0).begins().opens(1)
				s.queues(60, 40).written(1, 2).buffered(100)
				s.took(1, 2)
				s.pushes(1, unavailable, "0").opens(2).buffered(100)
				s.queues(1).releases(2).buffered(0)
				s.took(2, 2).took(2, 3).written(3)
			})
		}
	})
	t.Run("60_overflow_in_backoff", func(t *testing.T) {
		s := begin(t, retries(5), streams, narrow())
		s.at(0).begins().opens(1)
		s.queues(60).written(1).took(1, 1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(100).queues(60).buffered(0) // it waits for the next attempt
		s.at(110).queues(10).buffered(0) // and what fits, for that which does not
		s.at(120).halfCloses()
		s.at(500).fires().releases(2).opens(2)
		s.took(2, 1).took(2, 2).written(2).took(2, 3).written(3)
		s.at(510).pushes(2, unavailable, "0").over(2, unavailable, status.ReasonBufferExceeded)
	})
	t.Run("overflow_before_it_begins", func(t *testing.T) {
		s := begin(t, retries(5), streams, narrow())
		s.at(0).queues(101).buffered(0)
		s.begins().releases(1).opens(1)
		s.took(1, 1).written(1)
	})
	t.Run("after_the_commit_sending_waits_for_the_transport", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy())
		s.at(0).begins().opens(1)
		s.queues(10, 10).written(1, 2).took(1, 1)
		s.answers(1).releases(1).header(1).buffered(0)
		s.queues(10, 10).buffered(0) // nothing is kept any more
		s.took(1, 2)                 // told already
		s.took(1, 3).written(3)
		s.took(1, 3)
		s.queues(10)
		s.took(1, 5).written(5)
		s.halfCloses()
		s.ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("without_a_policy_sending_waits_for_the_transport", func(t *testing.T) {
		s := begin(t, streams)
		s.at(0).begins().opens(1)
		s.queues(1<<40, 10).releases(1)
		s.took(1, 1).written(1).took(1, 2).written(2)
		s.queues(10).halfCloses()
		s.took(1, 3).written(3)
		s.ends(1, unavailable).over(1, unavailable, status.ReasonFatalStatus)
	})
	t.Run("a_transparent_restart_takes_nothing_back", func(t *testing.T) {
		s := begin(t, streams)
		s.at(0).begins().opens(1)
		s.queues(10, 10).took(1, 2).written(2)
		s.refused(1).opens(2).numbered(1, 1)
		s.queues(10)
		s.took(2, 1).took(2, 2)
		s.took(2, 3).written(3)
	})
	t.Run("unless_the_application_waits_nothing_is_told", func(t *testing.T) {
		s := begin(t, retries(5), streams, roomy(), func(s *attempts.Settings) { s.Writes = false })
		s.at(0).queues(10).begins().opens(1)
		s.took(1, 1).queues(10).took(1, 2)
	})
	t.Run("an_end_before_the_half_close", func(t *testing.T) {
		for name, end := range map[string]func(*script) *script{
			"fatal": func(s *script) *script {
				return s.ends(1, invalidArgument).over(1, invalidArgument, status.ReasonFatalStatus)
			},
			"dropped": func(s *script) *script { return s.dropped(1).over(1, unavailable, status.ReasonDrop) },
			"cancel": func(s *script) *script {
				return s.cancels("no more").aborts(1).overLocally(canceled, status.ReasonCanceled, "no more")
			},
			"ok": func(s *script) *script {
				return s.ends(1, ok).releases(1).header(1).over(1, ok, status.ReasonResponseHeaders)
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := begin(t, retries(5), streams, roomy())
				s.at(0).begins().opens(1)
				s.queues(10, 10).written(1, 2).took(1, 1)
				end(s).buffered(0)
				s.took(1, 2).queues(10).halfCloses().awaits().online().fires().buffered(0)
			})
		}
	})
	t.Run("cancel_with_messages_that_wait", func(t *testing.T) {
		s := begin(t, retries(5), streams, narrow())
		s.at(0).begins().opens(1)
		s.queues(60).written(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(10).queues(60)
		s.at(20).cancels("no more").disarms().overLocally(canceled, status.ReasonCanceled, "no more").buffered(0)
	})
	t.Run("a_message_or_half_close_at_the_deadline", func(t *testing.T) {
		for name, late := range map[string]func(*script) *script{
			"message":    func(s *script) *script { return s.queues(10) },
			"half-close": func(s *script) *script { return s.halfCloses() },
		} {
			t.Run(name, func(t *testing.T) {
				s := begin(t, retries(5), streams, roomy(), deadline(300))
				s.at(0).begins().opens(1).arms(300)
				late(s.at(300)).aborts(1).disarms().overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1").buffered(0)
			})
		}
	})
}

func TestHedgedStreaming(t *testing.T) {
	narrow := func() option { return quota(attempts.NewQuota(1000, 100)) }

	t.Run("a_later_hedge_begins_with_the_first_message", func(t *testing.T) {
		s := begin(t, hedges(3, 100), streams, narrow())
		s.at(0).begins().opens(1).arms(100)
		s.queues(30, 30).written(1, 2).took(1, 2)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).queues(60).aborts(2).releases(1).disarms() // the second attempt has sent none: the first is further
		s.took(1, 3).written(3)
		s.at(120).took(2, 3) // it is dead
	})
	t.Run("87_the_furthest_survives", func(t *testing.T) {
		s := begin(t, hedges(3, 100), streams, narrow())
		s.at(0).begins().opens(1).arms(100)
		s.queues(30, 30).written(1, 2).took(1, 1)
		s.at(100).fires().opens(2).arms(200)
		s.took(2, 1).took(2, 2)
		s.at(150).queues(60).aborts(1).releases(2).disarms().buffered(0)
		s.took(2, 3).written(3)
		s.at(160).answers(2).header(2)
		s.halfCloses()
		s.at(170).ends(2, ok).over(2, ok, status.ReasonBufferExceeded)
	})
	t.Run("one_attempt_that_took_it_is_enough", func(t *testing.T) {
		s := begin(t, hedges(2, 0), streams) // nothing is kept
		s.at(0).begins().opens(1, 2)
		s.queues(10, 10)
		s.took(2, 1).written(1)
		s.took(1, 1)
		s.took(1, 2).written(2)
	})
	t.Run("88_message_while_no_attempt_runs_is_kept", func(t *testing.T) {
		s := begin(t, hedges(3, 100), streams, narrow())
		s.at(0).begins().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "500").arms(510)
		s.at(20).queues(10).written(1).buffered(10)
		s.at(30).halfCloses()
		s.at(510).fires().opens(2).arms(610)
		s.took(2, 1).answers(2).releases(2).header(2).disarms().buffered(0)
	})
	t.Run("88_message_while_no_attempt_runs_waits_where_it_is_not_kept", func(t *testing.T) {
		s := begin(t, hedges(3, 100), streams, narrow())
		s.at(0).begins().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "500").arms(510)
		s.at(20).queues(101).buffered(0)
		s.at(510).fires().releases(2).opens(2)
		s.took(2, 1).written(1)
		s.at(520).ends(2, unavailable).over(2, unavailable, status.ReasonBufferExceeded)
	})
	t.Run("headers_of_one_that_is_behind", func(t *testing.T) {
		s := begin(t, hedges(2, 0), streams, narrow())
		s.at(0).begins().opens(1, 2)
		s.queues(10, 10, 10).written(1, 2, 3).took(1, 3)
		s.answers(2).aborts(1).releases(2).header(2)
		s.queues(10)
		s.took(2, 3).took(2, 4).written(4)
	})
}

// A driver that claims to have taken more messages than there are is not believed.
func TestTookMoreThanThereAre(t *testing.T) {
	s := begin(t, streams)
	s.at(0).begins().opens(1)
	s.queues(10).took(1, 5).written(1)
	s.queues(10).took(1, 2).written(2)
}

// A transport that takes only whole requests: the first attempt begins at the
// half-close, and the deadline runs before.
func TestWholeRequests(t *testing.T) {
	roomy := func() option { return quota(attempts.NewQuota(1000, 1000)) }

	t.Run("begins_at_the_half_close", func(t *testing.T) {
		s := begin(t, retries(5), wholes, roomy(), deadline(9000))
		s.at(0).begins().arms(9000)
		s.at(10).queues(10, 10).written(1, 2).buffered(20)
		s.at(20).halfCloses().opens(1)
		s.at(30).pushes(1, unavailable, "0").opens(2).buffered(20)
		s.at(40).answers(2).releases(2).header(2).buffered(0)
		s.recorded(
			`1 first failed 20–30 head none http none UNAVAILABLE "said attempt 1" pushback 0`,
			`2 retry committed 30–none head 40 http 200 none ""`)
	})
	t.Run("hedges_at_the_half_close", func(t *testing.T) {
		s := begin(t, hedges(3, 100), wholes, roomy())
		s.at(0).begins()
		s.at(500).queues(10).written(1).fires()
		s.at(600).halfCloses().opens(1).arms(700)
		s.at(700).fires().opens(2).arms(800)
	})
	t.Run("without_a_policy_messages_wait_in_memory", func(t *testing.T) {
		s := begin(t, wholes)
		s.at(0).begins().queues(1<<40, 10).written(1, 2)
		s.halfCloses().opens(1)
		s.took(1, 2)
	})
	t.Run("overflow_before_the_half_close", func(t *testing.T) {
		s := begin(t, retries(5), wholes, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().queues(60, 60, 60).written(1, 2, 3).buffered(0)
		s.halfCloses().releases(1).opens(1)
		s.pushes(1, unavailable, "0").over(1, unavailable, status.ReasonBufferExceeded)
	})
	t.Run("prepares_at_the_half_close", func(t *testing.T) {
		s := begin(t, retries(5), wholes, roomy(), prepares)
		s.at(0).begins().halfCloses().prepares(1)
		s.at(10).prepared(1).opens(1)
	})
	t.Run("deadline_before_the_half_close", func(t *testing.T) {
		s := begin(t, retries(5), wholes, roomy(), deadline(1500))
		s.at(0).begins().arms(1500).queues(10).written(1)
		s.at(1500).fires().overLocally(deadlineCode, status.ReasonDeadline,
			"the deadline of 1.5 s passed before the end of the request, which the transport waits for: nothing was sent").buffered(0)
		s.at(1600).halfCloses().queues(10).buffered(0)
	})
	t.Run("deadline_before_it_begins", func(t *testing.T) {
		s := begin(t, retries(5), wholes, deadline(0))
		s.at(0).begins().overLocally(deadlineCode, status.ReasonDeadline, "the deadline had passed before the call began: nothing was sent")
	})
	t.Run("cancel_before_the_half_close", func(t *testing.T) {
		s := begin(t, retries(5), wholes, roomy())
		s.at(0).begins().queues(10).written(1)
		s.at(5).cancels("no more").overLocally(canceled, status.ReasonCanceled, "no more").buffered(0)
	})
}

// Metadata of the attempt's own and a request that stays open.
func TestPreparedStreaming(t *testing.T) {
	t.Run("messages_while_it_prepares", func(t *testing.T) {
		s := begin(t, retries(5), streams, prepares, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().prepares(1)
		s.queues(60).written(1)
		s.at(5).queues(60).releases(1) // it is the attempt under way, if not on its way yet
		s.at(10).prepared(1).opens(1)
		s.took(1, 2).written(2)
		s.ends(1, unavailable).over(1, unavailable, status.ReasonBufferExceeded)
	})
	t.Run("overflow_in_backoff", func(t *testing.T) {
		s := begin(t, retries(5), streams, prepares, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().prepares(1)
		s.prepared(1).opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(10).queues(101)
		s.at(500).fires().releases(2).prepares(2)
		s.at(510).prepared(2).opens(2)
		s.took(2, 1).written(1)
	})
	t.Run("a_hedge_that_prepares_is_aborted_by_the_overflow", func(t *testing.T) {
		s := begin(t, hedges(2, 0), streams, prepares, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().prepares(1, 2)
		s.prepared(2).opens(2)
		s.queues(60).written(1).took(2, 1)
		s.queues(60).aborts(1).releases(2)
		s.prepared(1)
	})
}
