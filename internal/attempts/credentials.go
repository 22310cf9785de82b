package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Credentials is what a channel's calls know of its refreshes, of which one runs at a time
// (SEMANTICS 8.3).
type Credentials struct {
	codes   status.CodeSet // with which a server refuses credentials
	running bool
	ended   int            // how many refreshes have ended
	failure *status.Status // of the last one; nil: it succeeded
	waiting int            // how many attempts wait for the one that runs
}

// NewCredentials makes Credentials that are refreshed when an attempt is refused with one
// of these codes.
func NewCredentials(codes status.CodeSet) *Credentials { return &Credentials{codes: codes} }

// Refreshes reports whether an attempt that ended with this code was refused.
func (c *Credentials) Refreshes(code status.Code) bool { return c != nil && c.codes.Has(code) }

// Refreshed reports that the refresh has ended. With a failure, the calls that wait for it
// end with that. It returns false if none runs: it was given up before. The driver then
// tells every call of the channel.
func (c *Credentials) Refreshed(failure *status.Status) bool {
	if c == nil || !c.running {
		return false
	}
	c.running, c.failure = false, failure
	c.ended++
	return true
}

// refreshes counts those that have ended.
func (m *Machine) refreshes() int {
	if m.set.Credentials == nil {
		return 0
	}
	return m.set.Credentials.ended
}

// refusedCredentials reports whether an attempt was refused for its credentials, so that
// it may be sent once more with fresh ones. This comes before the policy: whatever that
// lists and however many attempts it allows (SEMANTICS 8.3a, 8.3c).
func (m *Machine) refusedCredentials(id int, o plan.Outcome) bool {
	return m.set.Credentials.Refreshes(o.Status.Code) && o.Pushback != plan.PushbackStop && m.released < 0
}

// refresh has an attempt that was refused sent again, with credentials that are newer than
// its own: those of a refresh that has ended since it got them, or of one that runs or now
// begins. Credentials that are refused although they are fresh end the call
// (SEMANTICS 8.3d).
func (m *Machine) refresh(now plan.Duration, id int) {
	c, made := m.set.Credentials, m.attempts[id].made
	switch {
	case made > m.made:
		m.endWith(now, id, status.ReasonFatalStatus)
	case c.running || c.ended == made:
		waiting := m.newAttempt(now, status.KindRefresh, m.Number(id))
		m.attempts[waiting].unfresh = true
		c.waiting++
		if !c.running {
			c.running = true
			m.act(Action{Op: Refresh})
		}
	case c.failure != nil:
		m.endUnrefreshed(now)
	default:
		m.addAttempt(now, status.KindRefresh, m.Number(id))
	}
}

// Refreshed reports that a refresh of the channel's credentials has ended. What waits for
// it continues, or ends if it has failed.
func (m *Machine) Refreshed(now plan.Duration) {
	for id := range len(m.attempts) {
		if !m.attempts[id].live || !m.attempts[id].unfresh {
			continue
		}
		if m.endIfLate(now) {
			return
		}
		if m.set.Credentials.failure != nil {
			m.endUnrefreshed(now)
			return
		}
		m.stopWaiting(id)
		m.prepareOrOpen(now, id)
	}
	if m.phase == running {
		m.setTimer(now)
	}
}

// endUnrefreshed ends the call because the refresh that it depends on has failed.
func (m *Machine) endUnrefreshed(now plan.Duration) {
	failure := *m.set.Credentials.failure
	m.end(now, &failure, status.ReasonFatalStatus)
}

// stopWaiting: an attempt no longer waits for the refresh. If none does any more, the
// refresh is given up.
func (m *Machine) stopWaiting(id int) {
	c := m.set.Credentials
	m.attempts[id].unfresh = false
	if c.waiting--; c.waiting == 0 && c.running {
		c.running = false
		m.act(Action{Op: StopRefresh})
	}
}
