package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/explain"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// expectResponse begins the time within which something of an attempt's response has to
// arrive (SEMANTICS 8.2a). It counts from when the transport gets the attempt. If the
// transport shows no response before the request has ended, it counts from there.
func (m *Machine) expectResponse(now plan.Duration, id int) {
	a := &m.attempts[id]
	if m.set.RecvTimeout > 0 && a.live && a.opened && a.record.HeadAt == status.None && (m.request.complete || m.set.Duplex) {
		a.silentAt = now.After(m.set.RecvTimeout)
	}
}

// silentAt returns the earliest instant at which an attempt has been silent for too long,
// or Never.
func (m *Machine) silentAt() plan.Duration {
	at := plan.Never
	if m.set.RecvTimeout > 0 {
		for id := range m.attempts {
			if a := &m.attempts[id]; a.live {
				at = min(at, a.silentAt)
			}
		}
	}
	return at
}

// endSilent ends the attempts of which nothing has arrived in time.
//
// A timer that is very late shows that the page slept. What arrived meanwhile may still be
// waiting to be told, so every attempt gets its time once more; but only once, because in
// a page in the background all timers are late (SEMANTICS 8.2c).
func (m *Machine) endSilent(now plan.Duration) {
	if m.silentAt() > now {
		return
	}
	for id := range m.attempts {
		a := &m.attempts[id]
		switch {
		case now < a.silentAt:
		case now-a.silentAt >= m.set.RecvTimeout && !a.spared:
			a.spared, a.silentAt = true, now.After(m.set.RecvTimeout)
		default:
			a.silent, a.silentAt = true, plan.Never
		}
	}
	for id := range len(m.attempts) { // further attempts may begin meanwhile
		if a := &m.attempts[id]; a.live && a.silent {
			m.Discard(id)
			m.Ended(now, id, plan.Outcome{Status: m.silence(id), Pushback: plan.NoPushback, Progress: plan.Silent})
		}
	}
}

// silence is the status of an attempt that was silent.
func (m *Machine) silence(id int) *status.Status {
	message := "attempt " + text.Decimal(m.Number(id)) + explain.SilentMark + text.Span(int64(m.set.RecvTimeout))
	if endpoint := m.attempts[id].record.Endpoint; endpoint != "" {
		message += " from " + endpoint
	}
	return status.New(status.Unavailable, message)
}
