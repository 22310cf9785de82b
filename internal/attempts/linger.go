package attempts

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// lingering is how long to wait for the end of a body whose status is known. It usually
// comes at once, and then the browser can reuse the connection. Some proxies never send
// it.
const lingering = 100 * plan.Millisecond

// Settled reports that an attempt's status is known although its body has not ended. Only
// more of the body can change the status (SEMANTICS 5.2k).
func (m *Machine) Settled(now plan.Duration, id int, o plan.Outcome) {
	if a := &m.attempts[id]; a.live && !m.endIfExpired(now) {
		a.settled = o
	}
}

// Unsettled reports that more of the body has come, so that the status is open again.
func (m *Machine) Unsettled(id int) {
	a := &m.attempts[id]
	a.settled, a.lingerAt = plan.Outcome{}, plan.Never
}

// Linger reports that somebody waits for an attempt whose status is known to end. From
// now on, the end of its body has 100 ms to come.
func (m *Machine) Linger(now plan.Duration, id int) {
	a := &m.attempts[id]
	if !a.live || a.settled.Status == nil || a.lingerAt != plan.Never {
		return
	}
	a.lingerAt = now.After(lingering)
	m.setTimer(now)
}

// lingerAt returns the earliest instant at which an attempt stops waiting for the end of
// its body, or Never.
func (m *Machine) lingerAt() plan.Duration {
	at := plan.Never
	for id := range m.attempts {
		if a := &m.attempts[id]; a.live {
			at = min(at, a.lingerAt)
		}
	}
	return at
}

// endLingering ends the attempts whose bodies have not ended in time, with the statuses
// that are known.
func (m *Machine) endLingering(now plan.Duration) {
	for id := range m.attempts {
		if a := &m.attempts[id]; a.live && a.lingerAt <= now {
			a.lingerAt = plan.Never
			m.Discard(id)
			m.Ended(now, id, a.settled)
		}
	}
}

// endSettled ends the call with the status of the committed attempt if that status is
// known, and reports whether it is.
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
