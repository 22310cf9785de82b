package hedge

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
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

// Tuned is the Plan of a call whose policy has a Tuning. It is the call's plan.Pacer too.
type Tuned struct {
	Plan
	tuner *Tuner
}

// NewTuned makes the plan of one call. The Tuner is the method's.
func NewTuned(p *Policy, maxAttempts int, t *Tuner) *Tuned {
	return &Tuned{Plan: Plan{policy: p, maxAttempts: maxAttempts}, tuner: t}
}

// Started begins the next attempt after the delay that was learned, at the earliest
// (SEMANTICS 8.5c).
func (p *Tuned) Started(n int) (plan.Duration, bool) {
	return p.tuner.Delay(p.policy), n < p.maxAttempts
}

// Begin tells the Tuner that the call begins.
func (p *Tuned) Begin(now plan.Duration) { p.tuner.Begin(now, p.policy.Tuning) }

// Due asks the Tuner whether a hedge may begin.
func (p *Tuned) Due(now, waited plan.Duration, released bool) plan.Duration {
	return p.tuner.Due(now, waited, released, p.policy)
}

// Answered tells the Tuner how long an attempt took.
func (p *Tuned) Answered(took plan.Duration, kind status.AttemptKind) {
	p.tuner.Answered(took, kind == status.KindHedge)
}

// CutOff tells the Tuner how long an attempt took at least.
func (p *Tuned) CutOff(after plan.Duration, kind status.AttemptKind) {
	p.tuner.CutOff(after, kind == status.KindHedge)
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
