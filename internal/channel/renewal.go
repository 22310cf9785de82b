package channel

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Unresumable is what is wrong with a method that is to be resumed and cannot be.
const Unresumable = "resumableStreaming needs a retryPolicy for the method: it says which failures are temporary, and how long to wait"

// Resumable reports whether streams of the method can be resumed: whether it has a
// retryPolicy (SEMANTICS 8.4a).
func (ch *Channel) Resumable(method string) bool { return ch.Method(method).Config.Retry != nil }

// Renew decides what follows when a stream of a resumable subscription has failed with this
// code: whether it is subscribed to again, and after how long. lost is that its connection
// was lost after the commit, and failures how many streams in a row failed before this one
// without a message. A lost connection takes a throttle token; while the throttle blocks, the
// wait is the longest that the policy has, and so it is while the retry budget cannot pay
// (SEMANTICS 8.4b, 8.4d).
func (ch *Channel) Renew(now plan.Duration, method string, code status.Code, lost bool, failures int) (after plan.Duration, again bool) {
	p := ch.Method(method).Config.Retry
	if p == nil || code == status.OK || !lost && !p.RetryableStatusCodes.Has(code) {
		return 0, false
	}
	if lost { // a failure before the commit has taken one already
		ch.throttle.Strike()
	}
	if ch.throttle.Blocked() || !ch.budget.Pay(now) {
		return p.MaxBackoff, true
	}
	return retry.Draw(p, ch.options.Jitter, failures, ch.options.Random()), true
}
