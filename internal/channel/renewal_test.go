package channel

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// SEMANTICS 8.4a, 8.4b, 8.4d. The jitter draws a half: the first backoff is 0.5 s.
func TestRenew(t *testing.T) {
	const method = "/a.Retried/M"
	ch := open(t, policies)
	for path, can := range map[string]bool{method: true, "/a.Hedged/M": false, "/a.Other/M": false} {
		if ch.Resumable(path) != can {
			t.Errorf("%s can be resumed: %v", path, !can)
		}
	}
	for _, c := range []struct {
		what     string
		method   string
		code     status.Code
		lost     bool
		failures int
		again    bool
		after    plan.Duration
		tokens   float64 // of 10
	}{
		{"a code that is listed", method, status.Unavailable, false, 0, true, plan.Second / 2, 10},
		{"the second in a row", method, status.Unavailable, false, 1, true, plan.Second, 10},
		{"the tenth in a row", method, status.Unavailable, false, 9, true, 5 * plan.Second / 2, 10},
		{"a code that is not listed", method, status.Internal, false, 0, false, 0, 10},
		{"the end", method, status.OK, false, 0, false, 0, 10},
		{"the end, lost or not", method, status.OK, true, 0, false, 0, 10},
		{"a connection that was lost", method, status.Unknown, true, 0, true, plan.Second / 2, 9},
		{"no policy", "/a.Other/M", status.Unavailable, false, 0, false, 0, 10},
		{"no policy, lost or not", "/a.Other/M", status.Unavailable, true, 0, false, 0, 10},
	} {
		ch := open(t, policies)
		after, again := ch.Renew(0, c.method, c.code, c.lost, c.failures)
		tokens, _ := ch.Throttle().Tokens()
		if after != c.after || again != c.again || tokens != c.tokens {
			t.Errorf("%s: %v after %d ns, %v tokens", c.what, again, after, tokens)
		}
	}
	for n := range 6 { // of 10 tokens no more than half may be gone
		after, again := ch.Renew(0, method, status.Unknown, true, 0)
		if want := []plan.Duration{plan.Second / 2, 5 * plan.Second}[n/4]; !again || after != want {
			t.Errorf("lost connection %d: %v after %d ns; want %d", n+1, again, after, want)
		}
	}
}

// SEMANTICS 8.7a, 8.7b, 8.7e: a budget begins with one; here ten calls earn one, or ten
// seconds.
func TestRenewalIsPaid(t *testing.T) {
	const config = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s", "maxBackoff": "5s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}], "x-hedgerow": {"retryBudget": {"ratio": 0.1, "minPerSecond": 0.1}}}`
	wait := func(ch *Channel, now, want plan.Duration) {
		t.Helper()
		if after, again := ch.Renew(now, "/a.S/M", status.Unavailable, false, 0); !again || after != want {
			t.Errorf("at %d ns: %v after %d ns; want %d", now, again, after, want)
		}
	}
	const paid, unpaid = plan.Second / 2, 5 * plan.Second
	ch := open(t, config, func(o *Options) { o.KeepsState = true })
	wait(ch, 0, paid)
	wait(ch, 0, unpaid)
	kept, _ := ch.Save()
	for range 9 {
		ch.Budget().Earn(0)
	}
	wait(ch, 0, unpaid)
	ch.Budget().Earn(0)
	wait(ch, 0, paid)
	ch.Budget().Won()
	wait(ch, 9*plan.Second, unpaid)
	wait(ch, 10*plan.Second, paid)

	wait(open(t, config), 0, paid)
	wait(open(t, config, func(o *Options) { o.KeepsState, o.State = true, kept }), 0, unpaid)
}
