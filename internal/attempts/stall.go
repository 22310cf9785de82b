package attempts

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// StallSeconds is how long an application waits for a message, with its own
// request open and nothing received, before it is warned that fetch may be
// half-duplex (SEMANTICS 5.7b). A slow producer looks the same, so this is no more
// than a warning.
const StallSeconds = 5

// Awaits reports that the application waits for a message.
func (m *Machine) Awaits(now plan.Duration) {
	if m.endIfLate(now) {
		return
	}
	if m.phase == running && !m.request.complete && m.watched && m.stallAt == plan.Never {
		m.stallAt = now.After(StallSeconds * plan.Second)
		m.startDue(now)
	}
}

// stopStallWatch ends the watch: a response has come, or the warning was given.
func (m *Machine) stopStallWatch() { m.stallAt, m.watched = plan.Never, false }

func (m *Machine) warnStalled(now plan.Duration) {
	if now >= m.stallAt {
		m.stopStallWatch()
		m.Warn(0, Stalled)
	}
}
