package attempts_test

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/endpoints"
)

// pool is that of three endpoints, "a", "b" and "c".
func pool() *endpoints.Pool {
	return endpoints.New([]string{"a", "b", "c"})
}

func sentTo(p *endpoints.Pool, usual *float32) option {
	return func(s *attempts.Settings) { s.Endpoints, s.Usual = p, usual }
}

// went: where the attempts were sent, in the order in which they began.
func (s *script) went(want string) *script {
	s.t.Helper()
	got := ""
	for id, r := range s.machine.Records() {
		got += r.Endpoint
		if p := s.settings.Endpoints; p.URL(s.machine.Endpoint(id)) != r.Endpoint {
			s.t.Errorf("attempt %d is recorded as sent to %s, and goes to endpoint %d", id+1, r.Endpoint, s.machine.Endpoint(id))
		}
	}
	if got != want {
		s.t.Errorf("at %s: the attempts went to %q; want %q", clock(s.now), got, want)
	}
	return s
}

// next is where a call without a policy would go.
func next(t *testing.T, p *endpoints.Pool, want string) {
	t.Helper()
	s := begin(t, sentTo(p, nil)).at(1000).starts().opens(1).went(want)
	s.cancels("").aborts(1).overLocally(status.Canceled, status.ReasonCanceled, "")
}

// failsWith is the end of an attempt with this HTTP status.
func (s *script) failsWith(n, httpStatus int, code status.Code) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) {
		m.Head(s.now, n-1, httpStatus)
		m.Ended(s.now, n-1, plan.Outcome{Status: said(n, code), Pushback: plan.NoPushback})
	})
}

// SEMANTICS 8.6b.
func TestEndpoints(t *testing.T) {
	t.Run("158_a_retry_goes_to_another_endpoint", func(t *testing.T) {
		s := begin(t, retries(4), sentTo(pool(), new(float32)))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unavailable).arms(510)
		s.at(510).fires().opens(2)
		s.at(520).ends(2, unavailable).arms(1520)
		s.at(1520).fires().opens(3)
		s.at(1530).answers(3).releases(3).header(3).ends(3, ok).over(3, ok, status.ReasonResponseHeaders).went("abc")
	})
	t.Run("158_a_hedge_too_and_all_is_told", func(t *testing.T) {
		p := pool()
		s := begin(t, hedges(3, 100), sentTo(p, new(float32)), observed)
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(200).fires().opens(3)
		s.at(250).answers(2).aborts(1, 3).releases(2).header(2).ends(2, ok).over(2, ok, status.ReasonResponseHeaders).went("abc")
		told := ""
		for _, e := range s.observed {
			if e.Kind == attempts.AttemptStarted {
				told += e.Message
			}
		}
		if told != "abc" {
			t.Errorf("observers are told of %q", told)
		}
	})
	t.Run("159_a_restart_goes_elsewhere_unless_it_is_a_trial", func(t *testing.T) {
		s := begin(t, retries(2), sentTo(pool(), nil))
		s.at(0).starts().opens(1)
		s.at(10).notSent(1).opens(2).went("ab")
		s.at(20).event(func(m *attempts.Machine) { m.Stay() }).notSent(2).opens(3).went("abb")
		s.at(30).notSent(3).opens(4).went("abbc")
		s.at(40).cancels("").aborts(4).overLocally(status.Canceled, status.ReasonCanceled, "")
	})
	t.Run("160_a_refused_attempt_is_sent_again_to_where_it_was_refused", func(t *testing.T) {
		c := credentials()
		s := begin(t, retries(2), refreshing(c), sentTo(pool(), nil))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unauthenticated).refresh()
		succeeds(t, c)
		s.at(20).refreshed().opens(2).went("aa")
		s.at(30).cancels("").aborts(2).overLocally(status.Canceled, status.ReasonCanceled, "")
	})
}

func events(all ...func(s *script)) []func(s *script) { return all }

// SEMANTICS 8.6c.
func TestWhatFails(t *testing.T) {
	answers := func(s *script) { s.answers(1) }
	for name, c := range map[string]struct {
		fails  bool
		events []func(s *script)
	}{
		"no response":             {true, events(func(s *script) { s.ends(1, unavailable) })},
		"HTTP status 500":         {true, events(func(s *script) { s.failsWith(1, 500, status.Unknown) })},
		"an application's status": {false, events(func(s *script) { s.failsWith(1, 200, status.NotFound) })},
		"HTTP status 404":         {false, events(func(s *script) { s.failsWith(1, 404, status.Unimplemented) })},
		"a cancel":                {false, events(func(s *script) { s.cancels("") })},
		"the page being left":     {false, events(func(s *script) { s.outcome(1, plan.Outcome{Status: said(1, status.Canceled), Progress: plan.Dropped}) })},
		"a page offline":          {false, events(func(s *script) { s.offline() }, func(s *script) { s.ends(1, unavailable) })},
		"an answer":               {false, events(answers, func(s *script) { s.ends(1, ok) })},
		"a connection lost after the commit": {true, events(answers, func(s *script) {
			s.outcome(1, plan.Outcome{Status: said(1, status.Unknown), Pushback: plan.NoPushback, Progress: plan.Lost})
		})},
		"an application's UNKNOWN after the commit": {false, events(answers, func(s *script) { s.ends(1, status.Unknown) })},
	} {
		t.Run("161_"+strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			p := pool()
			s := begin(t, sentTo(p, new(float32)))
			s.at(0).starts().opens(1).at(10)
			for _, event := range c.events {
				event(s)
				s.asked = nil // which other tests look at
			}
			want := "a"
			if c.fails {
				want = "b"
			}
			next(t, p, want)
		})
	}
	t.Run("151_a_deadline", func(t *testing.T) {
		p := pool()
		s := begin(t, sentTo(p, new(float32)), deadline(100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "")
		next(t, p, "b")
	})
	t.Run("151_a_deadline_without_a_network", func(t *testing.T) {
		p := pool()
		s := begin(t, sentTo(p, new(float32)), deadline(100))
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "")
		next(t, p, "a")
	})
	t.Run("162_silence_which_the_status_says_of_whom", func(t *testing.T) {
		p := pool()
		s := begin(t, retries(2), silentAfter(1000), sentTo(p, nil))
		s.at(0).starts().opens(1).arms(1000)
		s.at(1000).fires().aborts(1).arms(1500)
		s.at(1500).fires().opens(2).arms(2500)
		s.at(2500).fires().aborts(2)
		s.expect(attempts.Action{Op: attempts.End, Attempt: 1}).outcomeIs(unavailable, status.ReasonExhausted, "attempt 2: nothing arrived within 1 s from b")
		next(t, p, "c")
	})
}
