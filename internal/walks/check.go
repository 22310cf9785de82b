package walks

import (
	"fmt"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

func (w *walker) act(a attempts.Action) {
	switch a.Op {
	case attempts.Prepare:
		w.checkOpen(a)
		w.attempts[a.Attempt].prepare = true
	case attempts.Open:
		w.checkOpen(a)
		w.attempts[a.Attempt].opened = true
		w.checkEndpoint(a.Attempt)
		w.attempts[a.Attempt].marked = w.marks(a.Attempt)
		want := ""
		if w.attempts[a.Attempt].marked {
			want = fmt.Sprint(w.looked().Number(a.Attempt) - 1)
		}
		if got := w.call.RequestHeader(w.now, a.Attempt).Get(channel.AttemptsHeader); got != want {
			w.fail("attempt %d goes out with %q attempts before it; want %q", a.Attempt+1, got, want)
		}
	case attempts.Refresh:
		if w.refreshing {
			w.fail("a second refresh at a time")
		}
		w.refreshing = true
	case attempts.StopRefresh:
		w.refreshing = false
	case attempts.Abort:
		w.attempts[a.Attempt].closed = true
		w.checkSilence(a.Attempt)
	case attempts.Timer:
		w.armed = a.At
	case attempts.Read:
		s := w.attempts[a.Attempt]
		if s.read || !s.answered || s.closed || s.packed {
			w.fail("attempt %d is read twice at a time, or while it has no body, or waits for what is to be inflated", a.Attempt+1)
		}
		if w.committed == a.Attempt && w.streaming && !w.wished {
			w.fail("attempt %d is read, and nobody asked for it", a.Attempt+1)
		}
		s.read = true
	case attempts.Release:
		w.released = true
	case attempts.Written:
		if !w.params.Writes || a.Messages <= w.written || a.Messages > w.queued {
			w.fail("%d messages are written, after %d, of %d", a.Messages, w.written, w.queued)
		}
		w.written = a.Messages
	case attempts.Inflate:
		s, limit := w.attempts[a.Attempt], int64(maxReceive)
		if s.flags&wire.FlagTrailers != 0 {
			limit = 1 << 20
		}
		if !s.packed || s.closed || a.Limit != limit {
			w.fail("attempt %d is inflated up to %d, packed %v", a.Attempt+1, a.Limit, s.packed)
		}
	case attempts.Warn:
		w.checkWarning(w.call.WarningKind(a.Warning))
	case attempts.Head:
		if w.committed >= 0 {
			w.fail("a second header")
		}
		w.committed = a.Attempt
	case attempts.End:
		w.ended = true
	case attempts.Observe:
	default:
		w.fail("the walk does not know op %d", a.Op)
	}
}

// checkEndpoint checks that the second attempt goes to another endpoint than the first, if
// there are several. By the third, the others may have failed.
func (w *walker) checkEndpoint(id int) {
	r := w.looked().Record(id)
	if several := len(w.channel().Options().More) > 0; several != (r.Endpoint != "") {
		w.fail("attempt %d is recorded as sent to %q", id+1, r.Endpoint)
	} else if several && id == 1 && (r.Kind == status.KindRetry || r.Kind == status.KindHedge) {
		w.meet("another endpoint", true)
		if before := w.looked().Record(0).Endpoint; r.Endpoint == before {
			w.fail("attempt %d goes to %s again", id+1, before)
		}
	}
}

// checkSilence checks that an attempt that was given up as silent was silent.
func (w *walker) checkSilence(id int) {
	if r := w.looked().Record(id); strings.Contains(r.Message, ": nothing arrived within ") {
		w.meet("silent attempt", true)
		if w.attempts[id].answered || r.Code != int(status.Unavailable) || r.EndedAt-r.StartedAt < int64(250*plan.Millisecond) {
			w.fail("attempt %d was given up as silent: %+v", id+1, r)
		}
	}
}

// marks reports whether the attempt must have the attempts header.
func (w *walker) marks(id int) bool {
	switch w.channel().Options().AttemptHeader {
	case channel.AttemptHeaderAuto:
		return w.looked().Number(id) > 1 && id != w.trial && !w.refuses
	case channel.AttemptHeaderAlways:
		return w.looked().Number(id) > 1
	}
	return false
}

// checkWarning checks that each warning comes once, and for its reason.
func (w *walker) checkWarning(kind string) {
	reason := false
	switch kind {
	case "halfDuplexStalled":
		reason = w.wished && !w.complete && w.committed < 0
	case "corsSuspected":
		reason = w.channel().Options().CrossOrigin && w.channel().Options().AttemptHeader != channel.AttemptHeaderNever && !w.params.Socket
	case "statusHidden":
		reason = w.channel().Options().CrossOrigin && !w.params.Socket
	case "retryLostToBodyTrailers":
		reason = w.committed >= 0 && w.messages == 0 && !w.channel().Options().FirstFrame
	}
	if w.warned[kind] || !reason {
		w.fail("a warning, %s: another %v, awaited %v, complete %v, header of attempt %d", kind, w.warned[kind], w.wished, w.complete, w.committed+1)
	}
	w.warned[kind] = true
	w.meet(kind, true)
}

func (w *walker) waitsForNetwork() bool { return w.offline && *w.params.WaitForReady }

// checkOpen checks that an attempt may begin.
func (w *walker) checkOpen(a attempts.Action) {
	for len(w.attempts) <= a.Attempt {
		w.attempts = append(w.attempts, &server{})
		w.checkBegun(len(w.attempts) - 1)
	}
	if w.waitsForNetwork() || !w.complete && !w.params.CanStream {
		w.fail("attempt %d begins, without a network or before the request is complete", a.Attempt+1)
	}
}

// check checks that a call that is not over waits for something that will come.
func (w *walker) check() {
	w.meet("outage that is waited for", w.waitsForNetwork() && !w.looked().Over())
	waits := w.armed != plan.Never || w.refreshing || w.streaming && w.committed >= 0 && !w.wished || w.waitsForNetwork() || !w.complete && !w.params.CanStream
	for id, s := range w.attempts {
		if w.looked().Live(id) && !s.closed && (s.prepare || s.opened && !s.answered || s.read || s.packed) {
			waits = true
		}
	}
	if !w.looked().Over() && !waits {
		w.fail("the call waits for nothing: it would never end")
	}
	if n := w.channel().Quota().Used(); w.looked().Over() != w.ended || n < 0 || n > perCall || n > 0 && (w.released || w.ended) {
		w.fail("over %v, told %v, %d bytes buffered", w.looked().Over(), w.ended, n)
	}
}

func (w *walker) checkEnd() {
	st := w.looked().Status()
	if w.refreshing {
		w.fail("a refresh runs on")
	}
	if w.channel().Quota().Used() != 0 || w.armed != plan.Never {
		w.fail("%d bytes stay buffered, the timer at %s", w.channel().Quota().Used(), instant(w.armed))
	}
	if !w.streaming && (w.messages > 1 || st.Code == status.OK && w.messages != 1) {
		w.fail("a unary call ended with %v and %d messages", st, w.messages)
	}
	if st.CommitReason == status.ReasonNone || st.Code == status.OK && w.committed < 0 {
		w.fail("%v, reason %v, header of attempt %d", st, st.CommitReason, w.committed+1)
	}
	for _, record := range st.Attempts {
		if record.Outcome == status.OutcomePending || record.EndedAt == status.None {
			w.fail("a record stays open: %+v", record)
		}
	}
}
