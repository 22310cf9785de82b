package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Channel is a base URL with its config, throttle and replay buffer. It is not
// safe for concurrent use: a driver guards it and its calls together.
type Channel struct {
	Options  Options
	Base     string             // the base URL without a slash at its end
	Throttle *attempts.Throttle // nil: the config sets none
	Quota    *attempts.Quota
	methods  map[string]*Method // those that were called
	Origin   *Origin
	warnings []Warning
}

// New makes the channel, its options valid.
func New(o Options) *Channel {
	ch := &Channel{
		Options: o,
		Base:    strings.TrimRight(o.BaseURL, "/"),
		methods: make(map[string]*Method),
		Quota:   attempts.NewQuota(o.MaxRetryBufferSize, o.MaxRetryBufferPerCallSize),
		Origin:  o.Origin,
	}
	if ch.Origin == nil {
		ch.Origin = new(Origin)
	}
	if o.Config != nil {
		if t := o.Config.Throttling; t != nil {
			ch.Throttle = attempts.NewThrottle(t.MaxTokens, t.TokenRatioThousandth)
		}
		ch.warnClamped()
	}
	return ch
}

// Warnings are what was noticed when the channel was made.
func (ch *Channel) Warnings() []Warning { return ch.warnings }

// Buffered is how many bytes the channel's uncommitted calls hold for replay.
func (ch *Channel) Buffered() int64 { return ch.Quota.Used() }

// Plan is a method config's policy as a plan for one call, and how many attempts it
// allows.
func (ch *Channel) Plan(m *serviceconfig.Method) (plan.Plan, int) {
	if ch.Options.MaxRetryAttempts < 2 {
		return plan.Once{}, 1
	}
	switch {
	case m.Retry != nil:
		n := ch.clamp(m.Retry.MaxAttempts)
		return retry.NewPlan(m.Retry, n, ch.Options.Jitter, ch.Options.Random), n
	case m.Hedging != nil:
		n := ch.clamp(m.Hedging.MaxAttempts)
		return hedge.NewPlan(m.Hedging, n), n
	}
	return plan.Once{}, 1
}

func (ch *Channel) clamp(attempts int) int {
	return int(min(int64(attempts), ch.Options.MaxRetryAttempts))
}

// Deadline is the earlier of the caller's, or the channel's default, and the
// method config's (SEMANTICS 1.1).
func (ch *Channel) Deadline(now, timeout plan.Duration, configured *plan.Duration) plan.Duration {
	if timeout == plan.Never {
		timeout = ch.Options.DefaultTimeout
	}
	if configured != nil {
		timeout = min(timeout, *configured)
	}
	return now.After(timeout)
}
