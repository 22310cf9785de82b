package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/endpoints"
)

// Endpoint is the index of the base URL that an attempt is sent to.
func (m *Machine) Endpoint(id int) int { return m.attempts[id].endpoint }

// Stay has the transparent restart that follows sent to the same endpoint, since that is
// what it tries out.
func (m *Machine) Stay() { m.stays = true }

// choose chooses the endpoint of an attempt: another one than the attempt before had. A
// refused attempt is sent again to where it was refused.
//
//go:noinline
func (m *Machine) choose(now plan.Duration, id int) {
	if m.set.Endpoints == nil {
		return
	}
	a := &m.attempts[id]
	tried, last := uint32(0), 0
	for i := range id {
		last = m.attempts[i].endpoint
		tried |= 1 << uint(last)
		if m.attempts[i].record.Number == a.record.Number {
			a.endpoint = last
		}
	}
	if a.record.Kind != status.KindRefresh && !m.stays {
		a.endpoint = m.set.Endpoints.Pick(now, tried, last, m.heals(), m.set.Usual != nil)
	}
	m.stays = false
	a.record.Endpoint = m.set.Endpoints.URL(a.endpoint)
}

// heals is what the policy makes of an attempt that fails or hangs.
func (m *Machine) heals() endpoints.Heals {
	switch {
	case m.set.Plan.Kind() == status.KindHedge || m.set.RecvTimeout > 0:
		return endpoints.Silent
	case m.set.Plan.Kind() == status.KindRetry:
		return endpoints.Failed
	}
	return endpoints.Never
}

// open tells the endpoints that an attempt is sent.
//
//go:noinline
func (m *Machine) open(now plan.Duration, a *attempt) {
	if m.set.Endpoints != nil {
		a.openedAt = now
		m.set.Endpoints.Opened(now, a.endpoint, m.set.Usual)
	}
}

// hear tells the endpoints what became of an attempt. After an answer, only that it fails
// all the same is news.
//
//go:noinline
func (m *Machine) hear(now plan.Duration, id int, o endpoints.Outcome) {
	a := &m.attempts[id]
	if m.set.Endpoints == nil || !a.opened || a.heard && o != endpoints.Failing {
		return
	}
	usual := m.set.Usual
	if a.heard {
		usual = nil
	}
	a.heard = true
	m.set.Endpoints.Heard(now, a.endpoint, o, now-a.openedAt, usual)
}

// shows is what the end of an attempt shows of its endpoint (SEMANTICS 8.6c). While there
// is no network, it shows nothing; nor does what the browser did not let be sent.
func (m *Machine) shows(id int, o plan.Outcome) endpoints.Outcome {
	a := &m.attempts[id]
	switch {
	case m.offline || m.stays:
	case o.Status.Code == status.Unavailable || a.record.HTTPStatus >= 500 || o.Progress == plan.Lost:
		return endpoints.Failing
	case a.record.HeadAt != status.None:
		return endpoints.Answered
	}
	return endpoints.CutOff
}

// abortShows is what it shows that an attempt was given up before it was answered: at the
// deadline, that nothing arrived in time.
func (m *Machine) abortShows(id int) endpoints.Outcome {
	if m.reason == status.ReasonDeadline && m.attempts[id].record.HeadAt == status.None && !m.offline {
		return endpoints.Late
	}
	return endpoints.CutOff
}
