package attempts

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// waits reports whether the call has to wait, because there is no network and it is to
// wait for one (SEMANTICS 1.1d). Other calls try regardless.
func (m *Machine) waits() bool { return m.offline && m.set.WaitForReady }

// Network reports that there is a network, or that there is none. What waited for it
// continues: first the restarts that were to begin at once, then the attempt that is
// due.
func (m *Machine) Network(now plan.Duration, up bool) {
	if m.endIfLate(now) {
		return
	}
	m.offline = !up
	for id := range m.attempts {
		if a := &m.attempts[id]; a.live && a.held {
			m.prepareOrOpen(now, id)
		}
	}
	m.startDue(now)
}

// prepareOrOpen asks for an attempt's next step, which is to get its own metadata or to
// send its request. Without a network, the attempt is held until there is one.
func (m *Machine) prepareOrOpen(now plan.Duration, id int) {
	a := &m.attempts[id]
	if a.held = m.waits(); a.held {
		return
	}
	op := Open
	if !a.asked {
		a.made = m.refreshes()
		if m.set.Prepare {
			op = Prepare
		}
	}
	a.asked = true
	m.act(Action{Op: op, Attempt: id})
	if op == Open {
		a.opened = true
		m.open(now, a)
		m.expectResponse(now, id)
		m.releaseSpent(id)
	}
}
