package abitest

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// exchange is an attempt, as JavaScript holds it: what its server answers, and how
// far that has been taken.
type exchange struct {
	call            *talk
	id              int
	phase           phase
	answer          answer
	taken           int  // request messages
	asked           bool // the next chunk is asked for
	body            []byte
	chunk           []byte // what is being taken apart
	sent            int    // how long the slice is that was fed last
	missing         int64  // of the present payload
	flags           byte   // its frame's
	decoded         bool
	packed, inflate bool // the payload has come whole, and is to be inflated
}

type phase int

const (
	idle phase = iota
	preparing
	sent
	answering
)

func (x *exchange) ready() bool {
	return x.phase == preparing || x.phase == sent && (x.answer.head != nil || x.answer.failure >= 0 || x.takes()) ||
		x.phase == answering && (x.inflate || x.asked && !x.packed)
}

// takes reports whether the network may take a request message.
func (x *exchange) takes() bool { return x.call.streams && x.taken < x.call.queued }

// over ends it; nothing that it would say counts.
func (x *exchange) over(t *Traffic) {
	*x = exchange{call: x.call, id: x.id}
	if t.busy == x {
		t.busy = nil
	}
}

// open sends the request. The server makes up its mind.
func (x *exchange) open(t *Traffic) {
	x.phase = sent
	x.answer = t.s.answer(x.call)
	x.body = x.answer.body
}

func (x *exchange) named(t *Traffic, name string, in []byte, more ...float64) Event {
	return Named(name, in, append([]float64{float64(x.call.id), float64(x.id), t.now()}, more...)...)
}

// step is what happens next.
func (x *exchange) step(t *Traffic) Event {
	switch {
	case x.phase == preparing:
		x.phase = idle
		if t.s.next() < 20 {
			return x.named(t, "unprepared", []byte("no token\x00x-a\x001\x00"), pick(t.s, []float64{0, 7, 14, 16, 40}), 1)
		}
		return x.named(t, "prepared", []byte("authorization\x00a b\x00"), 1)
	case x.phase == sent && x.takes() && t.s.next() < 128:
		x.taken++
		return Named("took", nil, float64(x.call.id), float64(x.id), float64(x.taken))
	case x.phase == sent && x.answer.head == nil:
		how := x.answer.failure
		x.over(t)
		return x.named(t, "failed", []byte("TypeError: Failed to fetch"), float64(max(how, 0)))
	case x.phase == sent:
		x.phase = answering
		return x.named(t, "head", []byte(strings.Join(x.answer.head, "")), float64(x.answer.status), float64(len(x.answer.head)))
	case x.inflate:
		return x.inflated(t)
	case len(x.body) > 0:
		size := min(len(x.body), pick(t.s, []int{len(x.body), len(x.body), len(x.body), 1, 3, 8, 50, 1000, 100_000}))
		x.chunk, x.body, x.asked = x.body[:size], x.body[size:], false
		t.busy = x
		return x.take(t)
	}
	ends := x.answer.ends
	x.over(t)
	switch ends {
	case "broken":
		return x.named(t, "broken", []byte("network error"))
	case "closed":
		return x.named(t, "closed", []byte("bye"), pick(t.s, []float64{1000, 1000, 1005, 1006, 1011}))
	case "failed":
		return x.named(t, "failed", []byte("AbortError"), 1)
	}
	return x.named(t, "end", nil)
}

func (x *exchange) inflated(t *Traffic) Event {
	trailers := x.flags&wire.FlagTrailers != 0
	x.packed, x.inflate = false, false
	if t.s.next() < 20 {
		x.over(t)
		return x.named(t, "failed", []byte("not gzip"), 3)
	}
	t.busy = x // to take the rest of the chunk
	if trailers {
		in := []byte(pick(t.s, []string{okTrailers, okTrailers, "grpc-status: 14\r\n"}))
		return x.named(t, "inflated", in, float64(len(in)))
	}
	return x.named(t, "inflated", nil, float64(t.s.next()%80))
}

// take takes the present chunk apart, as JavaScript does.
func (x *exchange) take(t *Traffic) Event {
	switch {
	case len(x.chunk) == 0:
		t.busy = nil
		return x.named(t, "drained", nil)
	case x.missing > 0 && !x.decoded:
		n := min(x.missing, int64(len(x.chunk)))
		x.chunk = x.chunk[n:]
		x.pass(t, n)
		return Named("skip", nil, float64(x.call.id), float64(x.id), float64(n))
	}
	slice := slices.Clone(x.chunk[:min(len(x.chunk), abi.InputSize)])
	x.sent = len(slice)
	last := 0.0
	if x.sent == len(x.chunk) {
		last = 1
	}
	return x.named(t, "feed", slice, last)
}

// pass takes note of bytes of the present payload.
func (x *exchange) pass(t *Traffic, n int64) {
	x.missing -= n
	if x.missing <= 0 && x.flags&wire.FlagCompressed != 0 {
		x.packed = true
		t.busy = nil
	}
}

