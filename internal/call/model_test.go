package call_test

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/call"
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
	var ended [2]int // by the machine, from outside
	for seed := int64(1); seed <= 5000 && !t.Failed(); seed++ {
		w := newWalk(t, seed, false)
		if w.run(); w.machine.Reason() == status.ReasonCanceled {
			ended[1]++
		} else {
			ended[0]++
		}
	}
	if !t.Failed() && (ended[0] < 1000 || ended[1] < 100) {
		t.Errorf("the walks do not spread: %d ended by themselves, %d were cancelled", ended[0], ended[1])
	}
}

// walk is one call of a channel whose other calls move the throttle too.
type walk struct {
	t        *testing.T
	seed     int64
	verbose  bool
	random   *rand.Rand
	settings call.Settings
	machine  call.Machine
	now      call.Duration

	begun     bool
	armed     call.Duration
	opened    map[int]bool
	asked     map[int]bool // prepared or opened
	aborted   map[int]bool
	over      map[int]bool
	committed int
	released  int
	headers   int
	ends      int
}

func newWalk(t *testing.T, seed int64, verbose bool) *walk {
	r := rand.New(rand.NewSource(seed))
	w := &walk{
		t: t, seed: seed, verbose: verbose, random: r, now: origin, armed: call.Never, committed: -1,
		opened: map[int]bool{}, asked: map[int]bool{}, aborted: map[int]bool{}, over: map[int]bool{},
	}
	w.settings = call.Settings{Plan: call.Once{}, Deadline: call.Never, MaxAttempts: 1, Prepare: r.Intn(4) == 0, Observe: r.Intn(2) == 0}
	if r.Intn(2) == 0 {
		w.settings.Deadline = origin + span(float64(r.Intn(3000)))
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
		}, retry.FullJitter, r.Float64())(&w.settings)
	default:
		w.settings.MaxAttempts = maxAttempts
		w.settings.Plan = hedge.NewPlan(&hedge.Policy{
			MaxAttempts: maxAttempts, HedgingDelay: span(float64(r.Intn(3) * r.Intn(300))), NonFatalStatusCodes: status.Codes(unavailable, canceled),
		}, maxAttempts)
	}
	if w.settings.MaxAttempts > 1 {
		w.settings.Quota = call.NewQuota(int64(50+r.Intn(200)), int64(1+r.Intn(200)))
	}
	w.machine = call.New(w.settings)
	return w
}

// run goes until the call is over, and some steps beyond: what comes late must do nothing.
func (w *walk) run() {
	for step := 0; step < 400 && w.ends == 0 && !w.t.Failed(); step++ {
		w.step()
	}
	if w.ends == 0 {
		w.cancel()
	}
	for range 5 {
		w.step()
	}
	if w.ends != 1 {
		w.fail("%d ends", w.ends)
	}
	if q := w.settings.Quota; q != nil && q.Used() != 0 {
		w.fail("%d bytes stay in the buffer", q.Used())
	}
	if w.armed != call.Never {
		w.fail("the timer stays armed")
	}
	for id := range w.asked {
		if w.machine.Live(id) || !w.over[id] && !w.aborted[id] {
			w.fail("attempt %d neither ended nor was aborted", id+1)
		}
	}
	for _, r := range w.machine.Records() {
		if r.EndedAt == status.None || r.Outcome == status.OutcomePending {
			w.fail("a record stays open: %+v", r)
		}
	}
}

func (w *walk) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("walk %d at %s: %s", w.seed, clock(w.now), fmt.Sprintf(format, args...))
}

func (w *walk) step() {
	codes := []status.Code{ok, unavailable, unavailable, unavailable, canceled, invalidArgument}
	switch n := w.random.Intn(20); {
	case !w.begun && n < 10:
		w.begun = true
		w.turn("start", func() { w.machine.Start(w.now) })
	case n < 3:
		size := int64(1 + w.random.Intn(60))
		w.turn("queue", func() { w.machine.Queue(w.now, size) })
	case n == 3 && w.random.Intn(3) == 0:
		w.cancel()
	case n == 4 && w.settings.Throttle != nil:
		w.settings.Throttle.Strike()
	case n < 8 && w.armed != call.Never && w.armed > w.now:
		w.now = w.armed
		w.fire()
	case n < 10:
		w.now += span(float64(w.random.Intn(100)))
		w.fire()
	default:
		if id, is := w.anyAttempt(); is {
			w.attemptStep(id, codes[w.random.Intn(len(codes))])
		}
	}
}

func (w *walk) fire() {
	w.armed = call.Never // a timer fires once, even if too early
	w.turn("timer", func() { w.machine.Timer(w.now) })
}

func (w *walk) cancel() {
	w.begun = true
	w.turn("cancel", func() { w.machine.Finish(w.now, status.New(canceled, "cancel"), status.ReasonCanceled) })
}

// anyAttempt may be one that is dead: what it says comes late.
func (w *walk) anyAttempt() (id int, is bool) {
	if len(w.asked) == 0 {
		return 0, false
	}
	return w.random.Intn(len(w.asked)), true
}

