package attempts

import (
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// endIfExpired ends the call if its deadline has come, and reports whether it has. A
// status that had come whole by then stands (SEMANTICS 2.12f).
func (m *Machine) endIfExpired(now plan.Duration) bool {
	if now < m.set.Deadline {
		return false
	}
	if m.endSettled(now) {
		return true
	}
	m.end(now, status.New(status.DeadlineExceeded, m.deadlineText()), status.ReasonDeadline)
	return true
}

// deadlineText says what the deadline interrupted (SEMANTICS 2.4d).
func (m *Machine) deadlineText() string {
	if m.set.Deadline <= m.begun {
		return "the deadline had passed before the call began: nothing was sent"
	}
	said := "the deadline of " + text.Span(int64(m.set.Deadline-m.begun)) + " passed "
	switch {
	case m.active > 0 && m.attempts[len(m.attempts)-1].unfresh:
		said += "while waiting for fresh credentials for attempt " + text.Decimal(m.Number(len(m.attempts)-1))
	case m.active > 0:
		said += "during attempt " + text.Decimal(m.started)
	case m.waits():
		said += "while waiting for a network to begin attempt " + text.Decimal(m.started+1)
	case m.started == 0:
		said += "before the end of the request, which the transport waits for: nothing was sent"
	default:
		said += "while waiting to begin attempt " + text.Decimal(m.started+1)
	}
	if m.last >= 0 {
		failed := &m.attempts[m.last]
		said += "; attempt " + text.Decimal(failed.record.Number) + " had failed with " + failed.status.Error()
	}
	return said
}
