package hedge

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// TestHedge is the numbered scenarios, as far as the plan decides them. What the machine makes of a verdict is tested with the machine.
func TestHedge(t *testing.T) {
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"13_every_failure_fatal_without_a_list", testNoList},
		{"69_no_delay", testNoDelay},
		{"70_cadence", testCadence},
		{"71_exhausted", testExhausted},
		{"72_next_hedge_at_once", testNonFatal},
		{"73_fatal_code", testFatal},
		{"74_75_pushback_replaces_the_delay", testPushback},
		{"76_77_pushback_stop", testPushbackStop},
	} {
		t.Run(scenario.name, scenario.run)
	}
}

// planOf hedges every half second; UNAVAILABLE is not fatal.
func planOf(maxAttempts int) *Plan {
	return NewPlan(&Policy{MaxAttempts: 5, HedgingDelay: 500 * plan.Millisecond, NonFatalStatusCodes: status.Codes(status.Unavailable)}, maxAttempts)
}

func expect(t *testing.T, p *Plan, n int, code status.Code, pushback plan.Pushback, want plan.Verdict) {
	t.Helper()
	if got := p.Failed(n, plan.Outcome{Status: status.New(code, ""), Pushback: pushback}); got != want {
		t.Errorf("attempt %d: got %+v, want %+v", n, got, want)
	}
}

func again(after plan.Duration) plan.Verdict {
	return plan.Verdict{Next: plan.Again, After: after * plan.Millisecond, Strike: true}
}

func testNoList(t *testing.T) {
	p := NewPlan(&Policy{MaxAttempts: 5}, 5)
	for code := status.Canceled; code <= status.MaxCode; code++ {
		expect(t, p, 1, code, plan.NoPushback, plan.Verdict{Next: plan.Fatal, Reason: status.ReasonFatalStatus})
	}
}

func testNoDelay(t *testing.T) {
	p := NewPlan(&Policy{MaxAttempts: 3}, 3)
	for n, more := range map[int]bool{1: true, 2: true, 3: false} {
		if d, ok := p.Started(n); d != 0 || ok != more {
			t.Errorf("after attempt %d: %d, %v", n, d, ok)
		}
	}
}

func testCadence(t *testing.T) {
	var p plan.Plan = planOf(4) // the policy has 5; the channel's cap counts
	if p.Kind() != status.KindHedge {
		t.Errorf("kind %v", p.Kind())
	}
	for n := 1; n <= 3; n++ {
		if d, ok := p.Started(n); d != 500*plan.Millisecond || !ok {
			t.Errorf("after attempt %d: %d, %v", n, d, ok)
		}
	}
	if _, ok := p.Started(4); ok {
		t.Error("a fifth attempt is to begin")
	}
}

func testExhausted(t *testing.T) {
	expect(t, planOf(3), 3, status.Unavailable, plan.NoPushback, plan.Verdict{Next: plan.Hold, Strike: true, Reason: status.ReasonExhausted})
	expect(t, planOf(3), 3, status.Unavailable, 100, plan.Verdict{Next: plan.Hold, Strike: true, Reason: status.ReasonExhausted})
}

func testNonFatal(t *testing.T) {
	expect(t, planOf(5), 1, status.Unavailable, plan.NoPushback, again(0))
	expect(t, planOf(5), 4, status.Unavailable, plan.NoPushback, again(0))
}

// A fatal code takes no token unless the server says stop as well (SEMANTICS 3.3c).
func testFatal(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		expect(t, planOf(5), n, status.Internal, plan.NoPushback, plan.Verdict{Next: plan.Fatal, Reason: status.ReasonFatalStatus})
		expect(t, planOf(5), n, status.Internal, 100, plan.Verdict{Next: plan.Fatal, Reason: status.ReasonFatalStatus})
		expect(t, planOf(5), n, status.Internal, plan.PushbackStop, plan.Verdict{Next: plan.Fatal, Strike: true, Reason: status.ReasonFatalStatus})
	}
}

func testPushback(t *testing.T) {
	expect(t, planOf(5), 1, status.Unavailable, 100, again(100))
	expect(t, planOf(5), 1, status.Unavailable, 0, again(0))
	expect(t, planOf(5), 2, status.Unavailable, 10_000, again(10_000))
}

func testPushbackStop(t *testing.T) {
	expect(t, planOf(5), 2, status.Unavailable, plan.PushbackStop, plan.Verdict{Next: plan.Hold, Strike: true, Reason: status.ReasonPushback})
}