func (w *walk) attemptStep(id int, code status.Code) {
	if !w.opened[id] {
		if w.random.Intn(8) == 0 {
			w.mark(id)
			w.turn("unprepared", func() { w.machine.Unprepared(w.now, id, said(id+1, code|1)) })
		} else {
			w.turn("prepared", func() { w.machine.Prepared(w.now, id) })
		}
		return
	}
	switch w.random.Intn(5) {
	case 0:
		w.turn("head", func() { w.machine.Head(w.now, id, 200) })
	case 1:
		w.turn("commit", func() { w.machine.Commit(w.now, id) })
	case 2:
		w.turn("took", func() { w.machine.Took(id, w.random.Intn(5)) })
	default:
		o := call.Outcome{Status: said(id+1, code), Pushback: call.Pushback(w.random.Intn(40) - 2), Progress: call.Progress(max(0, w.random.Intn(12)-8))}
		if w.random.Intn(3) > 0 {
			o.Pushback = call.NoPushback
		}
		w.mark(id)
		w.turn(fmt.Sprintf("end %d with %v, progress %d", id+1, code, o.Progress), func() { w.machine.Ended(w.now, id, o) })
	}
}

// mark notes that the attempt itself came to an end.
func (w *walk) mark(id int) {
	if w.machine.Live(id) {
		w.over[id] = true
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
		if w.verbose && a.Op != call.Observe {
			w.t.Logf("\t%s", describe(a))
		}
		if wasOver || w.ends > 0 {
			w.fail("after its end, on %s, the call asks: %s", what, describe(a))
		}
		w.act(a, before)
	}
	w.check()
}

func (w *walk) act(a call.Action, committedBefore int) {
	switch a.Op {
	case call.Prepare, call.Open:
		if committedBefore >= 0 && a.Attempt != committedBefore {
			w.fail("%s, after the call was committed to attempt %d", describe(a), committedBefore+1)
		}
		if w.opened[a.Attempt] || a.Op == call.Prepare && w.asked[a.Attempt] || w.aborted[a.Attempt] {
			w.fail("%s, a second time or after its abort", describe(a))
		}
		w.asked[a.Attempt], w.opened[a.Attempt] = true, w.opened[a.Attempt] || a.Op == call.Open
	case call.Abort:
		if w.aborted[a.Attempt] || w.machine.Live(a.Attempt) || !w.asked[a.Attempt] {
			w.fail("%s, which is still alive, dead already or was never begun", describe(a))
		}
		w.aborted[a.Attempt] = true
		delete(w.over, a.Attempt)
	case call.Arm:
		if a.At != call.Never && a.At <= w.now || a.At == w.armed {
			w.fail("%s, which has passed or is armed already", describe(a))
		}
		w.armed = a.At
	case call.Release:
		w.released++
		w.committed = a.Attempt
	case call.Head:
		w.headers++
		if a.Attempt != w.committed {
			w.fail("the header of attempt %d, with attempt %d committed", a.Attempt+1, w.committed+1)
		}
	case call.End:
		w.ends++
	}
}

// check is what must hold after every event.
func (w *walk) check() {
	records := w.machine.Records()
	counted, committed, live := 0, 0, 0
	for i, r := range records {
		if r.Kind != status.KindTransparent {
			counted++
		}
		if r.Outcome == status.OutcomeCommitted {
			committed++
		}
		if w.machine.Live(i) {
			live++
		}
	}
	if counted > w.settings.MaxAttempts {
		w.fail("%d attempts of at most %d", counted, w.settings.MaxAttempts)
	}
	cut := w.machine.Over() && w.machine.Answer() < 0 // then the committed attempt was aborted
	if id, is := w.machine.Committed(); committed > 1 || is && (committed != 1 && !cut || id != w.committed) || w.released > 1 || w.headers > 1 {
		w.fail("%d commits, %d releases, %d headers; committed to %d", committed, w.released, w.headers, id+1)
	}
	if w.settings.Plan.Kind() != status.KindHedge && live > 1 {
		w.fail("%d attempts at the same time, without hedging", live)
	}
	if w.machine.Over() != (w.ends == 1) || w.machine.Over() && live > 0 {
		w.fail("over %v, with %d ends and %d attempts alive", w.machine.Over(), w.ends, live)
	}
	if w.begun && !w.machine.Over() && live == 0 && w.armed == call.Never {
		w.fail("nothing runs and nothing is awaited: the call would never end")
	}
	if tokens, full := w.settings.Throttle.Tokens(); tokens < 0 || tokens > full {
		w.fail("%v tokens of %v", tokens, full)
	}
	if q := w.settings.Quota; q != nil && q.Used() < 0 {
		w.fail("%d bytes buffered", q.Used())
	}
	if w.machine.Over() && (w.machine.Reason() == status.ReasonNone || w.machine.Status() == nil) {
		w.fail("over without a reason or a status")
	}
}
