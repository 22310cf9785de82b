// Package hedge decides when a call sends further copies of itself without waiting for
// a response. It only decides: the driver of the call waits and sends. Programs write
// hedging policies as JSON, or with grpcweb.HedgingPolicy.
package hedge

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Policy is the hedgingPolicy of a method config (SEMANTICS 1.1f). The server may
// run every attempt of a call, so only methods that may safely run several times should
// have such a policy.
type Policy struct {
	// MaxAttempts is how many attempts a call may make, including the first. It is
	// required and at least 2. The channel's maxRetryAttempts, 5 by default, limits it.
	MaxAttempts int
	// HedgingDelay is the time from the start of one attempt to the start of the next.
	// It is optional. With 0, the default, all attempts are sent at once.
	HedgingDelay plan.Duration
	// NonFatalStatusCodes are the codes after which other attempts may still succeed.
	// Any other code ends the call. They are optional, and OK is not allowed.
	NonFatalStatusCodes status.CodeSet
	// PerAttemptRecvTimeout is how long an attempt may go without any response. It is
	// optional and greater than 0; with nil, an attempt may wait for ever (SEMANTICS 8.2).
	PerAttemptRecvTimeout *plan.Duration
	// Tuning has the delay learned. It is optional; nil keeps HedgingDelay.
	Tuning *Tuning
}

// Validate reports every field that breaks a rule (SEMANTICS 1.4 V11, V14 to V16).
func (p *Policy) Validate(report func(field, reason string)) {
	if p.MaxAttempts < 2 {
		report("maxAttempts", "must be 2 or more: it counts the first attempt too")
	}
	if p.HedgingDelay < 0 {
		report("hedgingDelay", "must not be negative")
	}
	if p.NonFatalStatusCodes.Has(status.OK) {
		report("nonFatalStatusCodes", "must not name OK: a success ends the call")
	}
	if t := p.PerAttemptRecvTimeout; t != nil && *t <= 0 {
		report("x-hedgerow.perAttemptRecvTimeout", "must be longer than 0s")
	}
	if p.Tuning != nil {
		p.Tuning.Validate(func(field, reason string) { report("x-hedgerow."+field, reason) })
	}
}
