// Package attempts is the machine that takes one call through its attempts: it
// counts them, keeps what is sent for replay, commits, throttles, and heeds
// pushback, the deadline and the caller's cancel.
//
// A driver tells it what happened, with the instant, and carries out the
// actions that it answers with. Nothing in it waits, locks, reads a clock or
// holds a payload: it is turned by JavaScript's event loop in the npm package,
// by goroutines in the Go API, and by scripts in tests.
package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Settings are what a call is made with.
type Settings struct {
	Plan         plan.Plan
	Throttle     *Throttle     // nil: the channel has none
	Quota        *Quota        // nil: nothing is kept for replay, as for a call that makes one attempt
	Deadline     plan.Duration // an instant; Never: none
	MaxAttempts  int           // what the plan allows, to tell observers
	Prepare      bool          // ask the driver for metadata before each attempt
	Streams      bool          // the transport sends messages as they come; else requests that are complete
	Restarts     bool          // the transport can tell that it sent nothing, so that another attempt may take the place of this one
	Writes       bool          // emit Written actions
	WaitForReady bool          // without a network, wait for it
	Observe      bool          // emit Observe actions
}

// Machine is one call. Its methods are events; Take hands out the actions they
// caused. It is not safe for concurrent use, and not to be copied once it began.
type Machine struct {
	set   Settings
	phase phase
	begun plan.Duration // when the call began

	attempts []attempt
	started  int  // attempts made, transparent restarts not counted
	active   int  // attempts under way
	restarts int  // transparent ones
	refused  bool // a server refused an attempt once already
	seen     bool // a server may have run an attempt

	next    plan.Duration // when the next attempt is due, or was: it may wait for a network. Never: none is
	armed   plan.Duration // what the driver's timer stands at
	commit  int           // the committed attempt; none: -1
	headed  bool          // the application has its header
	reason  status.CommitReason
	frozen  status.CommitReason // why no further attempt may begin
	final   bool                // the next attempt is committed as it begins
	last    int                 // the attempt that failed last; none: -1
	answer  int                 // the attempt whose status is the call's; the client's own: -1
	outcome *status.Status

	request request
	// released is the attempt that alone needs the request from now on; none: -1.
	released int
	stallAt  plan.Duration // when to warn that the exchange seems to stall; Never: not now
	watched  bool          // a warning may follow: no response has come yet, and none was given
	offline  bool          // there is no network

	actions []Action
	rooms   struct { // for what nearly every call makes do with: not one more allocation each
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

// New makes a call that has not begun.
func New(s Settings) Machine {
	return Machine{set: s, next: plan.Never, armed: plan.Never, stallAt: plan.Never, watched: true, commit: -1, last: -1, answer: -1, released: -1}
}

// Take hands out the actions since the last Take. They are valid until the next
// event.
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
	if m.expired(now) {
		return
	}
	if m.request.complete || m.set.Streams {
		m.next = now
	}
	m.startDue(now)
}

// noteBegun starts the clock of the call and tells the observers what it begins with.
func (m *Machine) noteBegun(now plan.Duration) {
	m.phase, m.begun = running, now
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

// Timer: the instant that was armed may have come. Early and late calls are fine.
func (m *Machine) Timer(now plan.Duration) {
	if m.phase != running {
		return
	}
	m.armed = plan.Never
	if !m.expired(now) {
		m.warnStalled(now)
		m.startDue(now)
	}
}

// Finish ends the call from outside: the caller's cancel, the channel's
// closing, a fault of the client.
func (m *Machine) Finish(now plan.Duration, st *status.Status, reason status.CommitReason) {
	if m.phase == ended {
		return
	}
	if m.phase == idle {
		m.noteBegun(now)
	}
	m.end(now, st, reason)
}

// startDue begins the attempts that are due, and arms the timer for what comes next.
func (m *Machine) startDue(now plan.Duration) {
	for m.phase == running && m.next <= now && m.startNext(now) {
	}
	m.arm(now)
}

// startNext begins the next attempt, unless that has to wait for a network. A hedge is
// throttled when it is due; a retry was when its predecessor failed (SEMANTICS
// 2.3e, 3.2d).
func (m *Machine) startNext(now plan.Duration) bool {
	if m.started > 0 && m.set.Plan.Kind() == status.KindHedge && m.set.Throttle.Blocked() {
		m.freeze(now, status.ReasonThrottled)
		return true
	}
	if m.waits() {
		return false
	}
	m.next = plan.Never
	m.startAttempt(now, m.kind())
	return true
}

func (m *Machine) kind() status.AttemptKind {
	if m.started == 0 {
		return status.KindFirst
	}
	return m.set.Plan.Kind()
}

// arm sets the timer for what comes next. What is due already and waits for a
// network needs none.
func (m *Machine) arm(now plan.Duration) {
	if m.phase != running {
		return
	}
	at := min(m.set.Deadline, m.stallAt)
	if m.next > now {
		at = min(at, m.next)
	}
	if at != m.armed {
		m.armed = at
		m.act(Action{Op: Arm, At: at})
	}
}

// schedule sets when the next attempt is due, in place of what was due before.
func (m *Machine) schedule(now, delay plan.Duration) { m.next = now.After(delay) }

// Read asks the driver for the next piece of an attempt's response body.
func (m *Machine) Read(id int) { m.act(Action{Op: Read, Attempt: id}) }

// Inflate asks the driver to inflate the attempt's present payload, to so many
// bytes and one more.
func (m *Machine) Inflate(id int, limit int64) {
	m.act(Action{Op: Inflate, Attempt: id, Limit: limit})
}

// Warn asks the driver to tell the developer of something that is no error.
func (m *Machine) Warn(w Warning) { m.act(Action{Op: Warn, Warning: w}) }

// Discard asks the driver to let go of an attempt's response, whose end is known.
func (m *Machine) Discard(id int) { m.act(Action{Op: Abort, Attempt: id}) }

// act is not inlined: it stands everywhere, and would weigh kilobytes.
//
//go:noinline
func (m *Machine) act(a Action) {
	if m.actions == nil {
		m.actions = m.rooms.actions[:0]
	}
	m.actions = append(m.actions, a)
}

func (m *Machine) observe(e Event) {
	if m.set.Observe {
		told := e // or e itself would be allocated, also where nobody listens
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
