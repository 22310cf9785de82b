package serviceconfig

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Plan returns the method's policy as a plan for one call, and how many attempts
// the plan allows: the policy's maxAttempts, but no more than most. A method
// without a policy has one attempt. The delays before retries are drawn with
// random, which returns numbers in [0, 1). If the policy's hedges are Tuned, the plan
// is a *hedge.Tuned with this tuner.
func (m *Method) Plan(most int64, jitter plan.Jitter, random func() float64, tuner *hedge.Tuner) (plan.Plan, int) {
	n := int(min(int64(m.MaxAttempts()), most))
	switch {
	case n < 2:
		return plan.Once{}, 1
	case m.Retry != nil:
		return retry.NewPlan(m.Retry, n, jitter, random), n
	case m.Tuned():
		return hedge.NewTuned(m.Hedging, n, tuner), n
	default:
		return hedge.NewPlan(m.Hedging, n), n
	}
}

// Tuned reports whether the delay of the method's hedges is learned.
func (m *Method) Tuned() bool { return m.Hedging != nil && m.Hedging.Tuning != nil }

// MaxAttempts is how many attempts the method's policy allows; 1 without a policy.
func (m *Method) MaxAttempts() int {
	switch {
	case m.Retry != nil:
		return m.Retry.MaxAttempts
	case m.Hedging != nil:
		return m.Hedging.MaxAttempts
	}
	return 1
}

// RecvTimeout is how long an attempt may go without any response; 0: for ever.
func (m *Method) RecvTimeout() plan.Duration {
	var timeout *plan.Duration
	switch {
	case m.Retry != nil:
		timeout = m.Retry.PerAttemptRecvTimeout
	case m.Hedging != nil:
		timeout = m.Hedging.PerAttemptRecvTimeout
	}
	if timeout == nil {
		return 0
	}
	return *timeout
}

// PolicyField is the field that holds the method's policy; "" without one.
func (m *Method) PolicyField() string {
	switch {
	case m.Retry != nil:
		return "retryPolicy"
	case m.Hedging != nil:
		return "hedgingPolicy"
	}
	return ""
}

// Repeats reports whether the method's policy answers a failure with this code by
// another attempt.
func (m *Method) Repeats(code status.Code) bool {
	switch {
	case m.Retry != nil:
		return m.Retry.RetryableStatusCodes.Has(code)
	case m.Hedging != nil:
		return m.Hedging.NonFatalStatusCodes.Has(code)
	}
	return false
}
