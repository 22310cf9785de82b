package channel

import "github.com/hedgerow-web/hedgerow/internal/state"

// keeper is what a channel whose application stores its state knows of it.
type keeper struct {
	state state.State
	saved string // what the application has
}

// openState reads what the application has stored. A text that cannot be read counts as
// none (SEMANTICS 8.1b).
func (ch *Channel) openState() {
	if !ch.options.KeepsState {
		return
	}
	st, ok := state.Read(ch.options.State)
	ch.keeper = &keeper{state: st, saved: ch.options.State}
	if ok {
		return
	}
	ch.warnings = append(ch.warnings, Warning{Kind: StateUnusable, Text: StateUnreadable})
}

// StateUnusable is the kind of the warnings about the option state, of which a channel
// gives one at most. Their texts are those below; a colon and the reason follow the
// others.
const (
	StateUnusable   = "stateUnusable"
	StateUnreadable = "the text that the option state returned is not one that this version of Hedgerow has written: " +
		"the channel begins without it, and replaces it"
	StateNotRead    = "the option state could not be read, so the channel keeps nothing"
	StateNotWritten = "the option state could not be written, so the channel keeps nothing any more"
)

// hedgeState is the kind of the entries about the delays of hedges (SEMANTICS 8.5h).
const hedgeState = "hedge"

// budgetState is the kind of the entry about the budget (SEMANTICS 8.7e).
const budgetState = "budget"

// State is where the parts of a channel keep what is to outlive the page; nil unless the
// application stores it.
func (ch *Channel) State() *state.State {
	if ch.keeper == nil {
		return nil
	}
	return &ch.keeper.state
}

// Save returns the text to store, and whether it differs from the one that was stored
// last.
func (ch *Channel) Save() (text string, changed bool) {
	if ch.keeper == nil {
		return "", false
	}
	for _, m := range ch.methods {
		if m.used {
			m.used = false
			if learned := m.tuner.Text(); learned != "" {
				ch.keeper.state.Set(hedgeState, m.path, learned)
			}
		}
	}
	if ch.budget != nil {
		ch.keeper.state.Set(budgetState, "", ch.budget.Text())
	}
	text = ch.keeper.state.Text()
	changed = text != ch.keeper.saved
	ch.keeper.saved = text
	return text, changed
}
