package channel

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

var walkSeed = flag.Int64("walk", 0, "replay the one random walk of this seed, and print its steps")

// TestWalks has random servers answer calls, in random pieces, and checks after
// each event what must hold whatever comes. A walk that fails names its seed:
// go test -run Walks -args -walk=<seed>.
func TestWalks(t *testing.T) {
	if *walkSeed != 0 {
		walk(t, *walkSeed, true)
		return
	}
	codes, met := map[status.Code]int{}, map[string]int{}
	for seed := int64(1); seed <= 5000 && !t.Failed(); seed++ {
		w := walk(t, seed, false)
		codes[w.call.Status().Code]++
		for what := range w.met {
			met[what]++
		}
	}
	for _, code := range []status.Code{status.OK, status.Unavailable, status.DeadlineExceeded, status.Canceled, status.Internal, status.Unimplemented} {
		if !t.Failed() && codes[code] < 20 {
			t.Errorf("the walks do not spread: only %d end with %v", codes[code], code)
		}
	}
	for _, what := range []string{"answer before the half-close", "several attempts of several messages", "outage that is waited for", "warning", "message that is too large"} {
		if !t.Failed() && met[what] < 20 {
			t.Errorf("the walks do not spread: only %d met %q", met[what], what)
		}
	}
}

func walk(t *testing.T, seed int64, verbose bool) *walker {
	r := rand.New(rand.NewSource(seed))
	ch := open(t, []string{"", retrying, hedging}[r.Intn(3)], func(o *Options) {
		o.PerAttempt, o.MaxRetryBufferPerCallSize, o.Random = r.Intn(4) == 0, perCall, r.Float64
		o.MaxSendMessageBytes = 60
	})
	p := Params{Method: sayHello, Timeout: call.Never, Streaming: r.Intn(2) == 0}
	if r.Intn(3) == 0 {
		p.Timeout = call.Duration(1+r.Intn(9000)) * call.Millisecond
	}
	open, waits := r.Intn(2) == 0, r.Intn(3) == 0
	p.Writes, p.Streams, p.WaitForReady, p.Offline = open, open && r.Intn(3) > 0, &waits, r.Intn(4) == 0
	w := &walker{
		t: t, seed: seed, verbose: verbose, random: r, channel: ch, call: ch.NewCall(0, p), params: p, streaming: p.Streaming, armed: call.Never, committed: -1,
		offline: p.Offline, complete: !open, met: map[string]bool{},
	}
	w.turn("start", func() {
		if open {
			w.call.Begin(0)
			return
		}
		w.queued++
		size := int64(r.Intn(45))
		w.call.Send(0, size, size)
		w.call.Start(0)
	})
	for step := 0; step < 500 && !w.call.Over(); step++ {
		w.step()
	}
	if !w.call.Over() {
		w.turn("cancel", func() { w.call.Cancel(w.now, "enough", nil) })
	}
	for range 5 {
		w.step()
	}
	w.checkEnd()
	return w
}

// perCall is the size of a call's replay buffer.
const perCall = 80

type walker struct {
	t         *testing.T
	seed      int64
	verbose   bool
	random    *rand.Rand
	channel   *Channel
	call      *Call
	streaming bool
	now       call.Duration
	armed     call.Duration
	attempts  []*server
	committed int // whose header the application has; none: -1
	wished    bool
	messages  int
	partial   int
	ended     bool
	met       map[string]bool

	params           Params
	offline          bool
	complete         bool // the request
	queued, written  int
	released, warned bool
}

// server is the far end of an attempt, and what the driver was asked to do with it.
type server struct {
	prepare, opened, answered, read, closed bool
	body                                    []byte
	breaks                                  bool
	taken                                   int
}

func (w *walker) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("walk %d at %s: %s", w.seed, instant(w.now), fmt.Sprintf(format, args...))
}

func (w *walker) step() {
	switch n := w.random.Intn(20); {
	case n == 0 && w.random.Intn(20) == 0:
		w.turn("cancel", func() { w.call.Cancel(w.now, "cancel", nil) })
	case n < 3:
		w.now += call.Duration(w.random.Intn(100)) * call.Millisecond
		w.fire()
	case n < 5 && w.armed != call.Never:
		w.now = max(w.now, w.armed)
		w.fire()
	case n == 5 && w.random.Intn(3) == 0:
		w.offline = !w.offline
		w.turn(fmt.Sprintf("network %v", !w.offline), func() { w.call.Network(w.now, !w.offline) })
	case n < 8 && !w.complete:
		w.request()
	case n < 10 && w.streaming:
		w.wished = w.wished || !w.call.Over()
		w.turn("wish", func() { w.call.Read(w.now) })
	case len(w.attempts) > 0:
		w.hear(w.random.Intn(len(w.attempts)))
	}
}

