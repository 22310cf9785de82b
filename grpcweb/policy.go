package grpcweb

import (
	"strconv"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/retry"
)

// RetryPolicy makes another attempt after one that failed. The package
// documentation says when. Its options:
//
//	option                required  limits            meaning
//	MaxAttempts           yes       greater than 1    attempts in all; see also WithMaxRetryAttempts
//	InitialBackoff        yes       greater than 0    bound of the first delay
//	MaxBackoff            yes       greater than 0    the highest bound
//	BackoffMultiplier     yes       greater than 0    growth of the bound
//	RetryableStatusCodes  yes       at least one      what is tried again
type RetryPolicy struct {
	// MaxAttempts is the greatest number of attempts, the first one included.
	// The channel's WithMaxRetryAttempts, 5 by default, limits it. Required,
	// greater than 1.
	MaxAttempts int
	// InitialBackoff bounds the delay before the first retry. The delay is
	// drawn at random between 0 and the present bound, so that delays need not
	// grow even where their bound does. After each retry the bound is
	// multiplied by BackoffMultiplier. Required, greater than 0.
	InitialBackoff time.Duration
	// MaxBackoff is the highest that the bound grows. Required, greater than 0.
	MaxBackoff time.Duration
	// BackoffMultiplier is what the bound is multiplied by after each retry: it
	// grows exponentially where this is more than 1. Required, greater than 0.
	BackoffMultiplier float64
	// RetryableStatusCodes are the codes that are tried again. Required, at
	// least one, and not OK.
	RetryableStatusCodes []status.Code
}

// HedgingPolicy sends copies of a call without waiting for its answer. The
// first answer is the call's; the other copies are aborted. The server may run
// the call several times: use it only where that does no harm. It cannot stand
// beside a RetryPolicy. Its options:
//
//	option               required  default  limits          meaning
//	MaxAttempts          yes                2 or more       copies in all; see also WithMaxRetryAttempts
//	HedgingDelay         no        0        0 or more       time from one copy to the next
//	NonFatalStatusCodes  no        none     not OK          failures that the other copies survive
//
// On HTTP/1.1 a browser opens about six connections to one server, so that many
// copies at once keep the rest of a page waiting: give a HedgingDelay.
type HedgingPolicy struct {
	// MaxAttempts is the greatest number of copies that are sent, the first one
	// included. The channel's WithMaxRetryAttempts, 5 by default, limits it.
	// Required, 2 or more.
	MaxAttempts int
	// HedgingDelay is the time from one copy to the next; the first is sent at
	// once. With 0 all are. Optional, default 0, not negative.
	HedgingDelay time.Duration
	// NonFatalStatusCodes are the codes after which other copies may still
	// succeed: the next one is sent at once and those under way go on. Any
	// other code ends the call, and the copies under way are aborted.
	// Optional, default none, and not OK.
	NonFatalStatusCodes []status.Code
}

func (p *RetryPolicy) convert(report func(field, reason string)) *retry.Policy {
	return &retry.Policy{
		MaxAttempts:          p.MaxAttempts,
		InitialBackoff:       plan.Duration(p.InitialBackoff),
		MaxBackoff:           plan.Duration(p.MaxBackoff),
		BackoffMultiplier:    p.BackoffMultiplier,
		RetryableStatusCodes: codeSet("retryPolicy.retryableStatusCodes", p.RetryableStatusCodes, report),
	}
}

func (p *HedgingPolicy) convert(report func(field, reason string)) *hedge.Policy {
	return &hedge.Policy{
		MaxAttempts:         p.MaxAttempts,
		HedgingDelay:        plan.Duration(p.HedgingDelay),
		NonFatalStatusCodes: codeSet("hedgingPolicy.nonFatalStatusCodes", p.NonFatalStatusCodes, report),
	}
}

// codeSet reports codes that do not exist (SEMANTICS 1.4 V9). Unavailable stands
// in for one, as in the JSON reader, so that the set is not found empty as well.
func codeSet(field string, codes []status.Code, report func(field, reason string)) status.CodeSet {
	var set status.CodeSet
	for i, c := range codes {
		if c > status.MaxCode {
			report(field+"["+strconv.Itoa(i)+"]", "must be a status code, 1 to 16, and is "+strconv.FormatUint(uint64(c), 10))
			c = status.Unavailable
		}
		set = set.With(c)
	}
	return set
}
