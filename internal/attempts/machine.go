// Package attempts is the state machine that takes one call through its attempts. It
// counts them, accounts for what is kept for replay, commits, throttles, and heeds
// pushback, the deadline and the caller's cancel.
//
// A driver tells the machine what happened, and when, and carries out the actions
// that it answers with. The machine never waits, locks, reads a clock or holds a
// payload. JavaScript's event loop drives it in the npm package, goroutines drive it
// in the Go API, and scripts drive it in tests.
package attempts

import (
	"github.com/hedgerow-web/hedgerow/internal/endpoints"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Settings are what a Machine is made with.
type Settings struct {
	Plan         plan.Plan
	Pacer        plan.Pacer      // nil: hedges begin when the plan says
	Throttle     *Throttle       // nil: the channel has none
	Budget       *Budget         // nil: retries and hedges cost nothing
	Quota        *Quota          // nil: nothing is kept for replay, since the call makes only one attempt
	Credentials  *Credentials    // nil: they are not refreshed
	Endpoints    *endpoints.Pool // nil: the channel has one base URL
	Usual        *float32        // what quick answers to the method take, in ns, which Endpoints learn; nil: its answers are not timed
	Deadline     plan.Duration   // an instant; Never: none
	MaxAttempts  int             // how many attempts the plan allows, which observers are told
	RecvTimeout  plan.Duration   // how long an attempt may be silent; 0: for ever
	Prepare      bool            // ask the driver for metadata before each attempt
	Streams      bool            // the transport sends messages as they come; otherwise it sends complete requests only
	Duplex       bool            // a response may come before the request has ended
	Restarts     bool            // the transport can tell that it sent nothing, so that another attempt may take the place of this one
	Writes       bool            // emit Written actions
	WaitForReady bool            // while there is no network, wait for one
	Observe      bool            // emit Observe actions
}

// Machine is one call. Its methods are events, except for the commands in command.go and
// the questions in view.go. Take returns the actions that events and commands caused. A
// Machine is not safe for concurrent use and must not be copied after it has begun.
type Machine struct {
	set   Settings
	phase phase
	begun plan.Duration // when the call began

	attempts []attempt
	started  int  // attempts made, not counting transparent restarts
	active   int  // attempts under way
	restarts int  // transparent restarts made
	refused  bool // a server has refused an attempt before any application saw it
	seen     bool // a server may have run an attempt
	made     int  // how many refreshes of the credentials had ended when the call began
	stays    bool // the next transparent restart is sent to the same endpoint

	next    plan.Duration // when the next attempt is due, or was due if it waits for a network; Never: none is due
	armed   plan.Duration // what the driver's timer is set to
	freed   bool          // the next attempt is due because another one has failed
	commit  int           // the index of the committed attempt; -1: none
	headed  bool          // the application has the committed attempt's header
	reason  status.CommitReason
	frozen  status.CommitReason // why no further counted attempt may begin; transparent restarts still may
	final   bool                // the next attempt is committed when it begins
	last    int                 // the index of the attempt that failed last; -1: none
	answer  int                 // the index of the attempt whose status is the call's; -1: the status is the client's own
	outcome *status.Status

	request request
	// released is the index of the only attempt that still needs the request; -1: none
	// was released yet.
	released int
	stallAt  plan.Duration // when to warn that the exchange seems to stall; Never: not now
	watched  bool          // a warning may follow: no response has come yet, and none was given
	offline  bool          // there is no network

	actions []Action
	inline  struct { // space for what nearly every call needs, which saves two allocations
		attempts [1]attempt
		actions  [6]Action
	}
}

type phase uint8

const (
	idle phase = iota
	running
	ended
)

// Init makes the zero Machine that of a call that has not begun.
func (m *Machine) Init(s Settings) {
	m.set = s
	m.next, m.armed, m.stallAt, m.watched = plan.Never, plan.Never, plan.Never, true
	m.commit, m.last, m.answer, m.released = -1, -1, -1, -1
}

// Take returns the actions since the last Take. They are valid until the next event.
func (m *Machine) Take() []Action {
	taken := m.actions
	m.actions = m.actions[:0]
	return taken
}

// Begin begins the call: from now on its deadline runs. Its first attempt begins
// too, unless the transport sends only complete requests and this one is still
// open. Messages may be queued, and the request half-closed, before or after.
func (m *Machine) Begin(now plan.Duration) {
	m.noteBegun(now)
	if m.endIfExpired(now) {
		return
	}
	if m.request.complete || m.set.Streams {
		m.next = now
	}
	m.startDue(now)
}

// noteBegun starts the clock of the call and tells the observers what it begins with.
func (m *Machine) noteBegun(now plan.Duration) {
	m.phase, m.begun, m.made = running, now, m.refreshes()
	m.set.Budget.Earn(now)
	if m.set.Pacer != nil {
		m.set.Pacer.Begin(now)
	}
	m.observe(Event{Kind: CallStarted, At: now, Attempts: m.set.MaxAttempts, Why: m.set.Plan.Kind(), Timeout: m.timeout(now)})
	if m.request.held > 0 || m.final {
		m.observeBuffer(now, m.final)
	}
}

func (m *Machine) timeout(now plan.Duration) plan.Duration {
	if m.set.Deadline == plan.Never {
		return plan.Never
	}
	return m.set.Deadline - now
}

// Timer reports that the instant of the last Timer action may have come. It may be called too
// early or too late.
func (m *Machine) Timer(now plan.Duration) {
	if m.phase != running {
		return
	}
	m.armed = plan.Never
	if !m.endIfExpired(now) {
		m.endLingering(now)
		m.endSilent(now)
		m.warnStalled(now)
		m.startDue(now)
	}
}

// Finish ends the call for a reason that is not an attempt's: the caller canceled it,
// its channel was closed, or the client itself failed.
func (m *Machine) Finish(now plan.Duration, st *status.Status, reason status.CommitReason) {
	if m.phase == ended {
		return
	}
	if m.phase == idle {
		m.noteBegun(now)
	}
	if reason != status.ReasonCanceled || !m.endSettled(now) {
		m.end(now, st, reason)
	}
}

// startDue begins the attempts that are due, and sets the timer for what comes next.
func (m *Machine) startDue(now plan.Duration) {
	for m.phase == running && m.next <= now && m.startNext(now) {
	}
	m.setTimer(now)
}

// startNext begins the next attempt, unless it has to wait for a network. The throttle
// and the budget are asked about a hedge when the hedge is due, and about a retry when
// its predecessor fails (SEMANTICS 2.3e, 3.2d, 8.7b).
func (m *Machine) startNext(now plan.Duration) bool {
	hedges := m.started > 0 && m.set.Plan.Kind() == status.KindHedge
	if hedges && (m.set.Throttle.Blocked() || !m.affords(now)) {
		m.freeze(now, status.ReasonThrottled)
		return true
	}
	if m.waits() {
		return false
	}
	if hedges {
		if m.putOff(now) {
			return true
		}
		m.pays(now)
	}
	m.next, m.freed = plan.Never, false
	m.startAttempt(now, m.kind())
	return true
}

func (m *Machine) kind() status.AttemptKind {
	if m.started == 0 {
		return status.KindFirst
	}
	return m.set.Plan.Kind()
}

// setTimer sets the timer for what comes next. An attempt that is due already and waits for
// a network needs no timer.
func (m *Machine) setTimer(now plan.Duration) {
	if m.phase != running {
		return
	}
	at := min(m.set.Deadline, m.stallAt, m.silentAt())
	if m.next > now {
		at = min(at, m.next)
	}
	patient := false
	if end := m.lingerAt(); end < at {
		at, patient = end, true
	}
	if at != m.armed {
		m.armed = at
		m.act(Action{Op: Timer, At: at, Patient: patient})
	}
}

// schedule sets when the next attempt is due, in place of an earlier schedule.
func (m *Machine) schedule(now, delay plan.Duration) { m.next = now.After(delay) }

// act is called in many places: inlined, it would add kilobytes to the WebAssembly.
//
//go:noinline
func (m *Machine) act(a Action) {
	if m.actions == nil {
		m.actions = m.inline.actions[:0]
	}
	at := len(m.actions)
	if at == cap(m.actions) {
		m.actions = append(m.actions, a)
		return
	}
	m.actions = m.actions[:at+1] // TinyGo's append would call a function of the browser's to copy
	m.actions[at] = a
}

func (m *Machine) observe(e Event) {
	if m.set.Observe {
		told := e // a copy, or else e would be allocated even when nobody listens
		m.act(Action{Op: Observe, Event: &told})
	}
}

func (m *Machine) observeThrottle(now plan.Duration) {
	tokens, full := m.set.Throttle.Tokens()
	m.observe(Event{
		Kind: ThrottleChanged, At: now,
		Tokens: tokens, MaxTokens: full, Tripped: m.set.Throttle.Blocked(),
	})
}
