package attempts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// A script says what happens to a call, and when, and what the call must ask
// for in answer:
//
//	s := begin(t, retries(3), draws(0.5))
//	s.at(0).starts().opens(1)
//	s.at(200).ends(1, unavailable).arms(700)
//	s.at(700).fires().opens(2)
//
// Instants are milliseconds since the call began. Attempts are counted from 1 in
// the order in which they begin. What is asked for must be told in full and in
// order: an action that no line expects fails the test.
type script struct {
	t        *testing.T
	settings attempts.Settings
	machine  attempts.Machine
	now      plan.Duration
	asked    []attempts.Action // and not expected yet
	observed []attempts.Event
}

// origin is what the driver's clock shows when calls begin: not at 0, so that an
// instant which is taken for a span shows.
const origin = 7000 * plan.Second

func instant(ms float64) plan.Duration { return origin + span(ms) }

func span(ms float64) plan.Duration { return plan.Duration(ms * float64(plan.Millisecond)) }

func begin(t *testing.T, options ...option) *script {
	s := &script{t: t, settings: attempts.Settings{Plan: plan.Once{}, Deadline: plan.Never, MaxAttempts: 1, Restarts: true}}
	for _, o := range options {
		o(&s.settings)
	}
	s.machine.Init(s.settings)
	t.Cleanup(s.quiet)
	return s
}

// at sets the clock for the events that follow.
func (s *script) at(ms float64) *script {
	s.now = instant(ms)
	return s
}

// event tells the machine of one thing, after all that was asked for before was expected.
func (s *script) event(tell func(m *attempts.Machine)) *script {
	s.t.Helper()
	s.quiet()
	tell(&s.machine)
	for _, a := range s.machine.Take() {
		if a.Op == attempts.Observe {
			s.observed = append(s.observed, *a.Event)
		} else {
			s.asked = append(s.asked, a)
		}
	}
	return s
}

// quiet fails for what was asked for and not expected.
func (s *script) quiet() {
	s.t.Helper()
	for _, a := range s.asked {
		s.t.Errorf("at %s: the call asks: %s; the script expects nothing more", clock(s.now), describe(a))
	}
	s.asked = nil
}

// The events.

func (s *script) starts() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) {
		m.HalfClose(s.now)
		m.Begin(s.now)
	})
}

// begins begins the call, its request open.
func (s *script) begins() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Begin(s.now) })
}

func (s *script) halfCloses() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.HalfClose(s.now) })
}

// queues adds request messages of these sizes, which include the frame prefix.
func (s *script) queues(sizes ...int64) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) {
		for _, size := range sizes {
			m.Queue(s.now, size)
		}
	})
}

func (s *script) took(n, messages int) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Took(n-1, messages) })
}

// awaits: the application waits for a message.
func (s *script) awaits() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Awaits(s.now) })
}

func (s *script) offline() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Network(s.now, false) })
}

func (s *script) online() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Network(s.now, true) })
}

func (s *script) prepared(n int) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Prepared(s.now, n-1) })
}

func (s *script) unprepared(n int, code status.Code) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Unprepared(s.now, n-1, said(n, code)) })
}

// fires is the driver's timer.
func (s *script) fires() *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Timer(s.now) })
}

// answers is a response with headers, which commits.
func (s *script) answers(n int) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) {
		if m.Head(s.now, n-1, 200) {
			m.Commit(s.now, n-1)
		}
	})
}

// ends is the end of an attempt: of its response, or Trailers-Only.
func (s *script) ends(n int, code status.Code) *script {
	s.t.Helper()
	return s.outcome(n, plan.Outcome{Status: said(n, code), Pushback: plan.NoPushback})
}

// pushes is a Trailers-Only end that carries pushback.
func (s *script) pushes(n int, code status.Code, pushback string) *script {
	s.t.Helper()
	return s.outcome(n, plan.Outcome{Status: said(n, code), Pushback: pushbackOf(pushback)})
}

func (s *script) notSent(n int) *script { s.t.Helper(); return s.stopped(n, plan.NotSent) }
func (s *script) refused(n int) *script { s.t.Helper(); return s.stopped(n, plan.Refused) }
func (s *script) dropped(n int) *script { s.t.Helper(); return s.stopped(n, plan.Dropped) }

func (s *script) stopped(n int, how plan.Progress) *script {
	s.t.Helper()
	return s.outcome(n, plan.Outcome{Status: said(n, unavailable), Pushback: plan.NoPushback, Progress: how})
}

func (s *script) outcome(n int, o plan.Outcome) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Ended(s.now, n-1, o) })
}