// request is a message, or that no further one follows.
func (w *walker) request() {
	if w.random.Intn(6) == 0 {
		w.complete = true
		w.turn("half-close", func() { w.call.HalfClose(w.now) })
		return
	}
	size := int64(w.random.Intn(30))
	if w.random.Intn(100) == 0 {
		size = 61
		w.meet("message that is too large", !w.call.Over())
	}
	w.queued++
	w.turn(fmt.Sprintf("send %d", size), func() { w.call.Send(w.now, size, size) })
}

func (w *walker) meet(what string, met bool) {
	if met {
		w.met[what] = true
	}
}

func (w *walker) fire() {
	w.armed = call.Never
	w.turn("timer", func() { w.call.Timer(w.now) })
}

// hear has an attempt's far end say what it may say now, if anything.
func (w *walker) hear(id int) {
	switch s := w.attempts[id]; {
	case s.prepare && !s.opened:
		s.prepare = false
		if w.random.Intn(10) == 0 {
			w.turn("unprepared", func() { w.call.Unprepared(w.now, id, status.New(status.Unavailable, "no token")) })
		} else {
			w.turn("prepared", func() { w.call.Prepared(w.now, id, metadata.New("authorization", "x")) })
		}
	case s.opened && s.taken < w.queued && w.random.Intn(2) == 0:
		s.taken += 1 + w.random.Intn(w.queued-s.taken)
		w.meet("several attempts of several messages", id > 0 && s.taken > 1)
		w.turn(fmt.Sprintf("%d took %d", id+1, s.taken), func() { w.call.Took(id, s.taken) })
	case s.opened && !s.answered && w.params.Streams && !w.complete && w.random.Intn(3) > 0: // it waits for more
	case s.opened && !s.answered:
		s.answered = true
		w.meet("answer before the half-close", !w.complete)
		w.answer(id, s)
	case s.read && len(s.body) > 0:
		n := w.random.Intn(len(s.body) + 1) // a chunk of nothing too
		chunk := s.body[:n]
		s.body, s.read = s.body[n:], false
		w.turn(fmt.Sprintf("chunk of %d for %d", n, id+1), func() { w.feed(id, chunk) })
	case s.read && s.breaks:
		s.read = false
		w.turn(fmt.Sprintf("break of %d", id+1), func() { w.call.Break(w.now, id, errors.New("reset")) })
	case s.read:
		s.read = false
		w.turn(fmt.Sprintf("end of %d", id+1), func() { w.call.End(w.now, id) })
	}
}

func (w *walker) answer(id int, s *server) {
	r, md, http := w.random, metadata.New("content-type", "application/grpc-web"), 200
	switch r.Intn(8) {
	case 0:
		w.turn(fmt.Sprintf("no response for %d", id+1), func() {
			w.call.Failed(w.now, id, Failure(r.Intn(2)), call.Progress(max(0, r.Intn(8)-4)), errors.New("network"))
		})
		return
	case 1:
		http = 503
	case 2:
		md.Set("content-type", "text/html")
	case 3, 4:
		md.Append("grpc-status", []string{"14", "14", "14", "0", "5"}[r.Intn(5)])
	}
	if r.Intn(4) > 0 && md.Get("grpc-status") == "" || r.Intn(8) == 0 {
		s.body = randomBody(r)
	}
	s.breaks = r.Intn(6) == 0
	w.turn(fmt.Sprintf("head %d %v of %d, body %q", http, md, id+1, s.body), func() { w.call.Head(w.now, id, http, md) })
}

func randomBody(r *rand.Rand) []byte {
	var body []byte
	for range max(0, r.Intn(5)-1) - r.Intn(2) {
		body = append(body, message(strings.Repeat("x", r.Intn(6)))...)
	}
	body = append(body, trailers("grpc-status: "+[]string{"0", "0", "14", "3"}[r.Intn(4)])...)
	switch r.Intn(10) {
	case 0:
		return body[:r.Intn(len(body))]
	case 1:
		return append(body, message("")...)
	case 2:
		body[0] = 9
	}
	return body
}

