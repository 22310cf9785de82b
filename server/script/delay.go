package script

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// newRand returns a source that draws the same numbers for the same seed, call id and attempt, so that a script replays exactly.
func newRand(seed uint64, callID string, attempt uint32) *rand.Rand {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(callID)) // It never fails.
	return rand.New(rand.NewPCG(seed, hash.Sum64()+uint64(attempt)))
}

// draw draws how long to wait. A nil delay is no wait.
func draw(d *chaosv1.Delay, r *rand.Rand) time.Duration {
	switch d := d.GetDistribution().(type) {
	case *chaosv1.Delay_FixedMs:
		return milliseconds(d.FixedMs)
	case *chaosv1.Delay_Uniform:
		low, high := milliseconds(d.Uniform.GetMinMs()), milliseconds(d.Uniform.GetMaxMs())
		return low + time.Duration(r.Int64N(int64(high-low)+1))
	case *chaosv1.Delay_Exponential:
		drawn := time.Duration(r.ExpFloat64() * float64(milliseconds(d.Exponential.GetMeanMs())))
		if most := milliseconds(d.Exponential.GetMaxMs()); most > 0 {
			drawn = min(drawn, most)
		}
		return drawn
	case *chaosv1.Delay_SlowTail:
		if r.Float64() < d.SlowTail.GetProbability() {
			return draw(d.SlowTail.GetSlow(), r)
		}
		return draw(d.SlowTail.GetUsual(), r)
	}
	return 0
}

func milliseconds(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }

// checkDelay says what is wrong with a delay, after the path to it within the delay, and is empty if nothing is. depth is how many
// slow_tail the delay is nested in.
func checkDelay(d *chaosv1.Delay, depth int) (problem string) {
	switch d := d.GetDistribution().(type) {
	case *chaosv1.Delay_Uniform:
		if low, high := d.Uniform.GetMinMs(), d.Uniform.GetMaxMs(); low > high {
			return fmt.Sprintf(".uniform: max_ms is %d, below min_ms, %d; swap them", high, low)
		}
	case *chaosv1.Delay_SlowTail:
		if depth == maxNesting {
			return fmt.Sprintf(": slow_tail is nested deeper than %d", maxNesting)
		}
		if p := d.SlowTail.GetProbability(); !(p >= 0 && p <= 1) { // Written like this, the check refuses NaN too.
			return fmt.Sprintf(".slow_tail.probability is %v; give a number from 0 to 1", p)
		}
		if problem := checkDelay(d.SlowTail.GetUsual(), depth+1); problem != "" {
			return ".slow_tail.usual" + problem
		}
		if problem := checkDelay(d.SlowTail.GetSlow(), depth+1); problem != "" {
			return ".slow_tail.slow" + problem
		}
	}
	return ""
}

// sleep waits for d. If ctx ends first, it returns the context's error at once.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
