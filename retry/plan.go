package retry

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Plan applies a Policy to one call. It remembers where the backoff stands.
type Plan struct {
	policy      *Policy
	maxAttempts int
	jitter      plan.Jitter
	random      func() float64
	backoff     backoff
}

// NewPlan makes the plan of one call. maxAttempts is the policy's, but no more than the
// channel allows. random returns numbers that are uniform in [0, 1).
func NewPlan(p *Policy, maxAttempts int, jitter plan.Jitter, random func() float64) *Plan {
	return &Plan{policy: p, maxAttempts: maxAttempts, jitter: jitter, random: random, backoff: backoff{policy: p}}
}

// Kind returns KindRetry, the kind of the attempts after the first.
func (p *Plan) Kind() status.AttemptKind { return status.KindRetry }

// Started begins no attempt while another is running.
func (p *Plan) Started(int) (plan.Duration, bool) { return 0, false }

// Failed follows SEMANTICS 2.3d and 2.3f to 2.3i. Package attempts asks the
// throttle, 2.3e. No other attempt is running when a retried one fails, so Hold ends
// the call with the status of this one.
func (p *Plan) Failed(n int, o plan.Outcome) plan.Verdict {
	listed := p.policy.RetryableStatusCodes.Has(o.Status.Code) || o.Progress == plan.Silent // SEMANTICS 8.2b
	stop := o.Pushback == plan.PushbackStop
	v := plan.Verdict{Next: plan.Hold, Strike: listed || stop}
	switch {
	case n >= p.maxAttempts:
		v.Reason = status.ReasonExhausted
	case stop:
		v.Reason = status.ReasonPushback
	case !listed:
		v.Reason = status.ReasonFatalStatus
	default:
		v.Next = plan.Again
		v.After, v.Bound = p.delay(o.Pushback)
	}
	return v
}

// delay returns how long to wait. If the server said how long, it is exactly that, and
// the backoff starts from its beginning again (SEMANTICS 2.6b, 2.6g). Otherwise the
// delay is drawn from the backoff.
func (p *Plan) delay(pushback plan.Pushback) (after, bound plan.Duration) {
	if d, ok := pushback.Delay(); ok {
		p.backoff.reset()
		return d, d
	}
	b := p.backoff.next()
	return draw(p.jitter, b, p.random()), duration(b)
}
