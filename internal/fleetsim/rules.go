package fleetsim

import (
	"math/rand/v2"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Rule says how often calls are tried.
type Rule interface {
	// Settle sets what decides about retries for a call of the page.
	Settle(page int, s *attempts.Settings)
	// Reload tells that the page is loaded anew.
	Reload(page int)
}

// backoff is the policy that all rules but the naive one share.
var backoff = retry.Policy{
	MaxAttempts: 4, InitialBackoff: plan.Second / 2, MaxBackoff: 5 * plan.Second, BackoffMultiplier: 2,
	RetryableStatusCodes: status.Codes(status.Unavailable),
}

type retries struct {
	policy *retry.Policy
	random *rand.Rand
}

func (r *retries) plan(s *attempts.Settings) {
	s.MaxAttempts = r.policy.MaxAttempts
	s.Plan = retry.NewPlan(r.policy, r.policy.MaxAttempts, plan.FullJitter, r.random.Float64)
}

func (r *retries) Reload(int) {}

func randomOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 3)) }

// None tries once.
type None struct{}

// Settle makes one attempt.
func (None) Settle(_ int, s *attempts.Settings) { s.Plan, s.MaxAttempts = plan.Once{}, 1 }

// Reload changes nothing.
func (None) Reload(int) {}

// Naive tries three times, at once.
type Naive struct{ retries }

// Thrice makes the naive rule.
func Thrice(seed uint64) *Naive {
	at := retry.Policy{MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 1, BackoffMultiplier: 1, RetryableStatusCodes: backoff.RetryableStatusCodes}
	return &Naive{retries{&at, randomOf(seed)}}
}

// Settle makes three attempts.
func (n *Naive) Settle(_ int, s *attempts.Settings) { n.plan(s) }

// Throttled is gRPC's rule, with a bucket of ten tokens for each page, which is full again
// when the page is loaded anew.
type Throttled struct {
	retries
	pages []*attempts.Throttle
}

// Throttle makes gRPC's rule.
func Throttle(seed uint64, pages int) *Throttled {
	t := &Throttled{retries{&backoff, randomOf(seed)}, make([]*attempts.Throttle, pages)}
	for i := range t.pages {
		t.Reload(i)
	}
	return t
}

// Settle throttles the call.
func (t *Throttled) Settle(page int, s *attempts.Settings) {
	t.plan(s)
	s.Throttle = t.pages[page]
}

// Reload fills the bucket.
func (t *Throttled) Reload(page int) { t.pages[page] = attempts.NewThrottle(10, 100) }

// Budgeted is Hedgerow's rule: a budget for each user, which the user's pages share and
// which outlives them.
type Budgeted struct {
	retries
	perUser int
	users   []*attempts.Budget
}

// Budget makes Hedgerow's rule, with a tenth of a retry for each call.
func Budget(seed uint64, pages, perUser int) *Budgeted {
	b := &Budgeted{retries{&backoff, randomOf(seed)}, perUser, make([]*attempts.Budget, pages/perUser)}
	for i := range b.users {
		b.users[i] = attempts.NewBudget(100_000, 0)
	}
	return b
}

// Settle has the call pay.
func (b *Budgeted) Settle(page int, s *attempts.Settings) {
	b.plan(s)
	s.Budget = b.users[page/b.perUser]
}

// Windowed is Finagle's RetryBudget with its defaults, one for each page: of the calls of
// the last ten seconds a fifth may be retried, and a hundred more.
type Windowed struct{ retries }

// Window makes Finagle's rule.
func Window(seed uint64) *Windowed { return &Windowed{retries{&backoff, randomOf(seed)}} }

// Settle need not count: a page with a call in ten seconds never makes a hundred retries
// in that time.
func (w *Windowed) Settle(_ int, s *attempts.Settings) { w.plan(s) }
