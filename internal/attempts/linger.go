package attempts

import "github.com/hedgerow-web/hedgerow/internal/plan"

// lingering is how long the end of a body is awaited whose status is known: it
// comes at once as a rule, and the connection is kept then. Some proxies never
// send it.
const lingering = 100 * plan.Millisecond

// Settled: an attempt's status is known, though its body has not ended. Nothing but
// more of the body changes it (SEMANTICS 5.2k).
func (m *Machine) Settled(now plan.Duration, id int, o plan.Outcome) {
	if a := &m.attempts[id]; a.live && !m.expired(now) {
		a.settled = o
	}
}

// Unsettled: more of the body has come.
func (m *Machine) Unsettled(id int) {
	a := &m.attempts[id]
	a.settled, a.lingerAt = plan.Outcome{}, plan.Never
}

// Linger: somebody waits for the end of an attempt whose status is known. It is
// awaited a little longer.
func (m *Machine) Linger(now plan.Duration, id int) {
	a := &m.attempts[id]
	if !a.live || a.settled.Status == nil || a.lingerAt != plan.Never {
		return
	}
	a.lingerAt = now.After(lingering)
	m.arm(now)
}

// lingerAt is when the first of the attempts' bodies is to have ended.
func (m *Machine) lingerAt() plan.Duration {
	at := plan.Never
	for id := range m.attempts {
		if a := &m.attempts[id]; a.live {
			at = min(at, a.lingerAt)
		}
	}
	return at
}

// endLingering ends the attempts whose bodies have not ended in time.
func (m *Machine) endLingering(now plan.Duration) {
	for id := range m.attempts {
		if a := &m.attempts[id]; a.live && a.lingerAt <= now {
			a.lingerAt = plan.Never
			m.Discard(id)
			m.Ended(now, id, a.settled)
		}
	}
}

// endSettled ends the call with the status of the attempt that it is committed to,
// if that is known.
func (m *Machine) endSettled(now plan.Duration) bool {
	if m.commit < 0 || !m.attempts[m.commit].live || m.attempts[m.commit].settled.Status == nil {
		return false
	}
	id := m.commit
	m.Discard(id)
	m.noteEnded(now, id, m.attempts[id].settled)
	m.endWith(now, id, m.reason)
	return true
}
