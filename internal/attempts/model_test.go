package attempts_test

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/retry"
)

var walkSeed = flag.Int64("walk", 0, "replay the one random walk of this seed, and print its steps")

// TestWalks turns calls by random events, and checks after each what must hold
// whatever happens. A walk that fails names its seed: go test -run Walks -args -walk=<seed>.
func TestWalks(t *testing.T) {
	if *walkSeed != 0 {
		newWalk(t, *walkSeed, true).run()
		return
	}
	met := map[string]int{}
	for seed := int64(1); seed <= 14_000 && !t.Failed(); seed++ {
		w := newWalk(t, seed, false)
		w.run()
		w.meet("end for "+w.machine.Reason().String(), true)
		for what := range w.met {
			met[what]++
		}
	}
	for _, what := range []string{
		"overflow", "overflow with several attempts", "overflow without one", "first attempt waits for a network",
		"another attempt waits for a network", "restart waits for a network", "release without a commit", "warning", "silent attempt", "refresh", "refresh that fails", "refresh that is given up", "restart with fresh credentials", "message written by an attempt", "half-close after an attempt failed",
		"end before the half-close", "end for cancelled", "end for deadline", "end for throttled", "end for responseHeaders", "end for exhausted",
	} {
		if !t.Failed() && met[what] < 30 {
			t.Errorf("the walks do not spread: %d met %q", met[what], what)
		}
	}
}

// walk is one call of a channel whose other calls move the throttle too. It
// plays the application, the driver and the network, keeps what the call owes
// them, and compares.
type walk struct {
	t        *testing.T
	seed     int64
	verbose  bool
	random   *rand.Rand
	settings attempts.Settings
	machine  attempts.Machine
	now      plan.Duration
	met      map[string]bool

	// The application.
	open     bool // it begins the call with its request open
	begun    bool
	complete bool
	queued   int
	awaits   plan.Duration // since when; Never: it does not

	// The driver and the network.
	refreshing bool
	offline    bool
	armed      plan.Duration
	attempts   []*far

	// What was asked for.
	committed, headers, ends, warned int
	written                          int

	// The replay buffer's account.
	perCall, perChannel, held int64
	overflowed                bool
}

// far is what the driver knows of an attempt.
type far struct {
	asked, opened, prepared, headed, aborted, over, released bool
	taken                                                    int
}

func newWalk(t *testing.T, seed int64, verbose bool) *walk {
	r := rand.New(rand.NewSource(seed))
	w := &walk{
		t: t, seed: seed, verbose: verbose, random: r, now: origin, armed: plan.Never, awaits: plan.Never, committed: -1, met: map[string]bool{},
		open: r.Intn(3) > 0, perChannel: int64(50 + r.Intn(200)), perCall: int64(1 + r.Intn(200)),
	}
	w.settings = attempts.Settings{
		Plan: plan.Once{}, Deadline: plan.Never, MaxAttempts: 1, Prepare: r.Intn(4) == 0, Observe: r.Intn(2) == 0,
		Streams: r.Intn(3) > 0, Writes: r.Intn(4) > 0, WaitForReady: r.Intn(2) == 0, Restarts: r.Intn(6) > 0,
	}
	if r.Intn(2) == 0 {
		w.settings.Deadline = origin + span(float64(r.Intn(9000)))
	}
	if r.Intn(2) == 0 {
		w.settings.Throttle = bucket(1+r.Intn(10), 1+r.Intn(2000), r.Intn(4))
	}
	maxAttempts := 2 + r.Intn(4)
	switch r.Intn(5) {
	case 0:
	case 1, 2:
		retriesWith(retry.Policy{
			MaxAttempts: maxAttempts, InitialBackoff: span(1 + float64(r.Intn(500))), MaxBackoff: span(500), BackoffMultiplier: 1.5,
			RetryableStatusCodes: status.Codes(unavailable, canceled),
		}, plan.FullJitter, r.Float64())(&w.settings)
	default:
		w.settings.MaxAttempts = maxAttempts
		w.settings.Plan = hedge.NewPlan(&hedge.Policy{
			MaxAttempts: maxAttempts, HedgingDelay: span(float64(r.Intn(3) * r.Intn(300))), NonFatalStatusCodes: status.Codes(unavailable, canceled),
		}, maxAttempts)
	}
	if w.settings.MaxAttempts > 1 {
		w.settings.Quota = attempts.NewQuota(w.perChannel, w.perCall)
	}
	if r.Intn(3) == 0 {
		w.settings.RecvTimeout, w.settings.Duplex = span(float64(20+r.Intn(500))), w.settings.Streams && r.Intn(2) == 0
	}
	if r.Intn(3) == 0 {
		w.settings.Credentials = attempts.NewCredentials(status.Codes(canceled))
		if w.settings.Quota == nil {
			w.settings.Quota = attempts.NewQuota(w.perChannel, w.perCall)
		}
	}
	w.machine.Init(w.settings)
	return w
}