func (w *walker) feed(id int, chunk []byte) {
	for at, fed := 0, false; !fed || at < len(chunk); fed = true {
		before := at
		var fragments []wire.Fragment
		fragments, at = w.call.Feed(w.now, id, chunk, at, make([]wire.Fragment, 0, 1+w.random.Intn(3)))
		if at <= before && len(fragments) == 0 && len(chunk) > 0 {
			w.fail("feeding stands still")
			return
		}
		for _, f := range fragments {
			if w.partial += f.Length; f.Last {
				w.messages, w.partial = w.messages+1, 0
				w.wished = false
			}
			if c, is := w.call.machine.Committed(); !is || c != id || f.Last && w.partial > f.Total {
				w.fail("a piece of a message of attempt %d, which is not the committed one", id+1)
			}
		}
	}
	w.call.Drained(id)
}

func (w *walker) turn(what string, event func()) {
	event()
	if w.verbose {
		w.t.Logf("%s: %s", instant(w.now), what)
	}
	for _, a := range slices.Clone(w.call.Take()) {
		if w.verbose {
			w.t.Logf("\top %d of attempt %d at %s", a.Op, a.Attempt+1, instant(a.At))
		}
		if w.ended {
			w.fail("after its end, on %s, the call asks for op %d", what, a.Op)
		}
		w.act(a)
	}
	w.check()
}

func (w *walker) act(a call.Action) {
	switch a.Op {
	case call.Prepare:
		w.checkOpen(a)
		w.attempts[a.Attempt].prepare = true
	case call.Open:
		w.checkOpen(a)
		w.attempts[a.Attempt].opened = true
		want := ""
		if n := w.call.Number(a.Attempt); n > 1 {
			want = fmt.Sprint(n - 1)
		}
		if got := w.call.RequestHeader(w.now, a.Attempt).Get(AttemptsHeader); got != want {
			w.fail("attempt %d goes out with %q attempts before it", a.Attempt+1, got)
		}
	case call.Abort:
		w.attempts[a.Attempt].closed = true
	case call.Arm:
		w.armed = a.At
	case call.Read:
		s := w.attempts[a.Attempt]
		if s.read || !s.answered || s.closed {
			w.fail("attempt %d is read twice at a time, or while it has no body", a.Attempt+1)
		}
		if w.committed == a.Attempt && w.streaming && !w.wished {
			w.fail("attempt %d is read, and nobody asked for it", a.Attempt+1)
		}
		s.read = true
	case call.Release:
		w.released = true
	case call.Written:
		if !w.params.Writes || a.Messages <= w.written || a.Messages > w.queued {
			w.fail("%d messages are written, after %d, of %d", a.Messages, w.written, w.queued)
		}
		w.written = a.Messages
	case call.Warn:
		if a.Warning == warnRetryLost {
			w.meet("retry that was lost to trailers in the body", w.committed >= 0)
			return
		}
		if w.warned || !w.wished || w.complete || w.committed >= 0 {
			w.fail("a warning: another %v, awaited %v, complete %v, header of attempt %d", w.warned, w.wished, w.complete, w.committed+1)
		}
		w.warned = true
		w.meet("warning", true)
	case call.Head:
		if w.committed >= 0 {
			w.fail("a second header")
		}
		w.committed = a.Attempt
	case call.End:
		w.ended = true
	}
}

func (w *walker) waitsForNetwork() bool { return w.offline && *w.params.WaitForReady }

// checkOpen: an attempt that the driver hears of may begin.
func (w *walker) checkOpen(a call.Action) {
	for len(w.attempts) <= a.Attempt {
		w.attempts = append(w.attempts, &server{})
	}
	if w.waitsForNetwork() || !w.complete && !w.params.Streams {
		w.fail("attempt %d begins, without a network or before the request is complete", a.Attempt+1)
	}
}

// check: a call that is not over waits for something that will come.
func (w *walker) check() {
	w.meet("outage that is waited for", w.waitsForNetwork() && !w.call.Over())
	waits := w.armed != call.Never || w.streaming && w.committed >= 0 && !w.wished || w.waitsForNetwork() || !w.complete && !w.params.Streams
	for id, s := range w.attempts {
		if w.call.machine.Live(id) && !s.closed && (s.prepare || s.opened && !s.answered || s.read) {
			waits = true
		}
	}
	if !w.call.Over() && !waits {
		w.fail("the call waits for nothing: it would never end")
	}
	if n := w.channel.Buffered(); w.call.Over() != w.ended || n < 0 || n > perCall || n > 0 && (w.released || w.ended) {
		w.fail("over %v, told %v, %d bytes buffered", w.call.Over(), w.ended, n)
	}
}

func (w *walker) checkEnd() {
	st := w.call.Status()
	if w.channel.Buffered() != 0 || w.armed != call.Never {
		w.fail("%d bytes stay buffered, the timer at %s", w.channel.Buffered(), instant(w.armed))
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
