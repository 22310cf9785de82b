package attempts

import (
	"github.com/hedgerow-web/hedgerow/internal/endpoints"
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// attempt is one HTTP exchange of a call.
type attempt struct {
	record status.AttemptRecord
	status *status.Status // how it ended
	live   bool           // it is under way; what an attempt reports later is ignored
	asked  bool           // the driver was asked to prepare or open it
	opened bool           // the driver was asked to open it
	held   bool           // its next step waits for a network
	made   int            // how many refreshes of the credentials had ended when it got its own
	taken  int            // how many request messages the transport has taken

	settled  plan.Outcome  // its outcome unless more of its body comes; without a status: not known yet
	lingerAt plan.Duration // when to stop waiting for the end of its body; Never: not waiting
	unfresh  bool          // it waits for fresh credentials
	endpoint int           // where it is sent
	openedAt plan.Duration // when it was
	heard    bool          // the endpoints know what became of it
	silentAt plan.Duration // when to stop waiting for anything of its response; Never: not now
	silent   bool          // that time is over
	spared   bool          // it got that time once more, because the page had slept
}

// maxRestarts limits the transparent restarts of a call, so that a transport that can
// never send does not keep a call going for ever (SEMANTICS 2.9a).
const maxRestarts = 1000

// startAttempt makes an attempt that counts, and asks the plan whether another one is
// to begin beside it.
func (m *Machine) startAttempt(now plan.Duration, kind status.AttemptKind) {
	m.started++
	m.addAttempt(now, kind, m.started)
	if m.commit >= 0 {
		return
	}
	if delay, ok := m.set.Plan.Started(m.started); ok {
		m.schedule(now, delay)
		m.observe(Event{Kind: HedgeScheduled, At: now, Delay: delay, Pushback: plan.NoPushback})
	}
}

// addAttempt makes an attempt and asks for its first step. Transparent restarts are
// made here too: a restart has the number of the attempt that it replaces.
func (m *Machine) addAttempt(now plan.Duration, kind status.AttemptKind, number int) {
	m.prepareOrOpen(now, m.newAttempt(now, kind, number))
}

// newAttempt makes an attempt whose first step is not asked for yet.
func (m *Machine) newAttempt(now plan.Duration, kind status.AttemptKind, number int) (id int) {
	id = len(m.attempts)
	if m.attempts == nil {
		m.attempts = m.inline.attempts[:0]
	}
	m.attempts = append(m.attempts, attempt{live: true, lingerAt: plan.Never, silentAt: plan.Never, record: status.AttemptRecord{
		Number: number, Kind: kind, StartedAt: m.since(now), HeadAt: status.None, EndedAt: status.None,
		HTTPStatus: status.None, Code: status.None, Pushback: status.NoPushback,
	}})
	m.active++
	m.choose(now, id)
	m.observe(Event{Kind: AttemptStarted, At: now, Attempt: number, Why: kind, Message: m.attempts[id].record.Endpoint})
	if m.final {
		m.commitTo(now, id, status.ReasonBufferExceeded)
	}
	return id
}

func (m *Machine) since(now plan.Duration) int64 { return int64(now - m.begun) }

// Prepared reports that the driver has the attempt's own metadata.
func (m *Machine) Prepared(now plan.Duration, id int) {
	if m.attempts[id].live && !m.endIfExpired(now) {
		m.prepareOrOpen(now, id)
		m.setTimer(now)
	}
}

// Unprepared reports that the attempt's own metadata could not be got. It ends the
// call. Nothing was sent, so no throttle token is taken.
func (m *Machine) Unprepared(now plan.Duration, id int, st *status.Status) {
	if !m.attempts[id].live || m.endIfExpired(now) {
		return
	}
	m.noteEnded(now, id, plan.Outcome{Status: st, Pushback: plan.NoPushback})
	m.endWith(now, id, status.ReasonFatalStatus)
}

// Broken reports that an attempt failed on this side, so that no other could do better: the
// call ends with this status, whatever the policy lists. A response, if there is one, is
// given up.
func (m *Machine) Broken(now plan.Duration, id int, st *status.Status) {
	if !m.attempts[id].live {
		return
	}
	m.noteEnded(now, id, plan.Outcome{Status: st, Pushback: plan.NoPushback})
	m.act(Action{Op: Abort, Attempt: id})
	m.end(now, st, status.ReasonInternal)
}

// Head reports that a response head arrived. Whether it commits the call is not known
// yet. It returns false if the attempt is no longer live.
func (m *Machine) Head(now plan.Duration, id, httpStatus int) bool {
	a := &m.attempts[id]
	if !a.live || m.endIfExpired(now) {
		return false
	}
	m.stopStallWatch()
	a.silentAt = plan.Never
	a.record.HeadAt, a.record.HTTPStatus = m.since(now), httpStatus
	m.observe(Event{Kind: AttemptHead, At: now, Attempt: a.record.Number, HTTP: httpStatus})
	return true
}

// Commit reports that the response is more than Trailers-Only (SEMANTICS 2.2a). Its header
// goes to the application.
func (m *Machine) Commit(now plan.Duration, id int) {
	if !m.attempts[id].live || m.endIfExpired(now) {
		return
	}
	if !m.headed {
		m.learn(now, id, true)
	}
	m.hear(now, id, endpoints.Answered)
	m.commitTo(now, id, status.ReasonResponseHeaders)
	if !m.headed {
		m.headed = true
		m.act(Action{Op: Head, Attempt: id})
	}
	m.startDue(now)
}

// Ended reports that an attempt is over, and how (SEMANTICS 2.3, 3.3).
func (m *Machine) Ended(now plan.Duration, id int, o plan.Outcome) {
	if !m.attempts[id].live || m.endIfExpired(now) {
		return
	}
	if o.Status.Code == status.OK { // Trailers-Only, or committed already
		m.Commit(now, id)
	}
	m.noteEnded(now, id, o)
	switch {
	case m.commit == id:
		m.endWith(now, id, m.reason)
	case o.Progress == plan.Dropped:
		m.endWith(now, id, status.ReasonDrop)
	case o.Progress == plan.Final:
		m.endWith(now, id, status.ReasonFatalStatus)
	case m.transparent(id, o.Progress):
		m.restartAttempt(now, id)
	case m.refusedCredentials(id, o):
		m.refresh(now, id)
	default:
		m.failed(now, id, o)
	}
	m.startDue(now)
}

// noteEnded records how an attempt ended. It is not live any more.
func (m *Machine) noteEnded(now plan.Duration, id int, o plan.Outcome) {
	outcome := status.OutcomeFailed
	if m.commit == id {
		outcome = status.OutcomeCommitted
	}
	a := &m.attempts[id]
	if !m.headed {
		m.learn(now, id, false)
	}
	m.hear(now, id, m.shows(id, o))
	a.live, a.status = false, o.Status
	m.active--
	r := &a.record
	r.Outcome, r.EndedAt, r.Pushback = outcome, m.since(now), int64(o.Pushback)
	r.Code, r.Message = int(o.Status.Code), o.Status.Message
	m.observe(Event{
		Kind: AttemptEnded, At: now, Attempt: r.Number, Outcome: outcome,
		Code: r.Code, Message: r.Message, Pushback: o.Pushback,
	})
}

// abort ends an attempt that is still under way. How it would have ended is never
// reported and changes no throttle token.
func (m *Machine) abort(now plan.Duration, id int) {
	a := &m.attempts[id]
	if !a.live {
		return
	}
	a.live = false
	m.active--
	if !m.headed || m.commit != id {
		m.learn(now, id, false)
	}
	m.hear(now, id, m.abortShows(id))
	a.record.Outcome, a.record.EndedAt = status.OutcomeAborted, m.since(now)
	m.observe(Event{
		Kind: AttemptEnded, At: now, Attempt: a.record.Number, Outcome: status.OutcomeAborted,
		Code: status.None, Pushback: plan.NoPushback,
	})
	if a.asked {
		m.act(Action{Op: Abort, Attempt: id})
	}
	if a.unfresh {
		m.stopWaiting(id)
	}
}

// transparent reports whether another attempt may take the place of one without
// being counted: no application saw the attempt, and its request can be sent again
// (SEMANTICS 2.9a, 2.9b, 2.9g).
func (m *Machine) transparent(id int, p plan.Progress) bool {
	switch {
	case !m.whole(id):
	case p == plan.NotSent:
		return true
	case p == plan.Refused && !m.seen && !m.refused:
		m.refused = true
		return true
	}
	m.seen = true
	return false
}

// restartAttempt replaces an attempt by another one with the same number, at once or
// as soon as there is a network.
func (m *Machine) restartAttempt(now plan.Duration, id int) {
	if m.restarts++; m.restarts > maxRestarts {
		m.end(now, status.New(status.Internal, "the transport could not send the request in "+
			text.Decimal(maxRestarts)+" tries; the last one said: "+m.attempts[id].status.Error()), status.ReasonInternal)
		return
	}
	m.addAttempt(now, status.KindTransparent, m.attempts[id].record.Number)
}

// failed asks the plan what follows a failure, and the throttle whether it may follow:
// SEMANTICS 2.3d to 2.3i, and 3.3c to 3.3m.
func (m *Machine) failed(now plan.Duration, id int, o plan.Outcome) {
	m.last = id
	v := m.set.Plan.Failed(m.started, o)
	if v.Strike && m.set.Throttle != nil {
		m.set.Throttle.Strike()
		m.observeThrottle(now)
	}
	m.noteAnswered(id, v.Strike)
	switch {
	case v.Next == plan.Fatal:
		m.endWith(now, id, v.Reason)
	case m.set.Throttle.Blocked():
		m.freeze(now, status.ReasonThrottled)
	case v.Next == plan.Hold || m.frozen != status.ReasonNone:
		m.freeze(now, v.Reason)
	case m.set.Plan.Kind() == status.KindRetry && !m.pays(now):
		m.freeze(now, status.ReasonThrottled)
	default:
		m.schedule(now, v.After)
		m.freed = true
		m.observeWait(now, v, o.Pushback)
	}
}

func (m *Machine) observeWait(now plan.Duration, v plan.Verdict, p plan.Pushback) {
	e := Event{Kind: Backoff, At: now, Delay: v.After, Bound: v.Bound, Pushback: p}
	if m.set.Plan.Kind() == status.KindHedge {
		e.Kind = HedgeScheduled
	}
	m.observe(e)
}
