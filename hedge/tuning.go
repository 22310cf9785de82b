package hedge

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// Tuning has the delay of a Policy learned from how long attempts take, and bounds how
// many hedges there are (SEMANTICS 8.5). It stands in the policy's x-hedgerow object.
type Tuning struct {
	// DelayPercentile is the least delay, as a percentile of how long attempts take: 95
	// lets a hedge begin only after what 95 % of the attempts take. Below 1 it is a
	// fraction: 0.95 means the same. It is optional and from 0 to below 100. With 0, the
	// default, MaxExtraLoad alone decides.
	DelayPercentile float64
	// MinDelay and MaxDelay bound a delay that was learned. They are optional. With 0,
	// the default, there is no bound.
	MinDelay, MaxDelay plan.Duration
	// MaxExtraLoad is how many hedges there may be for each call: 0.05 allows five
	// hedges in a hundred calls. More than 0, at most 1. Required here; the readers of
	// the service config set DefaultMaxExtraLoad if it is absent.
	MaxExtraLoad float64
}

// DefaultMaxExtraLoad is the MaxExtraLoad of a Tuning that names none.
const DefaultMaxExtraLoad = 0.05

// Validate reports every field that breaks a rule (SEMANTICS 8.5b).
func (t *Tuning) Validate(report func(field, reason string)) {
	if !(t.DelayPercentile >= 0 && t.DelayPercentile < 100) {
		report("delayPercentile", "must be 0 or more and below 100, such as 95")
	}
	if t.MinDelay < 0 {
		report("minDelay", "must not be negative")
	}
	switch {
	case t.MaxDelay < 0:
		report("maxDelay", "must not be negative")
	case t.MaxDelay > 0 && t.MaxDelay < t.MinDelay:
		report("maxDelay", "must not be less than minDelay")
	}
	if !(t.MaxExtraLoad > 0 && t.MaxExtraLoad <= 1) {
		report("maxExtraLoad", "must be more than 0 and at most 1, such as 0.05 for five hedges in a hundred calls")
	}
}

// share is the largest share of attempts that may exceed the delay, by DelayPercentile.
func (t *Tuning) share() float64 {
	if t.DelayPercentile < 1 {
		return 1 - t.DelayPercentile
	}
	return 1 - t.DelayPercentile/100
}