// run goes until the call is over, and some steps beyond: what comes late must do nothing.
func (w *walk) run() {
	for step := 0; step < 400 && w.ends == 0 && !w.t.Failed(); step++ {
		w.step()
	}
	w.meet("end before the half-close", w.ends > 0 && !w.complete)
	if w.ends == 0 {
		w.cancel()
	}
	for range 8 {
		w.step()
	}
	w.checkEnd()
}

func (w *walk) meet(what string, met bool) {
	if met {
		w.met[what] = true
	}
}

func (w *walk) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("walk %d at %s: %s", w.seed, clock(w.now), fmt.Sprintf(format, args...))
}

func (w *walk) step() {
	switch n := w.random.Intn(24); {
	case !w.begun && n < 10:
		w.begin()
	case n < 4:
		w.request()
	case n == 4 && w.random.Intn(3) == 0:
		w.cancel()
	case n == 8 && w.refreshing && w.random.Intn(2) == 0:
		w.refreshed()
	case n == 5 && w.settings.Throttle != nil:
		w.settings.Throttle.Strike()
	case n == 6 && w.random.Intn(2) == 0:
		w.offline = !w.offline
		w.turn(fmt.Sprintf("network %v", !w.offline), func() { w.machine.Network(w.now, !w.offline) })
	case n == 7 && w.begun:
		if w.machine.Over() || w.awaits == plan.Never {
			w.awaits = w.now
		}
		w.turn("awaits", func() { w.machine.Awaits(w.now) })
	case n < 11 && w.armed != plan.Never && w.armed > w.now:
		w.now = w.armed
		w.fire()
	case n < 13:
		w.now += span(float64(w.random.Intn(100)))
		if w.random.Intn(2) == 0 { // or the timer is late
			w.fire()
		}
	default:
		if id, is := w.anyAttempt(); is {
			w.attemptStep(id)
		}
	}
}

// refreshed is the end of a refresh.
func (w *walk) refreshed() {
	var failure *status.Status
	if w.random.Intn(4) == 0 {
		failure = status.New(unauthenticated, "no refresh")
	}
	w.meet("refresh that fails", failure != nil)
	w.meet("refresh", true)
	w.refreshing = false
	if !w.settings.Credentials.Refreshed(failure) {
		w.fail("the refresh had been given up")
	}
	w.turn("refreshed", func() { w.machine.Refreshed(w.now) })
}

func (w *walk) begin() {
	w.begun = true
	if w.open {
		w.turn("begin", func() { w.machine.Begin(w.now) })
		return
	}
	w.complete = true
	w.turn("start", func() {
		w.machine.HalfClose(w.now)
		w.machine.Begin(w.now)
	})
}

// request is a message, or that no further one follows.
func (w *walk) request() {
	switch {
	case w.complete:
	case w.open && w.random.Intn(6) == 0:
		w.complete = true
		w.meet("half-close after an attempt failed", slices.ContainsFunc(w.attempts, func(f *far) bool { return f.over }))
		w.turn("half-close", func() { w.machine.HalfClose(w.now) })
	default:
		size := int64(1 + w.random.Intn(60))
		if w.settings.Quota == nil && w.random.Intn(8) == 0 {
			size = 1 << 20 // more than is kept for a transparent restart
		}
		w.queued++
		furthest, live := w.charge(size)
		w.turn(fmt.Sprintf("queue %d", size), func() { w.machine.Queue(w.now, size) })
		if id, is := w.machine.Committed(); furthest >= 0 && !w.machine.Over() && (!is || id != furthest) {
			w.fail("an overflow commits to attempt %d of %d; attempt %d is further", id+1, live, furthest+1)
		}
	}
}

