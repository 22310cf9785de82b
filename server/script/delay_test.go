package script

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

var (
	fixed    = &chaosv1.Delay{Distribution: &chaosv1.Delay_FixedMs{FixedMs: 70}}
	uniform  = &chaosv1.Delay{Distribution: &chaosv1.Delay_Uniform{Uniform: &chaosv1.Uniform{MinMs: 10, MaxMs: 20}}}
	falling  = &chaosv1.Delay{Distribution: &chaosv1.Delay_Exponential{Exponential: &chaosv1.Exponential{MeanMs: 50, MaxMs: 400}}}
	slowTail = &chaosv1.Delay{Distribution: &chaosv1.Delay_SlowTail{SlowTail: &chaosv1.SlowTail{Usual: uniform, Slow: fixed, Probability: 0.1}}}
)

func TestDrawIsRepeatable(t *testing.T) {
	for _, d := range []*chaosv1.Delay{uniform, falling, slowTail} {
		want(t, "the same three inputs", draw(d, newRand(1, "id", 1)), draw(d, newRand(1, "id", 1)))
	}
	first := draw(uniform, newRand(1, "id", 1))
	for what, other := range map[string]time.Duration{
		"seed": draw(uniform, newRand(2, "id", 1)), "call id": draw(uniform, newRand(1, "other", 1)), "attempt": draw(uniform, newRand(1, "id", 2)),
	} {
		want(t, "same delay for another "+what, other == first, false)
	}
}

func TestDrawFollowsItsDistribution(t *testing.T) {
	const n = 10_000
	for _, test := range []struct {
		name              string
		delay             *chaosv1.Delay
		low, high         time.Duration
		meanLow, meanHigh time.Duration
	}{
		{"none", nil, 0, 0, 0, 0},
		{"fixed", fixed, 70 * time.Millisecond, 70 * time.Millisecond, 70 * time.Millisecond, 70 * time.Millisecond},
		{"uniform", uniform, 10 * time.Millisecond, 20 * time.Millisecond, 14 * time.Millisecond, 16 * time.Millisecond},
		{"exponential", falling, 0, 400 * time.Millisecond, 47 * time.Millisecond, 53 * time.Millisecond},
		{"slow tail", slowTail, 10 * time.Millisecond, 70 * time.Millisecond, 19 * time.Millisecond, 22 * time.Millisecond},
	} {
		random, sum := newRand(7, test.name, 1), time.Duration(0)
		for range n {
			d := draw(test.delay, random)
			if d < test.low || d > test.high {
				t.Fatalf("%s: drew %v, outside %v to %v", test.name, d, test.low, test.high)
			}
			sum += d
		}
		if mean := sum / n; mean < test.meanLow || mean > test.meanHigh {
			t.Errorf("%s: mean %v, not in %v to %v", test.name, mean, test.meanLow, test.meanHigh)
		}
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		want(t, "error", sleep(t.Context(), time.Hour), nil)
		want(t, "slept", time.Since(begin), time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		want(t, "error", sleep(ctx, time.Hour), context.DeadlineExceeded)
		want(t, "slept in all", time.Since(begin), time.Hour+time.Minute)
		want(t, "error of no delay", sleep(ctx, 0), context.DeadlineExceeded)
	})
}
