package walks

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// server is the far end of an attempt, and what the driver was asked to do with it.
type server struct {
	prepare, opened, answered, read, closed bool
	marked, withheld                        bool
	body                                    []byte
	messages                                []string // of the body
	breaks                                  bool
	taken                                   int

	payload []byte
	flags   byte
	packed  bool   // the payload is to be inflated
	rest    []byte // of the chunk, which waits for that
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
	case s.opened && !s.answered && w.params.CanStream && !w.complete && w.random.Intn(3) > 0: // it waits for more
	case s.opened && !s.answered:
		s.answered = true
		w.meet("answer before the half-close", !w.complete)
		if w.random.Intn(8) < 2 || s.marked && w.random.Intn(2) == 0 || id == w.trial && w.random.Intn(4) > 0 {
			w.noResponse(id, call.Failure(w.random.Intn(2)), plan.Progress(max(0, w.random.Intn(8)-4)))
		} else {
			w.answer(id, s)
		}
	case s.packed:
		if w.random.Intn(4) == 0 { // it takes a while
			w.inflate(id, s)
		}
	case s.read && len(s.body) > 0:
		n := w.random.Intn(len(s.body) + 1) // a chunk of nothing too
		chunk := s.body[:n]
		s.body, s.read = s.body[n:], false
		w.turn(fmt.Sprintf("chunk of %d for %d", n, id+1), func() { w.feed(id, chunk) })
	case s.read:
		s.read = false
		w.meet("failure behind a withheld head", s.withheld && w.committed < 0)
		w.endBody(id, s)
	}
}

func (w *walker) endBody(id int, s *server) {
	switch {
	case w.params.Socket:
		code := []int{1000, 1005, 1006, 1011, 4000}[w.random.Intn(5)]
		w.turn(fmt.Sprintf("close of %d with %d", id+1, code), func() { w.call.Closed(w.now, id, code, "") })
	case s.breaks:
		w.turn(fmt.Sprintf("break of %d", id+1), func() { w.call.Break(w.now, id, errors.New("reset")) })
	default:
		w.turn(fmt.Sprintf("end of %d", id+1), func() { w.call.End(w.now, id) })
	}
}

// counts reports whether what an attempt says now counts.
func (w *walker) counts(id int) bool {
	return w.looked().Live(id) && w.now < w.looked().Deadline()
}

// noResponse: where that may be for the attempt's header, another is to be in its
// place, which costs nothing.
func (w *walker) noResponse(id int, how call.Failure, progress plan.Progress) {
	trial := how == call.NoResponse && w.counts(id) && w.attempts[id].marked && w.looked().Replays() && !w.params.Socket &&
		w.channel().Options().CrossOrigin && w.channel().Options().AttemptHeader == channel.AttemptHeaderAuto && w.answers && !w.allows
	w.meet("trial that fails", how == call.NoResponse && w.counts(id) && id == w.trial)
	if trial {
		w.answers, w.trial = false, len(w.looked().Records())
	}
	before := w.tokens()
	w.turn(fmt.Sprintf("no response for %d: %d, %d", id+1, how, progress), func() { w.call.Failed(w.now, id, how, progress, errors.New("network")) })
	if !trial {
		return
	}
	all := w.looked().Records()
	if last := all[len(all)-1]; len(all)-1 != w.trial || last.Number != all[id].Number || last.Kind != status.KindTransparent || w.tokens() != before {
		w.fail("attempt %d is followed by %+v, at %v tokens of %v", id+1, last, w.tokens(), before)
	}
}

func (w *walker) tokens() float64 {
	if w.channel().Throttle() == nil {
		return 0
	}
	tokens, _ := w.channel().Throttle().Tokens()
	return tokens
}

// heard is the model of what a response tells of the origin.
func (w *walker) heard(id int) {
	switch s := w.attempts[id]; {
	case !w.counts(id) || w.params.Socket:
	case s.marked:
		w.allows = true
	case id == w.trial:
		w.refuses = true
	default:
		w.answers = true
	}
}

func (w *walker) answer(id int, s *server) {
	r, md, http := w.random, metadata.New("content-type", "application/grpc-web"), 200
	if r.Intn(2) == 0 {
		md.Append("grpc-encoding", "gzip")
	}
	text := r.Intn(4) == 0
	switch r.Intn(7) {
	case 0:
		http = 503
	case 1:
		md.Set("content-type", "text/html")
	case 2, 3:
		md.Append("grpc-status", []string{"14", "14", "14", "0", "5"}[r.Intn(5)])
		if said := w.pushback(); said != "" {
			md.Append(plan.PushbackHeader, said)
		}
	default:
		s.withheld = w.channel().Options().FirstFrame
	}
	if r.Intn(4) > 0 && md.Get("grpc-status") == "" || r.Intn(8) == 0 || w.params.Socket && r.Intn(8) > 0 {
		s.fill(r, w.pushback())
	}
	switch {
	case w.params.Socket:
		w.meet("socket", true)
		head := wire.AppendTrailer(nil, md)
		if http, md = 101, (metadata.MD{}); r.Intn(10) > 0 {
			s.body = append(wire.AppendFrame(nil, wire.FlagTrailers, head), s.body...)
		}
	case text && md.Get("content-type") == "application/grpc-web":
		w.meet("text", len(s.messages) > 0)
		md.Set("content-type", "application/grpc-web-text")
		s.body = padded(r, s.body)
	}
	s.breaks = r.Intn(6) == 0
	w.heard(id)
	w.turn(fmt.Sprintf("head %d %v of %d, body %q", http, md, id+1, s.body), func() { w.call.Head(w.now, id, http, md) })
}

