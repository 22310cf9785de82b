package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// commitTo commits the call to an attempt (SEMANTICS 2.2): the others are aborted, and
// nothing is kept for replay any longer.
func (m *Machine) commitTo(now plan.Duration, id int, why status.CommitReason) {
	if m.commit >= 0 {
		return
	}
	m.commit, m.reason, m.next = id, why, plan.Never
	m.attempts[id].record.Outcome = status.OutcomeCommitted
	m.free(now)
	for i := range m.attempts {
		if i != id {
			m.abort(now, i)
		}
	}
	m.observe(Event{Kind: Committed, At: now, Attempt: m.attempts[id].record.Number, Reason: why})
	m.release(id)
}

// endWith ends the call with the status of an attempt.
func (m *Machine) endWith(now plan.Duration, id int, why status.CommitReason) {
	m.answer = id
	m.end(now, m.attempts[id].status, why)
}

// end ends the call. Every call ends here.
func (m *Machine) end(now plan.Duration, st *status.Status, why status.CommitReason) {
	m.phase, m.outcome, m.next = ended, st, plan.Never
	if m.commit < 0 {
		m.reason = why
	}
	m.free(now)
	for i := range m.attempts {
		m.abort(now, i)
	}
	if m.commit < 0 {
		m.observe(Event{Kind: Committed, At: now, Attempt: m.answerNumber(), Reason: why})
	}
	if st.Code == status.OK {
		m.set.Budget.Won()
	}
	if st.Code == status.OK && m.set.Throttle != nil {
		m.set.Throttle.Refund()
		m.observeThrottle(now)
	}
	if m.armed != plan.Never {
		m.armed = plan.Never
		m.act(Action{Op: Timer, At: plan.Never})
	}
	m.observe(Event{
		Kind: CallEnded, At: now, Code: int(st.Code), Message: st.Message,
		Attempts: len(m.attempts), Reason: m.reason,
	})
	m.act(Action{Op: End, Attempt: m.answer, Drop: m.answer < 0})
}

func (m *Machine) answerNumber() int {
	if m.answer < 0 {
		return 0
	}
	return m.attempts[m.answer].record.Number
}

// freeze lets no further counted attempt begin; a transparent restart of one that is under
// way still may. The call ends now if no attempt is under way. Of several reasons, the
// first one is reported.
func (m *Machine) freeze(now plan.Duration, why status.CommitReason) {
	m.next = plan.Never
	if m.frozen == status.ReasonNone {
		m.frozen = why
	}
	if m.active == 0 {
		m.endWith(now, m.last, m.frozen)
	}
}
