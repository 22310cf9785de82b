package retry

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// backoff is the sequence of bounds: initial, initial × multiplier, and so on. Each of
// them, including the first, is capped by max (SEMANTICS 1.4 V6, 2.4a).
type backoff struct {
	policy  *Policy
	current float64 // in nanoseconds; 0 before the first bound
}

// next returns the bound of the next delay and moves on.
func (b *backoff) next() float64 {
	highest := float64(b.policy.MaxBackoff)
	if b.current == 0 {
		b.current = float64(b.policy.InitialBackoff)
	}
	bound := min(b.current, highest)
	// It must not become 0, which stands for the beginning. +Inf is capped like any other.
	b.current = min(max(bound*b.policy.BackoffMultiplier, 1), highest)
	return bound
}

func (b *backoff) reset() { b.current = 0 }

// draw returns the delay for a bound. random is uniform in [0, 1).
func draw(jitter plan.Jitter, bound, random float64) plan.Duration {
	if jitter == plan.PlusMinus20 {
		bound *= 0.8 + 0.4*random
	} else {
		bound *= random
	}
	return duration(bound)
}

// duration converts nanoseconds. It saturates, where the conversion alone would wrap.
func duration(ns float64) plan.Duration {
	if ns >= float64(plan.Never) {
		return plan.Never
	}
	return plan.Duration(ns)
}

// Draw draws the delay that follows so many others in a row: the backoff that Plan keeps,
// for whoever counts himself.
func Draw(p *Policy, jitter plan.Jitter, before int, random float64) plan.Duration {
	b := backoff{policy: p}
	for range min(before, 1000) { // the bound has long reached its highest then, or its lowest
		b.next()
	}
	return draw(jitter, b.next(), random)
}
