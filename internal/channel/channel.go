package channel

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/endpoints"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Channel is what the calls to one base URL, or to several with the same services, share. It is not safe for concurrent use:
// a driver guards a channel and its calls together.
type Channel struct {
	options     Options
	endpoints   *endpoints.Pool    // nil: there is one base URL
	throttle    *attempts.Throttle // nil: the config sets none
	budget      *attempts.Budget   // likewise
	quota       *attempts.Quota
	paths       text.Index            // of the methods that were called
	methods     []*Method             // in the order of their paths
	credentials *attempts.Credentials // nil: they are not refreshed
	keeper      *keeper               // nil: the application does not store the channel's state
	warnings    []Warning
}

// New makes a channel of options that Validate has accepted.
func New(o Options) *Channel {
	ch := &Channel{
		options: o,
		quota:   attempts.NewQuota(o.MaxRetryBufferSize, o.MaxRetryBufferPerCallSize),
	}
	ch.openEndpoints()
	if o.Config != nil {
		if t := o.Config.Throttling; t != nil {
			ch.throttle = attempts.NewThrottle(t.MaxTokens, t.TokenRatioThousandth)
		}
		if b := o.Config.Budget; b != nil {
			ch.budget = attempts.NewBudget(int64(b.Ratio*1e6+0.5), int64(b.MinPerSecond*1e6+0.5))
		}
		ch.warnClamped()
	}
	if !o.RefreshCodes.Empty() {
		ch.credentials = attempts.NewCredentials(o.RefreshCodes)
	}
	ch.openState()
	if st := ch.State(); st != nil && ch.budget != nil {
		ch.budget.Restore(st.Get(budgetState, ""))
	}
	return ch
}

// Warnings returns what was noticed when the channel was made.
func (ch *Channel) Warnings() []Warning { return ch.warnings }

// Options are what the channel was made with. They are only to be read.
func (ch *Channel) Options() *Options { return &ch.options }

// Throttle is the token bucket that the channel's calls share; nil if the service
// config sets none.
func (ch *Channel) Throttle() *attempts.Throttle { return ch.throttle }

// Budget is what the channel's retries and hedges are paid from; nil if the service config
// sets none.
func (ch *Channel) Budget() *attempts.Budget { return ch.budget }

// Quota is the account of what the channel's calls keep for replay.
func (ch *Channel) Quota() *attempts.Quota { return ch.quota }

// Plan returns a method's policy as a plan for one call, within the channel's own limit,
// and how many attempts it allows. A plan whose hedges are tuned is the call's pacer too.
func (ch *Channel) Plan(m *Method) (p plan.Plan, pacer plan.Pacer, allowed int) {
	p, allowed = m.Config.Plan(ch.options.MaxRetryAttempts, ch.options.Jitter, ch.options.Random, m.tuner)
	if tuned, ok := p.(*hedge.Tuned); ok {
		pacer, m.used = tuned, true
	}
	return p, pacer, allowed
}

// Deadline returns when a call that begins now has to end: after the caller's timeout, or
// the channel's default if the caller gave none, but no later than after the method
// config's (SEMANTICS 1.1c).
func (ch *Channel) Deadline(now, timeout plan.Duration, configured *plan.Duration) plan.Duration {
	if timeout == plan.Never {
		timeout = ch.options.DefaultTimeout
	}
	if configured != nil {
		timeout = min(timeout, *configured)
	}
	return now.After(timeout)
}
