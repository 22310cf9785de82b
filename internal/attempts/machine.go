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
	stall   plan.Duration // when to warn that the exchange seems stuck; Never: not now
	moves   bool          // it does not, or that was told: no warning any more
	offline bool          // there is no network

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
	return Machine{set: s, next: plan.Never, armed: plan.Never, stall: plan.Never, commit: -1, last: -1, answer: -1}
}

// Take hands out the actions since the last Take. They are valid until the next
// event.
func (m *Machine) Take() []Action {
	taken := m.actions
	m.actions = m.actions[:0]
	return taken
}

// Start begins the call, its request complete.
func (m *Machine) Start(now plan.Duration) {
	m.request.complete = true
	m.Begin(now)
}

// Begin begins the call: its deadline runs. Its first attempt begins too, unless
// the transport sends only requests that are complete.
func (m *Machine) Begin(now plan.Duration) {
	m.start(now)
	if m.expired(now) {
		return
	}
	if m.request.complete || m.set.Streams {
		m.next = now
	}
	m.turn(now)
}

func (m *Machine) start(now plan.Duration) {
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
		m.turn(now)
	}
}

// Finish ends the call from outside: the caller's cancel, the channel's
// closing, a fault of the client.
func (m *Machine) Finish(now plan.Duration, st *status.Status, reason status.CommitReason) {
	if m.phase == ended {
		return
	}
	if m.phase == idle {
		m.start(now)
	}
	m.end(now, st, reason)
}

// turn begins the attempts that are due, and arms the timer for what comes next.
func (m *Machine) turn(now plan.Duration) {
	for m.phase == running && m.next <= now && m.due(now) {
	}
	m.arm(now)
}

// due begins the next attempt, unless that has to wait for a network. A hedge is
// throttled when it is due; a retry was when its predecessor failed (SEMANTICS
// 2.3, 3.2).
func (m *Machine) due(now plan.Duration) bool {
	if m.started > 0 && m.set.Plan.Kind() == status.KindHedge && m.set.Throttle.Blocked() {
		m.freeze(now, status.ReasonThrottled)
		return true
	}
	if m.waits() {
		return false
	}
	m.next = plan.Never
	m.begin(now, m.kind())
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
	at := min(m.set.Deadline, m.stall)
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

// freeze: no further attempt begins. The call ends now if none is under way;
// the first cause is the one that is told.
func (m *Machine) freeze(now plan.Duration, why status.CommitReason) {
	m.next = plan.Never
	if m.frozen == status.ReasonNone {
		m.frozen = why
	}
	if m.active == 0 {
		m.endWith(now, m.last, m.frozen)
	}
}

// expired ends the call if its deadline has come.
func (m *Machine) expired(now plan.Duration) bool {
	if now < m.set.Deadline {
		return false
	}
	m.end(now, status.New(status.DeadlineExceeded, m.deadlineText()), status.ReasonDeadline)
	return true
}

// commitTo chooses an attempt for good (SEMANTICS 2.2): the others are aborted,
// nothing is kept for replay any more.
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
	m.act(Action{Op: Release, Attempt: id})
}

// endWith ends the call with the status of an attempt.
func (m *Machine) endWith(now plan.Duration, id int, why status.CommitReason) {
	m.answer = id
	m.end(now, m.attempts[id].status, why)
}

// end is the one way out of a call.
func (m *Machine) end(now plan.Duration, st *status.Status, why status.CommitReason) {
	m.phase, m.outcome, m.next = ended, st, plan.Never
	m.free(now)
	for i := range m.attempts {
		m.abort(now, i)
	}
	if m.commit < 0 {
		m.reason = why
		m.observe(Event{Kind: Committed, At: now, Attempt: m.answerNumber(), Reason: why})
	}
	if st.Code == status.OK && m.set.Throttle != nil {
		m.set.Throttle.Refund()
		m.observeThrottle(now)
	}
	if m.armed != plan.Never {
		m.armed = plan.Never
		m.act(Action{Op: Arm, At: plan.Never})
	}
	m.observe(Event{
		Kind: CallEnded, At: now, Code: int(st.Code), Message: st.Message,
		Attempts: len(m.attempts), Reason: m.reason,
	})
	m.act(Action{Op: End, Attempt: m.answer})
}

func (m *Machine) answerNumber() int {
	if m.answer < 0 {
		return 0
	}
	return m.attempts[m.answer].record.Number
}

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
