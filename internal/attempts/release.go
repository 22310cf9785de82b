package attempts

// maxSpare is how many bytes of an open request a call without a policy keeps for a
// transparent restart (SEMANTICS 2.9g). A restart is rare, and must not cost the
// memory of a whole upload.
const maxSpare = 1 << 20

// releaseSpent lets the driver drop the part of the request that an attempt has taken, if
// no other attempt can ever send it: the call keeps nothing, neither for replay nor for a
// transparent restart.
func (m *Machine) releaseSpent(id int) {
	if !m.Replays() && !m.keepsForRestart() {
		m.release(id)
	}
}

func (m *Machine) keepsForRestart() bool {
	return m.set.Restarts && (m.request.complete || m.request.size <= maxSpare)
}

func (m *Machine) release(id int) {
	if m.released != id {
		m.released = id
		m.act(Action{Op: Release, Attempt: id})
	}
}

// whole reports whether another attempt could still send the whole request in place of
// this one, because nothing that this one took has been dropped.
func (m *Machine) whole(id int) bool { return m.released != id || m.attempts[id].taken == 0 }
