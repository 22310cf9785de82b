package retry

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// TestRetry is the numbered scenarios, as far as the plan decides them. What the machine makes of a verdict is tested with the machine.
func TestRetry(t *testing.T) {
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"21_exhausted", testExhausted},
		{"22_code_not_listed", testNotListed},
		{"24_backoff_sequence", testBackoffSequence},
		{"25_draws_within_the_bound", testDraws},
		{"31_strikes", testStrikes},
		{"34_pushback_is_exact", testPushbackExact},
		{"35_pushback_stop", testPushbackStop},
		{"36_pushback_zero_does_not_extend_max_attempts", testPushbackZero},
		{"37_backoff_restarts_after_pushback", testBackoffRestarts},
		{"38_pushback_on_the_last_attempt", testPushbackLast},
		{"39_pushback_with_a_code_not_listed", testPushbackNotListed},
		{"40_stop_on_attempt_2", testStopOnSecond},
	} {
		t.Run(scenario.name, scenario.run)
	}
}

var (
	unavailable = outcome(status.Unavailable, plan.NoPushback)
	invalid     = outcome(status.InvalidArgument, plan.NoPushback)
)

func outcome(code status.Code, pushback plan.Pushback) plan.Outcome {
	return plan.Outcome{Status: status.New(code, ""), Pushback: pushback}
}

// planOf retries UNAVAILABLE after 1 s, 1.5 s, …, with every draw at half its bound.
func planOf(maxAttempts int) *Plan {
	p := good()
	return NewPlan(&p, maxAttempts, plan.FullJitter, always(0.5))
}

func expect(t *testing.T, p *Plan, n int, o plan.Outcome, want plan.Verdict) {
	t.Helper()
	if got := p.Failed(n, o); got != want {
		t.Errorf("attempt %d: got %+v, want %+v", n, got, want)
	}
}

func again(after, bound plan.Duration) plan.Verdict {
	return plan.Verdict{Next: plan.Again, After: after * plan.Millisecond, Bound: bound * plan.Millisecond, Strike: true}
}

func hold(strike bool, reason status.CommitReason) plan.Verdict {
	return plan.Verdict{Next: plan.Hold, Strike: strike, Reason: reason}
}

// TestPlan is what a retry plan says whatever the outcome.
func TestPlan(t *testing.T) {
	var p plan.Plan = planOf(5)
	if p.Kind() != status.KindRetry {
		t.Errorf("kind %v", p.Kind())
	}
	if _, ok := p.Started(1); ok {
		t.Error("another attempt is to begin beside a running one")
	}
}

func testExhausted(t *testing.T) {
	p := planOf(3) // the policy has 5; the channel's cap counts
	expect(t, p, 1, unavailable, again(500, 1000))
	expect(t, p, 2, unavailable, again(750, 1500))
	expect(t, p, 3, unavailable, hold(true, status.ReasonExhausted)) // the last one counts against the throttle too
}

func testNotListed(t *testing.T) {
	expect(t, planOf(5), 1, invalid, hold(false, status.ReasonFatalStatus))
}

// Strikes are listed codes and stops, of every attempt (SEMANTICS 2.3d, 2.7b).
func testStrikes(t *testing.T) {
	for _, test := range []struct {
		o    plan.Outcome
		want bool
	}{
		{unavailable, true},
		{outcome(status.Unavailable, plan.PushbackStop), true},
		{outcome(status.Unavailable, 100), true},
		{invalid, false},
		{outcome(status.InvalidArgument, 100), false},
		{outcome(status.InvalidArgument, plan.PushbackStop), true},
	} {
		for n := 1; n <= 5; n++ {
			if got := planOf(5).Failed(n, test.o).Strike; got != test.want {
				t.Errorf("%v, pushback %d, attempt %d: strike is %v", test.o.Status, test.o.Pushback, n, got)
			}
		}
	}
}

func testPushbackExact(t *testing.T) {
	expect(t, planOf(5), 1, outcome(status.Unavailable, 200), again(200, 200))
	expect(t, planOf(5), 1, outcome(status.Unavailable, 1<<31-1), again(1<<31-1, 1<<31-1)) // maxBackoff does not cap it
}

func testPushbackStop(t *testing.T) {
	expect(t, planOf(5), 1, outcome(status.Unavailable, plan.PushbackStop), hold(true, status.ReasonPushback))
	expect(t, planOf(5), 1, outcome(status.InvalidArgument, plan.PushbackStop), hold(true, status.ReasonPushback))
	// Attempts are counted first (SEMANTICS 2.3f, 2.3g).
	expect(t, planOf(5), 5, outcome(status.Unavailable, plan.PushbackStop), hold(true, status.ReasonExhausted))
}

func testPushbackZero(t *testing.T) {
	p := planOf(5)
	for n := 1; n < 5; n++ {
		expect(t, p, n, outcome(status.Unavailable, 0), again(0, 0))
	}
	expect(t, p, 5, outcome(status.Unavailable, 0), hold(true, status.ReasonExhausted))
}

func testBackoffRestarts(t *testing.T) {
	p := planOf(9)
	expect(t, p, 1, unavailable, again(500, 1000))
	expect(t, p, 2, unavailable, again(750, 1500))
	expect(t, p, 3, outcome(status.Unavailable, 123), again(123, 123))
	expect(t, p, 4, unavailable, again(500, 1000))
	expect(t, p, 5, unavailable, again(750, 1500))
}

func testPushbackLast(t *testing.T) {
	expect(t, planOf(2), 2, outcome(status.Unavailable, 200), hold(true, status.ReasonExhausted))
}

func testPushbackNotListed(t *testing.T) {
	expect(t, planOf(5), 1, outcome(status.InvalidArgument, 200), hold(false, status.ReasonFatalStatus))
}

func testStopOnSecond(t *testing.T) {
	p := planOf(5)
	expect(t, p, 1, unavailable, again(500, 1000))
	expect(t, p, 2, outcome(status.Unavailable, plan.PushbackStop), hold(true, status.ReasonPushback))
}
