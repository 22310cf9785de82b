// Package hedge decides when a call sends further copies of itself without
// waiting for an answer. It starts nothing and reads no clock: package call acts.
package hedge

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Policy is the hedgingPolicy of a method config (SEMANTICS 1.1f). Only methods
// that may safely run several times should have one: the server may run every
// attempt.
type Policy struct {
	// MaxAttempts counts all attempts, the first included. Required, at least
	// 2; the channel's cap (5 unless set otherwise) clamps it.
	MaxAttempts int
	// HedgingDelay is the time from one attempt's start to the next's.
	// Optional; 0, the default, sends all attempts at once.
	HedgingDelay plan.Duration
	// NonFatalStatusCodes are the codes after which other attempts may still
	// succeed. Optional; any other code ends the call. It must not hold OK.
	NonFatalStatusCodes status.CodeSet
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
}
