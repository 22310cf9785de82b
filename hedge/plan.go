package hedge

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Plan applies a Policy to one call.
type Plan struct {
	policy      *Policy
	maxAttempts int
}

// NewPlan makes the plan of one call. maxAttempts is the policy's, but no more than the
// channel allows.
func NewPlan(p *Policy, maxAttempts int) *Plan {
	return &Plan{policy: p, maxAttempts: maxAttempts}
}

// Kind returns KindHedge, the kind of the attempts after the first.
func (p *Plan) Kind() status.AttemptKind { return status.KindHedge }

// Started begins the next attempt after the delay (SEMANTICS 3.2c).
func (p *Plan) Started(n int) (plan.Duration, bool) {
	return p.policy.HedgingDelay, n < p.maxAttempts
}

// Failed follows SEMANTICS 3.3c to 3.3f.
func (p *Plan) Failed(n int, o plan.Outcome) plan.Verdict {
	stop := o.Pushback == plan.PushbackStop
	if !p.policy.NonFatalStatusCodes.Has(o.Status.Code) && o.Progress != plan.Silent { // SEMANTICS 8.2b
		return plan.Verdict{Next: plan.Fatal, Strike: stop, Reason: status.ReasonFatalStatus}
	}
	v := plan.Verdict{Next: plan.Hold, Strike: true}
	switch {
	case n >= p.maxAttempts:
		v.Reason = status.ReasonExhausted
	case stop:
		v.Reason = status.ReasonPushback
	default:
		v.Next = plan.Again
		v.After, _ = o.Pushback.Delay()
	}
	return v
}
