package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// affords reports whether the budget could pay for a hedge that is due.
func (m *Machine) affords(now plan.Duration) bool {
	if m.set.Budget.Affords(now) {
		return true
	}
	m.observeBudget(now, true)
	return false
}

// pays pays for a retry or hedge, if the budget can (SEMANTICS 8.7b).
func (m *Machine) pays(now plan.Duration) bool {
	if m.set.Budget == nil {
		return true
	}
	paid := m.set.Budget.Pay(now)
	m.observeBudget(now, !paid)
	return paid
}

// noteAnswered tells the budget of a failed attempt that a server is there to answer, if it
// is a failure that is not tried again (SEMANTICS 8.7c).
func (m *Machine) noteAnswered(id int, again bool) {
	if !again && m.attempts[id].record.HeadAt != status.None {
		m.set.Budget.Won()
	}
}

func (m *Machine) observeBudget(now plan.Duration, refused bool) {
	tokens, most := m.set.Budget.Tokens()
	m.observe(Event{Kind: BudgetChanged, At: now, Tokens: tokens, MaxTokens: most, Tripped: refused})
}
