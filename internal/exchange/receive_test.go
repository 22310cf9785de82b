package exchange

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// response is an HTTP response, in the pieces in which its body comes.
type response struct {
	http   int
	fields metadata.MD
	chunks [][]byte
	broken error // how the body breaks off; nil: it ends cleanly
}

// answer is a 200 with this body.
func answer(body ...[]byte) response {
	return response{http: 200, fields: metadata.New("content-type", "application/grpc-web+proto"), chunks: body}
}

// with adds fields to the head.
func (r response) with(namesAndValues ...string) response {
	r.fields = r.fields.Clone()
	r.fields.AppendAll(metadata.New(namesAndValues...))
	return r
}

// chunked is the same response in pieces of the sizes that cut answers.
func (r response) chunked(cut func(left int) int) response {
	body := bytes.Join(r.chunks, nil)
	r.chunks = nil
	for len(body) > 0 {
		n := cut(len(body))
		r.chunks, body = append(r.chunks, body[:n]), body[n:]
	}
	return r
}

func message(text string) []byte { return wire.AppendFrame(nil, 0, []byte(text)) }

func trailers(lines string) []byte { return wire.AppendFrame(nil, wire.FlagTrailers, []byte(lines)) }

func joined(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

const okTrailers = "grpc-status: 0\r\n"

// result is all that an exchange made of a response.
type result struct {
	committed bool
	messages  []string
	status    *status.Status
}

// text is what tells one result from another.
func (r result) text() string {
	return fmt.Sprintf("committed %v, messages %q, %v, details %q, header %v, trailer %v",
		r.committed, r.messages, r.status, r.status.Details, r.status.Header, r.status.Trailer)
}

// receive turns an exchange as a driver does. The table of fragments has so much room.
func receive(t testing.TB, r response, room int) result {
	x := Exchange{MaxMessage: 1000}
	var got result
	note := func(reading Reading) (goesOn bool) {
		got.committed = got.committed || reading == Headers
		return reading != Ended
	}
	goesOn := note(x.Head(r.http, r.fields))
	var partial []byte
	for _, chunk := range r.chunks {
		if goesOn {
			goesOn = note(x.Body())
		}
		for at := 0; goesOn && at < len(chunk); {
			fragments, next, reading := x.Feed(chunk, at, make([]wire.Fragment, 0, room))
			if next == at && len(fragments) == 0 && reading == More {
				t.Fatalf("feeding from %d on comes to nothing", at)
			}
			for _, f := range fragments {
				if f.First != (partial == nil) || f.Total > 1000 {
					t.Fatalf("a fragment out of order, or of too long a message: %+v", f)
				}
				partial = append(partial, chunk[f.Offset:f.Offset+f.Length]...)
				if partial == nil {
					partial = []byte{}
				}
				if f.Last {
					if len(partial) != f.Total {
						t.Fatalf("%d bytes of a message of %d", len(partial), f.Total)
					}
					got.messages, partial = append(got.messages, string(partial)), nil
				}
			}
			at, goesOn = next, note(reading)
		}
	}
	if goesOn && r.broken != nil {
		x.Break(r.broken)
	} else if goesOn {
		x.End()
	}
	if got.status = x.Status(); got.status == nil {
		t.Fatal("the exchange ended without a status")
	}
	return got
}

// whole receives a response with room for everything.
func whole(t testing.TB, r response) result { return receive(t, r, 64) }
