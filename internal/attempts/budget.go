package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Budget is what a channel's calls may spend on retries and hedges (SEMANTICS 8.7). Each
// call earns a part of one. It counts in integer millionths.
//
// A bucket alone would let every page of a fleet spend what it has saved in the first
// moments of an outage. So at most two are paid for between one success and the next: what
// was saved is meant for failures that come by chance.
type Budget struct {
	ratio     int64 // what a call earns
	perSecond int64 // what time earns
	tokens    int64
	counted   plan.Duration // until when time has been counted
	timed     bool          // counted is set
	changed   bool          // since other tabs were told
	unproved  int64         // what was paid since the last success, less what time has earned since
}

const (
	budgetToken = 1_000_000
	budgetFirst = 1 * budgetToken
	budgetMost  = 5 * budgetToken
	unprovedMax = 2 * budgetToken
)

// NewBudget makes a budget of which each call earns ratio and each second perSecond, both
// in millionths of a retry. It starts with one retry.
func NewBudget(ratio, perSecond int64) *Budget {
	return &Budget{ratio: ratio, perSecond: perSecond, tokens: budgetFirst}
}

// Earn counts a call that begins. A nil Budget counts nothing and allows everything.
func (b *Budget) Earn(now plan.Duration) {
	if b != nil {
		b.count(now)
		b.set(min(b.tokens+b.ratio, budgetMost), b.unproved)
	}
}

func (b *Budget) set(tokens, unproved int64) {
	b.changed = b.changed || tokens != b.tokens || unproved != b.unproved
	b.tokens, b.unproved = tokens, unproved
}

// Changed reports whether the budget has changed since it was last asked, so that other
// tabs have to be told.
func (b *Budget) Changed() bool {
	if b == nil || !b.changed {
		return false
	}
	b.changed = false
	return true
}

// count earns what the time since the last count is worth.
func (b *Budget) count(now plan.Duration) {
	if b.timed && b.perSecond > 0 && now > b.counted {
		passed := min(now-b.counted, 1000*plan.Second)
		earned := int64(float64(b.perSecond) * float64(passed) / float64(plan.Second))
		b.tokens = min(b.tokens+earned, budgetMost)
		b.unproved = max(b.unproved-earned, 0)
	}
	b.counted, b.timed = now, true
}

// Affords reports whether a retry or hedge could be paid now.
func (b *Budget) Affords(now plan.Duration) bool {
	if b == nil {
		return true
	}
	b.count(now)
	return b.tokens >= budgetToken && b.unproved+budgetToken <= unprovedMax
}

// Pay pays for a retry or hedge, if it can.
func (b *Budget) Pay(now plan.Duration) bool {
	if !b.Affords(now) {
		return false
	}
	if b != nil {
		b.set(b.tokens-budgetToken, b.unproved+budgetToken)
	}
	return true
}

// Won reports that a server has answered, if only with a failure that is not tried again.
func (b *Budget) Won() {
	if b != nil {
		b.set(b.tokens, 0)
	}
}

// Tokens returns how many retries are left, and the most that can be saved.
func (b *Budget) Tokens() (now, most float64) {
	if b == nil {
		return 0, 0
	}
	return float64(b.tokens) / budgetToken, budgetMost / budgetToken
}

// Text is what other tabs and later pages have to know of the budget.
func (b *Budget) Text() string { return text.Decimal(b.tokens) + " " + text.Decimal(b.unproved) }

// Restore takes over what Text has written, here or elsewhere. Anything else changes
// nothing.
func (b *Budget) Restore(kept string) {
	first, second, ok := text.Cut(kept, ' ')
	tokens, fine := micros(first, budgetMost)
	unproved, fine2 := micros(second, unprovedMax)
	if ok && fine && fine2 {
		b.tokens, b.unproved = tokens, unproved
	}
}

// micros reads a number from 0 to most.
func micros(s string, most int64) (n int64, ok bool) {
	for _, c := range []byte(s) {
		if n = n*10 + int64(c-'0'); c < '0' || c > '9' || n > most {
			return 0, false
		}
	}
	return n, s != ""
}
