package grpcweb

import (
	"strconv"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// RetryPolicy makes another attempt of a call after one that failed. The package
// documentation says when. Its options:
//
//	option                required  limits            meaning
//	MaxAttempts           yes       greater than 1    attempts in all; see also WithMaxRetryAttempts
//	InitialBackoff        yes       greater than 0    bound of the first delay
//	MaxBackoff            yes       greater than 0    the highest bound
//	BackoffMultiplier     yes       greater than 0    growth of the bound
//	RetryableStatusCodes  yes       at least one      codes that are retried
//	PerAttemptRecvTimeout no        greater than 0    how long an attempt may be silent
type RetryPolicy struct {
	// MaxAttempts is how many attempts are made at most, including the first. The
	// channel's WithMaxRetryAttempts, 5 by default, limits it. Required, greater
	// than 1.
	MaxAttempts int
	// InitialBackoff is the bound of the delay before the first retry. Each delay is
	// drawn at random between 0 and the current bound, so delays do not always grow
	// when their bound does. After each retry the bound is multiplied by
	// BackoffMultiplier. Required, greater than 0.
	InitialBackoff time.Duration
	// MaxBackoff is the highest bound. Required, greater than 0.
	MaxBackoff time.Duration
	// BackoffMultiplier is what the bound is multiplied by after each retry. With more
	// than 1 the bound grows exponentially. Required, greater than 0.
	BackoffMultiplier float64
	// RetryableStatusCodes are the codes that are retried. At least one is required,
	// and OK is not allowed.
	RetryableStatusCodes []status.Code
	// PerAttemptRecvTimeout is how long an attempt may go without any response, a head or a
	// byte, before it is aborted and counts as a failure that may be retried, whatever
	// RetryableStatusCodes lists. If it was the last one, the call ends with UNAVAILABLE.
	// Do not set it for streams that may be silent at first: browsers other than Chromium
	// report the head only with the first byte of the body (SEMANTICS 8.2). Optional;
	// with 0, there is no limit.
	PerAttemptRecvTimeout time.Duration
}

// HedgingPolicy sends copies of a call without waiting for a response. The first
// response is the call's, and the other copies are aborted. The server may run the call
// several times, so use it only for methods where that does no harm. A method cannot
// also have a RetryPolicy. Its options:
//
//	option               required  default  limits          meaning
//	MaxAttempts          yes                2 or more       copies in all; see also WithMaxRetryAttempts
//	HedgingDelay         no        0        0 or more       time from one copy to the next
//	NonFatalStatusCodes  no        none     not OK          failures that the other copies survive
//	PerAttemptRecvTimeout  no      none     0 or more       how long a copy may be silent
//
// On HTTP/1.1 a browser opens about six connections to one server, so many copies at
// once keep the rest of a page waiting. Set a HedgingDelay there.
type HedgingPolicy struct {
	// MaxAttempts is how many copies are sent at most, including the first. The
	// channel's WithMaxRetryAttempts, 5 by default, limits it. Required, 2 or more.
	MaxAttempts int
	// HedgingDelay is the time from one copy to the next. The first is sent at once;
	// with 0, all are. Optional, default 0, not negative.
	HedgingDelay time.Duration
	// NonFatalStatusCodes are the codes after which other copies may still succeed:
	// the next one is sent at once, and those under way continue. Any other code ends
	// the call, and the copies under way are aborted. Optional, default none; OK is not
	// allowed.
	NonFatalStatusCodes []status.Code
	// PerAttemptRecvTimeout is how long a copy may go without any response before it is
	// aborted and counts as a failure that the others survive. Apart from that, it is as
	// in RetryPolicy. In JSON it stands in x-hedgerow.
	PerAttemptRecvTimeout time.Duration
	// Tuning has the delay learned and bounds how many copies are sent. Optional; with
	// nil, the default, HedgingDelay holds. In JSON its fields stand in x-hedgerow.
	Tuning *HedgingTuning
}

// HedgingTuning has the delay of a HedgingPolicy learned, for each method by itself, from
// how long its attempts take. Until enough is known, HedgingDelay holds. How it works, and
// what it gains, is in docs/hedging.md (SEMANTICS 8.5).
type HedgingTuning struct {
	// DelayPercentile is the least delay, as a percentile of how long attempts take: 95
	// (or 0.95) lets a copy be sent only after what 95 % of the attempts take. Optional,
	// default 0: MaxExtraLoad alone decides. Below 100.
	DelayPercentile float64
	// MinDelay and MaxDelay bound a delay that was learned. Optional, default 0: no bound.
	MinDelay, MaxDelay time.Duration
	// MaxExtraLoad is how many extra copies there may be for each call: 0.05, the
	// default, means five for a hundred calls. In any run of calls there are at most that
	// many, and two more. Optional; at most 1.
	MaxExtraLoad float64
}

func (p *RetryPolicy) convert(report func(field, reason string)) *retry.Policy {
	return &retry.Policy{
		MaxAttempts:           p.MaxAttempts,
		InitialBackoff:        plan.Duration(p.InitialBackoff),
		MaxBackoff:            plan.Duration(p.MaxBackoff),
		BackoffMultiplier:     p.BackoffMultiplier,
		RetryableStatusCodes:  codeSet("retryPolicy.retryableStatusCodes", p.RetryableStatusCodes, report),
		PerAttemptRecvTimeout: optionalSpan(p.PerAttemptRecvTimeout),
	}
}

func (p *HedgingPolicy) convert(report func(field, reason string)) *hedge.Policy {
	return &hedge.Policy{
		MaxAttempts:           p.MaxAttempts,
		HedgingDelay:          plan.Duration(p.HedgingDelay),
		NonFatalStatusCodes:   codeSet("hedgingPolicy.nonFatalStatusCodes", p.NonFatalStatusCodes, report),
		PerAttemptRecvTimeout: optionalSpan(p.PerAttemptRecvTimeout),
		Tuning:                p.Tuning.convert(),
	}
}

func (t *HedgingTuning) convert() *hedge.Tuning {
	if t == nil {
		return nil
	}
	converted := &hedge.Tuning{
		DelayPercentile: t.DelayPercentile, MinDelay: plan.Duration(t.MinDelay), MaxDelay: plan.Duration(t.MaxDelay), MaxExtraLoad: t.MaxExtraLoad,
	}
	if t.MaxExtraLoad == 0 {
		converted.MaxExtraLoad = hedge.DefaultMaxExtraLoad
	}
	return converted
}

// optionalSpan converts a span of which 0 is none.
func optionalSpan(d time.Duration) *plan.Duration {
	if d == 0 {
		return nil
	}
	span := plan.Duration(d)
	return &span
}

// codeSet makes a set and reports codes that do not exist (SEMANTICS 1.4 V9). Unavailable stands
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
