package hedgesim

import (
	"math"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/hedge"
)

// None hedges nothing.
type None struct{}

// Plan makes one attempt.
func (None) Plan() (plan.Plan, plan.Pacer) { return plan.Once{}, nil }

// Ended learns nothing.
func (None) Ended(plan.Duration) {}

// Fixed hedges after a delay that never changes, as a hedgingPolicy without tuning does.
type Fixed struct{ policy hedge.Policy }

// After makes the rule of a fixed delay in milliseconds.
func After(ms float64) *Fixed {
	return &Fixed{hedge.Policy{MaxAttempts: 2, HedgingDelay: span(ms)}}
}

// Plan hedges once.
func (f *Fixed) Plan() (plan.Plan, plan.Pacer) { return hedge.NewPlan(&f.policy, 2), nil }

// Ended learns nothing.
func (f *Fixed) Ended(plan.Duration) {}

// Tuned is Hedgerow's rule.
type Tuned struct {
	policy hedge.Policy
	tuner  *hedge.Tuner
}

// Tune makes Hedgerow's rule, with at most this many hedges for each call.
func Tune(maxExtraLoad float64) *Tuned {
	return &Tuned{tuner: hedge.NewTuner(), policy: hedge.Policy{
		MaxAttempts: 2, HedgingDelay: span(10), Tuning: &hedge.Tuning{MaxExtraLoad: maxExtraLoad},
	}}
}

// Plan hedges once, when the tuner says.
func (t *Tuned) Plan() (plan.Plan, plan.Pacer) {
	p := hedge.NewTuned(&t.policy, 2, t.tuner)
	return p, p
}

// Ended learns nothing: the tuner learns from attempts.
func (t *Tuned) Ended(plan.Duration) {}

// Percentile is the rule of "The Tail at Scale" (Dean and Barroso, 2013): hedge what
// takes longer than 95 % of the calls do, here of the last thousand.
type Percentile struct {
	Fixed
	took  [1000]plan.Duration
	calls int
}

// Ended learns from the call.
func (p *Percentile) Ended(took plan.Duration) {
	p.took[p.calls%len(p.took)] = took
	if p.calls++; p.calls%100 == 0 {
		sorted := slices.Clone(p.took[:min(p.calls, len(p.took))])
		slices.Sort(sorted)
		p.policy.HedgingDelay = sorted[int(math.Ceil(0.95*float64(len(sorted))))-1]
	}
}
