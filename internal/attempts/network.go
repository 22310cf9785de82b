package attempts

import "github.com/hedgerow-web/hedgerow/internal/plan"

// waits: nothing is asked of the network, for there is none, and the call waits
// for one (SEMANTICS 1.1d). Other calls try regardless.
func (m *Machine) waits() bool { return m.offline && m.set.WaitForReady }

// Network: there is a network, or there is none. What waited for it goes on:
// replacements that were to begin at once, then the attempt that is due.
func (m *Machine) Network(now plan.Duration, up bool) {
	if m.late(now) {
		return
	}
	m.offline = !up
	for id := range m.attempts {
		if a := &m.attempts[id]; a.live && a.held {
			m.prepareOrOpen(id)
		}
	}
	m.startDue(now)
}

// prepareOrOpen asks for an attempt's next step, its own metadata or its exchange, or
// holds it until there is a network.
func (m *Machine) prepareOrOpen(id int) {
	a := &m.attempts[id]
	if a.held = m.waits(); a.held {
		return
	}
	op := Open
	if m.set.Prepare && !a.asked {
		op = Prepare
	}
	a.asked = true
	m.act(Action{Op: op, Attempt: id})
	if op == Open {
		m.releaseSpent(id)
	}
}