// fed reports whether an event is what was fed last.
func (x *exchange) fed(e Event) bool {
	return e.Args[0] == float64(x.call.id) && e.Args[1] == float64(x.id) && len(e.Input) == x.sent && x.sent <= len(x.chunk)
}

// heard takes note of what was found in the slice that was fed last.
func (x *exchange) heard(t *Traffic) {
	taken := int(t.host.Buffers.Result)
	x.chunk = x.chunk[min(taken, len(x.chunk)):]
	for _, f := range t.host.Fragments() {
		x.decoded = f.Decoded
		if f.First {
			x.missing, x.flags = f.Total, f.Flags
		}
		x.pass(t, int64(f.Length))
	}
	if len(x.chunk) == 0 && taken == x.sent && !x.packed {
		t.busy = nil
	}
}

// answer is what a server answers.
type answer struct {
	status  int
	head    []string // its fields; nil: none comes
	failure int      // how it fails instead; -1: nothing ever comes
	body    []byte
	ends    string // how the body ends: "" is well
}

const okTrailers = "grpc-status: 0\r\n"

var (
	contentType = "content-type\x00application/grpc-web+proto\x00"
	contentText = "content-type\x00application/grpc-web-text+proto\x00"
	// failures are statuses that come without a body, or in its trailers.
	failures = []string{"14", "14", "14", "14", "13", "5", "8", "3", "16", "4", "1", "2", "6", "7", "9", "10", "11", "12", "15", "77", "x"}
	pushback = []string{"", "", "", "", "5", "200", "-1", "later"}
)

func (s *script) answer(c *talk) answer {
	a := answer{status: 200, failure: -1, head: []string{contentType}}
	if c.page.text && !c.socket {
		a.head[0] = contentText
	}
	switch n := s.next(); {
	case n < 120:
		s.messages(&a, c, okTrailers)
	case n < 165: // Trailers-Only
		a.head = append(a.head, "grpc-status\x00"+pick(s, failures)+"\x00", "grpc-message\x00no%21\x00")
		if after := pick(s, pushback); after != "" {
			a.head = append(a.head, "grpc-retry-pushback-ms\x00"+after+"\x00")
		}
	case n < 180: // a status behind messages
		text := "grpc-status: " + pick(s, failures) + "\r\n"
		if after := pick(s, pushback); after != "" {
			text += "grpc-retry-pushback-ms: " + after + "\r\n"
		}
		s.messages(&a, c, text)
	case n < 190:
		a.status, a.head = pick(s, []int{503, 404, 429, 502, 500, 401, 200}), []string{"content-type\x00text/html\x00"}
	case n < 215:
		a.head, a.failure = nil, pick(s, []int{0, 0, 0, 0, 1, 2, 9})
	case n < 230:
		s.messages(&a, c, okTrailers)
		a.body, a.ends = a.body[:s.next()%(len(a.body)+1)], pick(s, []string{"broken", "broken", "failed", ""})
	case n < 236: // CORS hides the status
	case n < 242:
		a.head, _ = fieldsOf(s)
		for range 1 + s.next()%3 {
			a.body = append(a.body, s.chunk()...)
		}
	default:
		a.head = nil
	}
	if c.socket && a.head != nil {
		a.overSocket()
	}
	return a
}

// messages makes a body of messages and trailers.
func (s *script) messages(a *answer, c *talk, trailers string) {
	count := 1
	if c.streaming {
		count = s.next() % 6
	} else if s.rarely() {
		count = s.next() % 3
	}
	gzip := s.next() < 25
	if gzip {
		a.head = append(a.head, "grpc-encoding\x00gzip\x00")
	}
	for range count {
		flags, size := byte(0), s.next()%30
		if s.rarely() {
			size = pick(s, []int{300, 5000, 70_000, 200_000})
		}
		if gzip && s.next() < 200 {
			flags = wire.FlagCompressed
		}
		s.frame(a, c, flags, []byte(strings.Repeat("m", size)))
	}
	flags := byte(wire.FlagTrailers)
	if gzip && s.next() < 60 {
		flags |= wire.FlagCompressed
	}
	s.frame(a, c, flags, []byte(trailers+"x-t: 1\r\n"))
}

func (s *script) frame(a *answer, c *talk, flags byte, payload []byte) {
	framed := wire.AppendFrame(nil, flags, payload)
	if c.page.text && !c.socket {
		framed = []byte(base64.StdEncoding.EncodeToString(framed))
	}
	a.body = append(a.body, framed...)
}

// overSocket puts the head where WebSockets have it: into the first frame.
func (a *answer) overSocket() {
	fields := ""
	for _, f := range a.head {
		parts := strings.Split(f, "\x00")
		fields += parts[0] + ": " + parts[1] + "\r\n"
	}
	a.body = append(wire.AppendFrame(nil, wire.FlagTrailers, []byte(fields)), a.body...)
	a.status, a.head, a.ends = 101, []string{}, "closed"
}

func fieldsOf(s *script) ([]string, int) {
	fields := make([]string, 1+s.next()%3)
	for i := range fields {
		fields[i] = pick(s, headFields)
	}
	return fields, len(fields)
}
