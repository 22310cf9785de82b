package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

func (s *script) settles(n int, code status.Code) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) {
		m.Settled(s.now, n-1, plan.Outcome{Status: said(n, code), Pushback: plan.NoPushback})
	})
}

func (s *script) lingers(n int) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Linger(s.now, n-1) })
}

// An attempt whose status is known, but whose body has not ended (SEMANTICS 5.2k).
func TestSettled(t *testing.T) {
	t.Run("the_end_of_the_body_is_awaited_a_little", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.answers(1).releases(1).header(1)
		s.at(10).settles(1, ok).lingers(1).expect(attempts.Action{Op: attempts.Timer, At: instant(110), Patient: true})
		s.at(50).lingers(1) // it is awaited already
		s.at(110).fires().aborts(1).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("nobody_waits_for_it", func(t *testing.T) {
		s := begin(t)
		s.at(0).starts().opens(1)
		s.lingers(1) // nothing is known yet
		s.settles(1, ok)
		s.ends(1, ok).releases(1).header(1).over(1, ok, status.ReasonResponseHeaders)
		s.settles(1, ok).lingers(1)
	})
	t.Run("more_of_the_body_comes", func(t *testing.T) {
		s := begin(t)
		s.at(0).starts().opens(1)
		s.answers(1).releases(1).header(1)
		s.settles(1, ok)
		s.event(func(m *attempts.Machine) { m.Unsettled(0) })
		s.lingers(1)
		s.cancels("enough").aborts(1).overLocally(canceled, status.ReasonResponseHeaders, "enough")
	})
	t.Run("a_cancel_does_not_replace_it", func(t *testing.T) {
		s := begin(t)
		s.at(0).starts().opens(1)
		s.answers(1).releases(1).header(1)
		s.settles(1, ok)
		s.cancels("enough").aborts(1).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("a_status_that_comes_after_the_deadline_is_too_late", func(t *testing.T) {
		s := begin(t, deadline(100))
		s.at(0).starts().opens(1).arms(100)
		s.answers(1).releases(1).header(1)
		s.at(101).settles(1, ok).aborts(1).disarms().overLocally(deadlineCode, status.ReasonResponseHeaders, "during attempt 1")
	})
	t.Run("nor_does_the_deadline", func(t *testing.T) {
		s := begin(t, deadline(100))
		s.at(0).starts().opens(1).arms(100)
		s.answers(1).releases(1).header(1)
		s.settles(1, invalidArgument)
		s.at(100).fires().aborts(1).over(1, invalidArgument, status.ReasonResponseHeaders)
	})
}
