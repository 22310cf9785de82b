package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

func TestDeadline(t *testing.T) {
	for name, at := range map[string]float64{"41_past": -1, "41_now": 0} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, retries(5), deadline(at))
			s.at(0).starts().overLocally(deadlineCode, status.ReasonDeadline, "nothing was sent")
		})
	}
	t.Run("42_within_a_pushback", func(t *testing.T) {
		s := begin(t, retries(5), deadline(500))
		s.at(0).starts().opens(1).arms(500)
		s.at(10).pushes(1, unavailable, "10000")
		s.at(499).fires().arms(500)
		s.at(500).fires().overLocally(deadlineCode, status.ReasonDeadline,
			"the deadline of 500 ms passed while waiting to begin attempt 2; attempt 1 had failed with UNAVAILABLE: said attempt 1")
	})
	t.Run("42_within_an_attempt", func(t *testing.T) {
		s := begin(t, retries(5), deadline(1500))
		s.at(0).starts().opens(1).arms(1500)
		s.at(1500).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "the deadline of 1.5 s passed during attempt 1")
	})
	t.Run("42_text_of_microseconds", func(t *testing.T) {
		s := begin(t, deadline(1.05))
		s.at(0).starts().opens(1).arms(1.05)
		s.at(1.05).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "the deadline of 1.05 ms passed")
	})
	t.Run("42_after_commit", func(t *testing.T) {
		s := begin(t, retries(5), deadline(500))
		s.at(0).starts().opens(1).arms(500)
		s.at(10).answers(1).releases(1).header(1)
		s.at(500).fires().aborts(1).overLocally(deadlineCode, status.ReasonResponseHeaders, "during attempt 1")
	})
	t.Run("43_servers_own_deadline_is_an_ordinary_code", func(t *testing.T) {
		s := begin(t, retries(5), listed(deadlineCode), deadline(500))
		s.at(0).starts().opens(1).arms(500)
		s.at(100).pushes(1, deadlineCode, "0").opens(2)
		s.at(500).fires().aborts(2).overLocally(deadlineCode, status.ReasonDeadline, "during attempt 2")
	})
	t.Run("45_cancel_in_backoff", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(10).cancels("the caller canceled").disarms().overLocally(canceled, status.ReasonCanceled, "the caller canceled")
		s.at(500).fires() // too late: nothing
	})
	t.Run("46_close_in_backoff", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(0).pushes(1, unavailable, "30000").arms(30_000)
		s.at(10).cancels("the channel was closed").disarms().overLocally(canceled, status.ReasonCanceled, "the channel was closed")
	})
	t.Run("47_cancel_before_start", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).cancels("already canceled").overLocally(canceled, status.ReasonCanceled, "already canceled")
		s.cancels("again")
	})
	t.Run("48_servers_cancelled_after_our_deadline", func(t *testing.T) {
		s := begin(t, retries(5), deadline(500))
		s.at(0).starts().opens(1).arms(500)
		s.at(501).ends(1, canceled).aborts(1).disarms().overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1")
	})
	t.Run("48_any_word_after_our_deadline", func(t *testing.T) {
		for name, late := range map[string]func(*script) *script{
			"head":    func(s *script) *script { return s.answers(1) },
			"ok":      func(s *script) *script { return s.ends(1, ok) },
			"awaited": func(s *script) *script { return s.awaits() },
			"network": func(s *script) *script { return s.online() },
			"ready":   func(s *script) *script { return s.prepared(1) },
			"unready": func(s *script) *script {
				return s.unprepared(1, unavailable)
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := begin(t, retries(5), deadline(500))
				s.at(0).starts().opens(1).arms(500)
				late(s.at(600)).aborts(1).disarms().overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1")
			})
		}
	})
	t.Run("50_cancel_and_start_of_an_attempt", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).cancels("just now").disarms().overLocally(canceled, status.ReasonCanceled, "just now")
		s.at(500).fires()

		s = begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).fires().opens(2)
		s.at(500).cancels("just now").aborts(2).overLocally(canceled, status.ReasonCanceled, "just now")
		s.at(500).ends(2, ok)
	})
	t.Run("the_earlier_of_retry_and_deadline_is_armed", func(t *testing.T) {
		s := begin(t, retries(5), deadline(800))
		s.at(0).starts().opens(1).arms(800)
		s.at(100).ends(1, unavailable).arms(600)
		s.at(600).fires().opens(2).arms(800)
		s.at(700).ends(2, unavailable) // the next would begin at 1700
		s.at(800).fires().overLocally(deadlineCode, status.ReasonDeadline, "attempt 2 had failed")
	})
}

func TestAfter(t *testing.T) {
	for _, c := range []struct{ at, span, want plan.Duration }{
		{5, 7, 12},
		{0, plan.Never, plan.Never},
		{origin, plan.Never, plan.Never},
		{plan.Never - 5, 5, plan.Never},
		{plan.Never - 5, 6, plan.Never},
		{origin, -plan.Second, origin - plan.Second},
	} {
		if got := c.at.After(c.span); got != c.want {
			t.Errorf("%d after %d is %d; want %d", c.span, c.at, got, c.want)
		}
	}
}

// What a driver asks of a call and of the machine on behalf of its exchanges.
func TestDriversView(t *testing.T) {
	s := begin(t, retries(5), deadline(500))
	s.at(100).starts().opens(1).arms(500)
	s.event(func(m *attempts.Machine) { m.Read(0) }).expect(attempts.Action{Op: attempts.Read})
	s.event(func(m *attempts.Machine) { m.Inflate(0, 70) }).expect(attempts.Action{Op: attempts.Inflate, Limit: 70})
	s.event(func(m *attempts.Machine) { m.Discard(0) }).aborts(1)
	if m := &s.machine; m.Number(0) != 1 || m.Deadline() != instant(500) || m.Begun() != instant(100) || m.Over() || !m.Live(0) || m.WaitsForReady() || m.Replays() || m.Streams() || m.Record(0).Number != 1 {
		t.Error("the driver's view is wrong")
	}
}

// Attempts counts transparent restarts; the policy's allowance does not.
func TestHowMany(t *testing.T) {
	s := begin(t, retries(2))
	view := func(attempts int, may bool) {
		t.Helper()
		if m := &s.machine; m.Attempts() != attempts || m.MayRepeat() != may {
			t.Errorf("%d attempts, another may be made %v; want %d, %v", m.Attempts(), m.MayRepeat(), attempts, may)
		}
	}
	view(0, true)
	s.at(0).starts().opens(1)
	view(1, true)
	s.notSent(1).opens(2)
	view(2, true)
	s.pushes(2, unavailable, "0").opens(3)
	view(3, false)
	if once := begin(t).starts().opens(1); once.machine.MayRepeat() {
		t.Error("a call without a policy is tried again")
	}
}
