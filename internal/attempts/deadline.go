package attempts

import (
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// expired ends the call if its deadline has come. A status that had come whole by
// then stands (SEMANTICS 2.12f).
func (m *Machine) expired(now plan.Duration) bool {
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
	text := "the deadline of " + milliseconds(m.set.Deadline-m.begun) + " passed "
	switch {
	case m.active > 0:
		text += "during attempt " + strconv.Itoa(m.started)
	case m.waits():
		text += "while waiting for a network to begin attempt " + strconv.Itoa(m.started+1)
	case m.started == 0:
		text += "before the end of the request, which the transport waits for: nothing was sent"
	default:
		text += "while waiting to begin attempt " + strconv.Itoa(m.started+1)
	}
	if m.last >= 0 {
		failed := &m.attempts[m.last]
		text += "; attempt " + strconv.Itoa(failed.record.Number) + " had failed with " + failed.status.Error()
	}
	return text
}

// milliseconds writes a span for people to read: "1500 ms", or "1.500 ms" with
// microseconds if there are any. (Formatting a float would add 10 KB to the
// WebAssembly.)
func milliseconds(d plan.Duration) string {
	text := strconv.FormatInt(int64(d/plan.Millisecond), 10)
	if rest := d % plan.Millisecond / 1000; rest > 0 {
		text += "." + strconv.FormatInt(int64(1000+rest), 10)[1:]
	}
	return text + " ms"
}