// charge does the account of a message; where it does not fit, it says which
// attempt is to survive, if one runs.
func (w *walk) charge(size int64) (furthest, live int) {
	furthest = -1
	if w.settings.Quota == nil || w.committed >= 0 || w.overflowed || w.ends > 0 {
		return
	}
	if w.held+size <= min(w.perCall, w.perChannel) {
		w.held += size
		return
	}
	w.held, w.overflowed = 0, true
	for id := range w.machine.Records() {
		if w.machine.Live(id) {
			if live++; furthest < 0 || w.taken(id) > w.taken(furthest) {
				furthest = id
			}
		}
	}
	w.meet("overflow", true)
	w.meet("overflow with several attempts", live > 1)
	w.meet("overflow without one", live == 0)
	return
}

// taken counts the messages that an attempt took; one that waits for a network took none.
func (w *walk) taken(id int) int {
	if id < len(w.attempts) {
		return w.attempts[id].taken
	}
	return 0
}

func (w *walk) fire() {
	w.armed = plan.Never // a timer fires once, even if too early
	w.turn("timer", func() { w.machine.Timer(w.now) })
}

func (w *walk) cancel() {
	w.begun = true
	w.turn("cancel", func() { w.machine.Finish(w.now, status.New(canceled, "cancel"), status.ReasonCanceled) })
}

// anyAttempt may be one that is dead: what it says comes late.
func (w *walk) anyAttempt() (id int, is bool) {
	if len(w.attempts) == 0 {
		return 0, false
	}
	id = w.random.Intn(len(w.attempts))
	return id, w.attempts[id].asked
}

func (w *walk) attemptStep(id int) {
	codes := []status.Code{ok, unavailable, unavailable, unavailable, canceled, invalidArgument}
	code, f := codes[w.random.Intn(len(codes))], w.attempts[id]
	switch {
	case f.opened:
		w.exchangeStep(id, code)
	case f.prepared: // and waits for a network
	case w.random.Intn(8) == 0:
		w.mark(id)
		w.turn("unprepared", func() { w.machine.Unprepared(w.now, id, said(id+1, code|1)) })
	default:
		f.prepared = true
		w.turn("prepared", func() { w.machine.Prepared(w.now, id) })
	}
}

func (w *walk) exchangeStep(id int, code status.Code) {
	f := w.attempts[id]
	switch w.random.Intn(7) {
	case 0:
		f.headed = true
		w.turn(fmt.Sprintf("head %d", id+1), func() { w.machine.Head(w.now, id, 200) })
	case 1:
		if f.headed {
			w.turn(fmt.Sprintf("commit %d", id+1), func() { w.machine.Commit(w.now, id) })
		}
	case 2, 3:
		f.taken += w.random.Intn(w.queued - f.taken + 1)
		w.turn(fmt.Sprintf("%d took %d", id+1, f.taken), func() { w.machine.Took(id, f.taken) })
	default:
		o := plan.Outcome{Status: said(id+1, code), Pushback: plan.Pushback(w.random.Intn(40) - 2), Progress: plan.Progress(max(0, w.random.Intn(12)-8))}
		if w.random.Intn(3) > 0 {
			o.Pushback = plan.NoPushback
		}
		w.mark(id)
		w.turn(fmt.Sprintf("end %d with %v, progress %d", id+1, code, o.Progress), func() { w.machine.Ended(w.now, id, o) })
	}
}

// mark notes that the attempt itself came to an end.
func (w *walk) mark(id int) {
	if w.machine.Live(id) {
		w.attempts[id].over = true
	}
}

func (w *walk) turn(what string, event func()) {
	before, wasOver := w.committed, w.ends > 0
	event()
	actions := slices.Clone(w.machine.Take())
	if w.verbose {
		w.t.Logf("%s: %s", clock(w.now), what)
	}
	for _, a := range actions {
		if w.verbose && a.Op != attempts.Observe {
			w.t.Logf("\t%s", describe(a))
		}
		if wasOver || w.ends > 0 {
			w.fail("after its end, on %s, the call asks: %s", what, describe(a))
		}
		w.act(a, before)
	}
	w.check()
}
