package attempts_test

import (
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/retry"
)

const (
	ok              = status.OK
	unavailable     = status.Unavailable
	invalidArgument = status.InvalidArgument
	canceled        = status.Canceled
	deadlineCode    = status.DeadlineExceeded
)

// option is one way in which a scripted call differs from one without a policy.
type option func(*attempts.Settings)

// retries has UNAVAILABLE tried again, with bounds of 1, 2, 4 and then 5 seconds.
func retries(maxAttempts int) option { return retriesBy(maxAttempts, plan.FullJitter, 0.5) }

func retriesBy(maxAttempts int, jitter plan.Jitter, random float64) option {
	policy := retry.Policy{
		MaxAttempts: maxAttempts, InitialBackoff: plan.Second, MaxBackoff: 5 * plan.Second, BackoffMultiplier: 2,
		RetryableStatusCodes: status.Codes(unavailable),
	}
	return retriesWith(policy, jitter, random)
}

func retriesWith(policy retry.Policy, jitter plan.Jitter, random float64) option {
	return func(s *attempts.Settings) {
		s.MaxAttempts = policy.MaxAttempts
		s.Plan = retry.NewPlan(&policy, policy.MaxAttempts, jitter, func() float64 { return random })
	}
}

// hedges has UNAVAILABLE not fatal.
func hedges(maxAttempts int, delay float64) option {
	policy := hedge.Policy{MaxAttempts: maxAttempts, HedgingDelay: span(delay), NonFatalStatusCodes: status.Codes(unavailable)}
	return func(s *attempts.Settings) {
		s.MaxAttempts = maxAttempts
		s.Plan = hedge.NewPlan(&policy, maxAttempts)
	}
}

func throttled(t *attempts.Throttle) option { return func(s *attempts.Settings) { s.Throttle = t } }

// bucket makes a throttle that has seen this many failures already.
func bucket(maxTokens, ratioThousandths, failures int) *attempts.Throttle {
	t := attempts.NewThrottle(maxTokens, ratioThousandths)
	for range failures {
		t.Strike()
	}
	return t
}

func quota(q *attempts.Quota) option { return func(s *attempts.Settings) { s.Quota = q } }

func deadline(ms float64) option { return func(s *attempts.Settings) { s.Deadline = instant(ms) } }

func prepares(s *attempts.Settings) { s.Prepare = true }

// streams: the transport sends messages as they come, and the application waits
// until each is written.
func streams(s *attempts.Settings) { s.Streams, s.Writes = true, true }

// wholes: the transport sends only whole requests; the application waits as above.
func wholes(s *attempts.Settings) { s.Writes = true }

func waitsForReady(s *attempts.Settings) { s.WaitForReady = true }

func observed(s *attempts.Settings) { s.Observe = true }

func pushbackOf(values ...string) plan.Pushback {
	var md metadata.MD
	for _, v := range values {
		md.Append(plan.PushbackHeader, v)
	}
	return plan.PushbackOf(md)
}

func clock(at plan.Duration) string {
	if at == plan.Never {
		return "never"
	}
	return strconv.FormatFloat(float64(at-origin)/float64(plan.Millisecond), 'f', -1, 64) + " ms"
}

func describe(a attempts.Action) string {
	switch a.Op {
	case attempts.Timer:
		return "arm the timer for " + clock(a.At)
	case attempts.Written:
		return "tell that " + strconv.Itoa(a.Messages) + " messages are written"
	case attempts.Warn:
		return "warn that the exchange seems stuck"
	}
	words := map[attempts.Op]string{
		attempts.Prepare: "get metadata for", attempts.Open: "open", attempts.Abort: "abort", attempts.Release: "release what is not for",
		attempts.Read: "read from", attempts.Head: "give the header of", attempts.End: "end with the status of",
	}
	if a.Attempt < 0 {
		return words[a.Op] + " none"
	}
	return words[a.Op] + " attempt " + strconv.Itoa(a.Attempt+1)
}

// listed has one more code tried again.
func listed(code status.Code) option {
	return func(s *attempts.Settings) {
		retriesWith(retry.Policy{
			MaxAttempts: 5, InitialBackoff: plan.Second, MaxBackoff: plan.Second, BackoffMultiplier: 1,
			RetryableStatusCodes: status.Codes(unavailable, code),
		}, plan.FullJitter, 0.5)(s)
	}
}
