// Package retry decides, after an attempt of a call failed, whether and when
// the next one begins. It starts nothing and reads no clock: package call acts.
package retry

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Policy is the retryPolicy of a method config (SEMANTICS 1.1f).
type Policy struct {
	// MaxAttempts counts all attempts, the first included. Required, at least
	// 2; the channel's cap (5 unless set otherwise) clamps it.
	MaxAttempts int
	// InitialBackoff bounds the first delay. Required, above 0. The delay
	// itself is drawn at random between 0 and the bound.
	InitialBackoff plan.Duration
	// MaxBackoff is the highest bound. Required, above 0.
	MaxBackoff plan.Duration
	// BackoffMultiplier multiplies the bound after each retry. Required, above 0.
	BackoffMultiplier float64
	// RetryableStatusCodes are the codes that are tried again. Required, at
	// least one, and not OK.
	RetryableStatusCodes status.CodeSet
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
	if !(p.BackoffMultiplier > 0) { // so written, it refuses NaN too
		report("backoffMultiplier", "must be greater than 0")
	}
	if p.RetryableStatusCodes.Empty() {
		report("retryableStatusCodes", "must name at least one status code")
	}
	if p.RetryableStatusCodes.Has(status.OK) {
		report("retryableStatusCodes", "must not name OK: a success is not tried again")
	}
}
