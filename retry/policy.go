// Package retry decides whether and when a failed attempt of a call is followed by
// another one. It only decides: the driver of the call waits and sends. Programs write
// retry policies as JSON, or with grpcweb.RetryPolicy.
package retry

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Policy is the retryPolicy of a method config (SEMANTICS 1.1f).
type Policy struct {
	// MaxAttempts is how many attempts a call may make, including the first. It is
	// required and at least 2. The channel's maxRetryAttempts, 5 by default, limits it.
	MaxAttempts int
	// InitialBackoff is the bound of the first delay, which is drawn at random between
	// 0 and the bound. It is required and greater than 0.
	InitialBackoff plan.Duration
	// MaxBackoff is the highest bound. It is required and greater than 0.
	MaxBackoff plan.Duration
	// BackoffMultiplier is what the bound is multiplied by after each retry. It is
	// required and greater than 0.
	BackoffMultiplier float64
	// RetryableStatusCodes are the codes that are retried. At least one is required,
	// and OK is not allowed.
	RetryableStatusCodes status.CodeSet
	// PerAttemptRecvTimeout is how long an attempt may go without any response. It is
	// optional and greater than 0; with nil, an attempt may wait for ever (SEMANTICS 8.2).
	PerAttemptRecvTimeout *plan.Duration
}

// Validate reports every field that breaks a rule (SEMANTICS 1.4 V1 to V11).
func (p *Policy) Validate(report func(field, reason string)) {
	if p.MaxAttempts < 2 {
		report("maxAttempts", "must be 2 or more: it counts the first attempt too")
	}
	if p.InitialBackoff <= 0 {
		report("initialBackoff", "must be longer than 0s")
	}
	if p.MaxBackoff <= 0 {
		report("maxBackoff", "must be longer than 0s")
	}
	if !(p.BackoffMultiplier > 0) { // which is also true of NaN
		report("backoffMultiplier", "must be greater than 0")
	}
	if p.RetryableStatusCodes.Empty() {
		report("retryableStatusCodes", "must name at least one status code")
	}
	if p.RetryableStatusCodes.Has(status.OK) {
		report("retryableStatusCodes", "must not name OK: a success is not retried")
	}
	if t := p.PerAttemptRecvTimeout; t != nil && *t <= 0 {
		report("perAttemptRecvTimeout", "must be longer than 0s")
	}
}
