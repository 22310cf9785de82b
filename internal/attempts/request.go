package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// request is what the machine knows of the request's messages: how many there are and
// how long. The driver holds the messages themselves.
type request struct {
	queued   int   // messages
	complete bool  // half-closed
	size     int64 // bytes of all messages, including their frame prefixes
	written  int   // how many messages the application need not wait for any longer
	held     int64 // bytes charged to the quota
}

// Queue reports that the application sends a message. Its size is in bytes and includes
// the frame prefix. If the message does not fit into the replay buffer, the call is
// committed to the attempt that is under way, or else to the next one (SEMANTICS 2.11c, 2.11d, 3.7a).
func (m *Machine) Queue(now plan.Duration, size int64) {
	if m.endIfLate(now) {
		return
	}
	m.request.queued++
	m.request.size += size
	if m.Replays() {
		m.keep(now, size)
	}
	if last := len(m.attempts) - 1; last >= 0 && m.attempts[last].live && m.attempts[last].asked {
		m.releaseSpent(last)
	}
	m.acknowledge()
}

// endIfLate ends the call if its deadline has come. It reports whether the call is over,
// so that an event comes too late.
func (m *Machine) endIfLate(now plan.Duration) bool {
	return m.phase == ended || m.phase == running && m.endIfExpired(now)
}

// keep charges a message to the replay buffer, or commits the call if it does not fit.
func (m *Machine) keep(now plan.Duration, size int64) {
	fits := m.set.Quota.charge(m.request.held, size)
	if fits {
		m.request.held += size
	}
	m.observeBuffer(now, !fits)
	if !fits {
		m.overflow(now)
	}
}

// Replays reports whether messages are kept so that further attempts can send them.
func (m *Machine) Replays() bool { return m.set.Quota != nil && m.commit < 0 && !m.final }

func (m *Machine) overflow(now plan.Duration) {
	if m.active == 0 {
		m.final = true
		m.free(now)
		return
	}
	m.commitTo(now, m.furthest(), status.ReasonBufferExceeded)
	m.setTimer(now)
}

// furthest returns the live attempt that has sent the most messages; of several with
// as many, the first.
func (m *Machine) furthest() int {
	best := -1
	for i := range m.attempts {
		if m.attempts[i].live && (best < 0 || m.attempts[i].taken > m.attempts[best].taken) {
			best = i
		}
	}
	return best
}

// HalfClose reports that no further message follows.
func (m *Machine) HalfClose(now plan.Duration) {
	if m.endIfLate(now) {
		return
	}
	m.request.complete, m.stallAt = true, plan.Never
	if !m.set.Duplex {
		for id := range m.attempts {
			m.expectResponse(now, id)
		}
	}
	if m.started == 0 {
		m.next = now
	}
	m.startDue(now)
}

// Took reports how many of the request's messages the transport has taken for an
// attempt so far. More than were queued cannot be: such a number is cut, so that no
// driver's mistake tells an application that messages went out which it has not sent.
func (m *Machine) Took(id, messages int) {
	if m.attempts[id].live {
		m.attempts[id].taken = min(messages, m.request.queued)
		m.acknowledge()
	}
}

// acknowledge tells the application how many of its messages it need not wait for.
func (m *Machine) acknowledge() {
	if n := m.accepted(); n > m.request.written {
		m.request.written = n
		if m.set.Writes {
			m.act(Action{Op: Written, Messages: n})
		}
	}
}

// accepted counts the messages that the application need not wait for: those that are
// kept for replay, or, if none are kept, those that an attempt has taken. So from the
// commit on, sending waits for the transport (SEMANTICS 2.11c, 3.6b). For a transport that takes complete
// requests only, messages wait in memory and the application does not.
func (m *Machine) accepted() int {
	if !m.set.Streams || m.Replays() {
		return m.request.queued
	}
	most := 0
	for i := range m.attempts {
		if m.attempts[i].live {
			most = max(most, m.attempts[i].taken)
		}
	}
	return most
}

// free gives back what the call holds of the replay buffer.
func (m *Machine) free(now plan.Duration) {
	if m.request.held == 0 {
		return
	}
	m.set.Quota.release(m.request.held)
	m.request.held = 0
	m.observeBuffer(now, false)
}

// observeBuffer tells the observers how much is kept for replay. If the call has not
// begun, they are told when it begins.
func (m *Machine) observeBuffer(now plan.Duration, exceeded bool) {
	if m.phase != idle {
		m.observe(Event{
			Kind: BufferChanged, At: now,
			CallBytes: m.request.held, ChannelBytes: m.set.Quota.Used(), Tripped: exceeded,
		})
	}
}
