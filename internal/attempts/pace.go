package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// putOff asks the pacer whether a hedge that is due may begin, and otherwise schedules
// when to ask again. A call that has no attempt under way does not wait for what only
// other calls can bring about: it ends (SEMANTICS 8.5g).
func (m *Machine) putOff(now plan.Duration) bool {
	if m.set.Pacer == nil {
		return false
	}
	latest := &m.attempts[len(m.attempts)-1].record
	wait := m.set.Pacer.Due(now, plan.Duration(m.since(now)-latest.StartedAt), m.freed)
	switch {
	case wait == 0:
		return false
	case m.active == 0:
		m.freeze(now, status.ReasonThrottled)
	default:
		m.schedule(now, wait)
		m.observe(Event{Kind: HedgeScheduled, At: now, Delay: wait, Pushback: plan.NoPushback})
	}
	return true
}

// learn tells the pacer how long an attempt took until it was answered, or until it was
// given up without an answer. It is called once for each attempt.
func (m *Machine) learn(now plan.Duration, id int, answered bool) {
	if m.set.Pacer == nil {
		return
	}
	r := &m.attempts[id].record
	took := plan.Duration(m.since(now) - r.StartedAt)
	if answered {
		m.set.Pacer.Answered(took, r.Kind)
	} else {
		m.set.Pacer.CutOff(took, r.Kind)
	}
}