// padded is a body in text, of parts that are padded each by itself.
func padded(r *rand.Rand, body []byte) (text []byte) {
	for len(body) > 0 {
		n := 1 + r.Intn(len(body))
		text, body = wire.AppendText(text, body[:n]), body[n:]
	}
	return text
}

func (s *server) fill(r *rand.Rand, pushback string) {
	frame := func(flags byte, payload string) {
		if r.Intn(3) == 0 {
			s.body = append(s.body, packed(flags, payload)...)
			return
		}
		s.body = append(s.body, wire.AppendFrame(nil, flags, []byte(payload))...)
	}
	for range max(0, r.Intn(5)-1) - r.Intn(2) {
		payload := strings.Repeat(string(rune('a'+r.Intn(26))), []int{0, 1, 2, 5, 7, 9, 11, maxReceive, maxReceive + 1}[r.Intn(9)])
		s.messages = append(s.messages, payload)
		frame(0, payload)
	}
	frame(wire.FlagTrailers, pushed("grpc-status: "+[]string{"0", "0", "14", "3"}[r.Intn(4)], pushback))
	switch r.Intn(10) {
	case 0:
		s.body = s.body[:r.Intn(len(s.body))]
	case 1:
		s.body = append(s.body, wire.AppendFrame(nil, 0, nil)...)
	case 2:
		s.body[0] = 9
	}
}

func (w *walker) feed(id int, chunk []byte) {
	s := w.attempts[id]
	for at, fed := 0, false; !fed || at < len(chunk); fed = true {
		before := at
		var fragments []wire.Fragment
		fragments, at = w.call.Feed(w.now, id, chunk, at, make([]wire.Fragment, 0, 1+w.random.Intn(3)))
		if at <= before && len(fragments) == 0 && len(chunk) > 0 {
			w.fail("feeding stands still")
			return
		}
		for _, f := range fragments {
			w.take(id, s, f, chunk[f.Offset:f.Offset+f.Length])
		}
		if _, packed := w.looked().Packed(id); packed {
			s.packed, s.rest = true, chunk[at:]
			return
		}
	}
	w.call.Drained(id)
}

func (w *walker) take(id int, s *server, f wire.Fragment, part []byte) {
	if f.First {
		s.payload, s.flags = nil, f.Flags
	}
	s.payload = append(s.payload, part...)
	if c, is := w.looked().Committed(); f.Flags&wire.FlagTrailers == 0 && (!is || c != id) || int64(len(s.payload)) > f.Total {
		w.fail("a piece of a message of attempt %d, which is not the committed one, or too long: %+v", id+1, f)
	}
	if f.Last && f.Flags&wire.FlagCompressed == 0 {
		w.got(s, string(s.payload))
	}
}

// got: a message for the application.
func (w *walker) got(s *server, message string) {
	if w.messages >= len(s.messages) || s.messages[w.messages] != message {
		w.fail("message %d is %q; the server sent %q", w.messages+1, message, s.messages)
	}
	w.messages, w.wished, s.payload = w.messages+1, false, nil
}

func (w *walker) inflate(id int, s *server) {
	s.packed = false
	raw, err := unpacked(s.payload)
	trailers := s.flags&wire.FlagTrailers != 0
	w.meet("compressed message", !trailers)
	w.meet("compressed trailers", trailers)
	w.turn(fmt.Sprintf("inflated %q of %d, %v", raw, id+1, err), func() {
		switch {
		case err != nil || w.random.Intn(20) == 0:
			w.call.Failed(w.now, id, call.BadPayload, plan.Processed, errors.New("damaged"))
		case trailers:
			w.call.Inflated(w.now, id, int64(len(raw)), raw)
		default:
			if w.call.Inflated(w.now, id, int64(len(raw)), nil); !w.looked().Over() {
				w.got(s, string(raw))
			}
		}
		w.feed(id, s.rest)
	})
}

// packed is a frame whose payload is compressed.
func packed(flags byte, payload string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(payload))
	w.Close()
	return wire.AppendFrame(nil, flags|wire.FlagCompressed, b.Bytes())
}

func unpacked(payload []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