// cancels is the caller's cancel, or what ends a call for its channel.
func (s *script) cancels(text string) *script {
	s.t.Helper()
	return s.event(func(m *attempts.Machine) { m.Finish(s.now, status.New(status.Canceled, text), status.ReasonCanceled) })
}

// said is the status of an attempt, which its message names.
func said(n int, code status.Code) *status.Status {
	return status.New(code, fmt.Sprintf("said attempt %d", n))
}

// What the call must ask for.

func (s *script) expect(want attempts.Action) *script {
	s.t.Helper()
	if len(s.asked) == 0 {
		s.t.Errorf("at %s: want: %s; the call asks for nothing more", clock(s.now), describe(want))
		return s
	}
	if got := s.asked[0]; got != want {
		s.t.Errorf("at %s: the call asks: %s; want: %s", clock(s.now), describe(got), describe(want))
	}
	s.asked = s.asked[1:]
	return s
}

func (s *script) each(op attempts.Op, which []int) *script {
	s.t.Helper()
	for _, n := range which {
		s.expect(attempts.Action{Op: op, Attempt: n - 1})
	}
	return s
}

func (s *script) opens(which ...int) *script { s.t.Helper(); return s.each(attempts.Open, which) }
func (s *script) prepares(which ...int) *script {
	s.t.Helper()
	return s.each(attempts.Prepare, which)
}

func (s *script) aborts(which ...int) *script { s.t.Helper(); return s.each(attempts.Abort, which) }

func (s *script) releases(n int) *script { s.t.Helper(); return s.each(attempts.Release, []int{n}) }

func (s *script) header(n int) *script { s.t.Helper(); return s.each(attempts.Head, []int{n}) }

// written expects that the application need not wait any longer for this many messages.
func (s *script) written(messages ...int) *script {
	s.t.Helper()
	for _, n := range messages {
		s.expect(attempts.Action{Op: attempts.Written, Messages: n})
	}
	return s
}

// warns: the exchange seems stuck.
func (s *script) warns() *script { s.t.Helper(); return s.expect(attempts.Action{Op: attempts.Warn}) }

// arms: the timer is to fire at the instant.
func (s *script) arms(ms float64) *script {
	s.t.Helper()
	return s.expect(attempts.Action{Op: attempts.Timer, At: instant(ms)})
}

func (s *script) disarms() *script {
	s.t.Helper()
	return s.expect(attempts.Action{Op: attempts.Timer, At: plan.Never})
}

// over: the call ends with attempt n's own status.
func (s *script) over(n int, code status.Code, reason status.CommitReason) *script {
	s.t.Helper()
	s.expect(attempts.Action{Op: attempts.End, Attempt: n - 1})
	return s.outcomeIs(code, reason, fmt.Sprintf("said attempt %d", n))
}

// overLocally: the call ends with a status of the client's own, which says the text.
func (s *script) overLocally(code status.Code, reason status.CommitReason, text string) *script {
	s.t.Helper()
	s.expect(attempts.Action{Op: attempts.End, Attempt: -1, Drop: true})
	return s.outcomeIs(code, reason, text)
}

func (s *script) outcomeIs(code status.Code, reason status.CommitReason, text string) *script {
	s.t.Helper()
	if st := s.machine.Status(); st == nil || st.Code != code || !strings.Contains(st.Message, text) {
		s.t.Errorf("at %s: the call ended with %v; want %v: %s", clock(s.now), st, code, text)
	}
	if got := s.machine.Reason(); got != reason {
		s.t.Errorf("at %s: the commit reason is %v; want %v", clock(s.now), got, reason)
	}
	return s
}

// tokens are those in the throttle's bucket.
func (s *script) tokens(want float64) *script {
	s.t.Helper()
	if got, _ := s.settings.Throttle.Tokens(); got != want {
		s.t.Errorf("at %s: the throttle has %v tokens; want %v", clock(s.now), got, want)
	}
	return s
}

// buffered checks how many bytes all calls of the channel keep for replay.
func (s *script) buffered(want int64) *script {
	s.t.Helper()
	if got := s.settings.Quota.Used(); got != want {
		s.t.Errorf("at %s: %d bytes are buffered; want %d", clock(s.now), got, want)
	}
	return s
}

// numbered: the attempts' numbers, in the order in which they began.
func (s *script) numbered(want ...int) *script {
	s.t.Helper()
	var got []int
	for _, r := range s.machine.Records() {
		got = append(got, r.Number)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("at %s: the attempts' numbers are %v; want %v", clock(s.now), got, want)
	}
	return s
}
