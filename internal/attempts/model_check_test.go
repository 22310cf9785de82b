package attempts_test

import (
	"fmt"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// act carries out an action as a driver does, if it is one that may be asked for now.
func (w *walk) act(a attempts.Action, committedBefore int) {
	switch a.Op {
	case attempts.Prepare, attempts.Open:
		w.actOpen(a, committedBefore)
	case attempts.Abort:
		f := w.far(a.Attempt)
		if f.aborted || w.machine.Live(a.Attempt) || !f.asked {
			w.fail("%s, which is still alive, dead already or was never begun", describe(a))
		}
		f.aborted, f.over = true, false
		w.checkSilence(a.Attempt, f)
	case attempts.Timer:
		if a.At != plan.Never && a.At <= w.now || a.At == w.armed {
			w.fail("%s, which has passed or is armed already", describe(a))
		}
		w.armed = a.At
	case attempts.Refresh:
		if w.refreshing || w.settings.Credentials == nil {
			w.fail("a second refresh, or one that nobody asked for")
		}
		w.refreshing = true
	case attempts.StopRefresh:
		if !w.refreshing {
			w.fail("no refresh runs that could be stopped")
		}
		w.refreshing = false
		w.meet("refresh that is given up", true)
	case attempts.Release:
		f, id := w.far(a.Attempt), -1
		if f.released {
			w.fail("%s, a second time", describe(a))
		}
		f.released = true
		if at, is := w.machine.Committed(); is {
			id = at
			w.committed, w.held = id, 0
		}
		w.meet("release without a commit", id < 0)
		if id != a.Attempt && w.machine.Replays() {
			w.fail("%s, though the request is kept for others", describe(a))
		}
	case attempts.Written:
		w.actWritten(a)
	case attempts.Warn:
		w.warned++
		w.meet("warning", true)
		if w.now < w.awaits.After(5*plan.Second) || w.complete || w.heard() {
			w.fail("a warning with a message awaited since %s, the request complete: %v, a head received: %v", clock(w.awaits), w.complete, w.heard())
		}
	case attempts.Head:
		w.headers++
		if id, is := w.machine.Committed(); is && w.committed < 0 && w.far(a.Attempt).released { // at its beginning
			w.committed = id
		}
		if a.Attempt != w.committed {
			w.fail("the header of attempt %d, with attempt %d committed", a.Attempt+1, w.committed+1)
		}
	case attempts.End:
		w.ends++
		w.held = 0
	}
}

// checkSilence: an attempt that ended because it was silent was.
func (w *walk) checkSilence(id int, f *far) {
	r := w.machine.Records()[id]
	if r.Message != fmt.Sprintf("attempt %d: nothing arrived within %s", r.Number, text.Span(int64(w.settings.RecvTimeout))) {
		return
	}
	w.meet("silent attempt", true)
	if f.headed || r.EndedAt-r.StartedAt < int64(w.settings.RecvTimeout) || !w.complete && !w.settings.Duplex {
		w.fail("attempt %d was silent too long after %d ms, a head received: %v, the request complete: %v",
			id+1, (r.EndedAt-r.StartedAt)/int64(plan.Millisecond), f.headed, w.complete)
	}
}

// far is what the driver knows of an attempt, from the first that it hears of it.
func (w *walk) far(id int) *far {
	for len(w.attempts) <= id {
		w.attempts = append(w.attempts, &far{})
	}
	return w.attempts[id]
}

func (w *walk) actOpen(a attempts.Action, committedBefore int) {
	f := w.far(a.Attempt)
	if committedBefore >= 0 && a.Attempt != committedBefore {
		w.fail("%s, after the call was committed to attempt %d", describe(a), committedBefore+1)
	}
	if f.opened || a.Op == attempts.Prepare && f.asked || f.aborted {
		w.fail("%s, a second time or after its abort", describe(a))
	}
	for id, other := range w.attempts {
		if id != a.Attempt && other.released && other.taken > 0 {
			w.fail("%s, though attempt %d has used up a part of the request", describe(a), id+1)
		}
	}
	if w.waits() {
		w.fail("%s, without a network", describe(a))
	}
	if !w.complete && !w.settings.Streams {
		w.fail("%s, before the request is complete", describe(a))
	}
	if w.overflowed && w.committed != a.Attempt {
		w.fail("%s, which is not committed though messages are kept no more", describe(a))
	}
	if w.machine.Records()[a.Attempt].Kind == status.KindRefresh {
		w.meet("restart with fresh credentials", true)
		if w.refreshing && !f.asked {
			w.fail("%s, while its credentials are being refreshed", describe(a))
		}
	}
	f.asked, f.opened = true, a.Op == attempts.Open
}

// actWritten: more and more messages are written, and of those that are not
// kept, only what an attempt has taken.
func (w *walk) actWritten(a attempts.Action) {
	if !w.settings.Writes || a.Messages <= w.written || a.Messages > w.queued {
		w.fail("%d messages are written, after %d, of %d", a.Messages, w.written, w.queued)
	}
	w.written = a.Messages
	if w.kept() {
		return
	}
	for id, f := range w.attempts {
		if w.machine.Live(id) && f.taken >= a.Messages {
			w.meet("message written by an attempt", true)
			return
		}
	}
	w.fail("%d messages are written, but they are neither kept nor taken", a.Messages)
}

// kept: every message is kept until it is sent.
func (w *walk) kept() bool {
	return !w.settings.Streams || w.settings.Quota != nil && w.committed < 0 && !w.overflowed
}

func (w *walk) waits() bool { return w.offline && w.settings.WaitForReady }

func (w *walk) heard() bool {
	for _, r := range w.machine.Records() {
		if r.HeadAt != status.None {
			return true
		}
	}
	return false
}

// check is what must hold after every event.
func (w *walk) check() {
	records := w.machine.Records()
	counted, committed, live := 0, 0, 0
	for i, r := range records {
		if r.Kind != status.KindTransparent && r.Kind != status.KindRefresh {
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
	if id, is := w.machine.Committed(); committed > 1 || is && (committed != 1 && !cut || id != w.committed) || w.headers > 1 {
		w.fail("%d commits, %d headers; committed to %d", committed, w.headers, id+1)
	}
	if w.settings.Plan.Kind() != status.KindHedge && live > 1 {
		w.fail("%d attempts at the same time, without hedging", live)
	}
	if w.machine.Over() != (w.ends == 1) || w.machine.Over() && live > 0 {
		w.fail("over %v, with %d ends and %d attempts alive", w.machine.Over(), w.ends, live)
	}
	if tokens, full := w.settings.Throttle.Tokens(); tokens < 0 || tokens > full {
		w.fail("%v tokens of %v", tokens, full)
	}
	if w.machine.Over() && (w.machine.Reason() == status.ReasonNone || w.machine.Status() == nil) {
		w.fail("over without a reason or a status")
	}
	if w.warned > 1 {
		w.fail("%d warnings", w.warned)
	}
	w.checkRequest()
	w.checkProgress()
}

// checkRequest: the account is what it should be, and no writer waits for nothing.
func (w *walk) checkRequest() {
	if q := w.settings.Quota; q != nil && q.Used() != w.held {
		w.fail("%d bytes are buffered; it should be %d", q.Used(), w.held)
	}
	if !w.settings.Writes || w.machine.Over() {
		return
	}
	if w.kept() && w.written != w.queued {
		w.fail("%d messages of %d are written, and all are kept", w.written, w.queued)
	}
	for id, f := range w.attempts {
		if w.machine.Live(id) && f.taken > w.written {
			w.fail("attempt %d took %d messages, but %d are written", id+1, f.taken, w.written)
		}
	}
}

// checkProgress: a call that runs waits for something that will come, from its
// attempts, the timer, the network or the application.
func (w *walk) checkProgress() {
	if !w.begun || w.machine.Over() {
		return
	}
	moving, held := false, false
	for id, r := range w.machine.Records() {
		if w.machine.Live(id) {
			asked := id < len(w.attempts) && w.attempts[id].asked
			moving = moving || asked && (w.attempts[id].opened || !w.attempts[id].prepared)
			waits := !asked && r.Kind == status.KindRefresh && w.refreshing
			moving = moving || waits
			held = held || !waits && !asked && (r.Kind == status.KindTransparent || r.Kind == status.KindRefresh)
		}
	}
	begun := len(w.machine.Records()) > 0
	w.meet("restart waits for a network", held)
	w.meet("first attempt waits for a network", !moving && !begun && w.waits() && (w.complete || w.settings.Streams))
	w.meet("another attempt waits for a network", !moving && begun && w.waits() && w.armed == plan.Never)
	if held && !w.waits() {
		w.fail("an attempt waits for a network that is there")
	}
	if !moving && w.armed == plan.Never && !w.waits() && (begun || w.complete || w.settings.Streams) {
		w.fail("nothing runs and nothing is awaited: the call would never end")
	}
	if w.settings.Deadline != plan.Never && w.armed > w.settings.Deadline {
		w.fail("the timer is armed for %s, beyond the deadline", clock(w.armed))
	}
}

// checkEnd is what must hold in the end.
func (w *walk) checkEnd() {
	if w.refreshing {
		w.fail("a refresh runs on")
	}
	if w.ends != 1 {
		w.fail("%d ends", w.ends)
	}
	if w.armed != plan.Never {
		w.fail("the timer stays armed")
	}
	for id, f := range w.attempts {
		if w.machine.Live(id) || f.asked && !f.over && !f.aborted {
			w.fail("attempt %d neither ended nor was aborted", id+1)
		}
	}
	for _, r := range w.machine.Records() {
		if r.EndedAt == status.None || r.Outcome == status.OutcomePending {
			w.fail("a record stays open: %+v", r)
		}
	}
}
