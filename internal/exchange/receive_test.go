package exchange

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// response is an HTTP response, with the pieces in which its body comes.
type response struct {
	http       int
	fields     metadata.MD
	chunks     [][]byte
	broken     error // the error with which the body breaks off; nil if it ends cleanly
	closed     int   // the code with which the WebSocket is closed, if it is
	firstFrame bool
}

// answer returns a response with HTTP status 200 and this body.
func answer(body ...[]byte) response {
	return response{http: 200, fields: metadata.New("content-type", "application/grpc-web+proto"), chunks: body}
}

// socket returns the response of a WebSocket, with this body, which begins with the head.
func socket(body ...[]byte) response { return response{http: 101, chunks: body} }

// with returns the response with more fields in its head.
func (r response) with(namesAndValues ...string) response {
	r.fields = r.fields.Clone()
	r.fields.AppendAll(metadata.New(namesAndValues...))
	return r
}

// atFirstFrame returns the same response, to be read with FirstFrame.
func (r response) atFirstFrame() response {
	r.firstFrame = true
	return r
}

// inText returns the same response in text mode, with every chunk padded.
func (r response) inText() response {
	r.fields = r.fields.Clone()
	r.fields.Set("content-type", "application/grpc-web-text+proto")
	chunks := r.chunks
	r.chunks = nil
	for _, c := range chunks {
		r.chunks = append(r.chunks, wire.AppendText(nil, c))
	}
	return r
}

// chunked returns the same response in pieces of the sizes that cut returns.
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

// packed returns a frame whose payload is compressed.
func packed(flags byte, payload string) []byte {
	return wire.AppendFrame(nil, flags|wire.FlagCompressed, deflated(payload))
}

func deflated(payload string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(payload))
	w.Close()
	return b.Bytes()
}

func joined(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

const okTrailers = "grpc-status: 0\r\n"

// result is everything that an exchange has reported of a response.
type result struct {
	committed bool
	messages  []string
	status    *status.Status
	alone     bool // the body had nothing but trailers
	hidden    bool
	refused   bool // a message was refused, so that the call commits
}

// text writes a result so that two results can be compared.
func (r result) text() string {
	return fmt.Sprintf("committed %v, messages %q, %v, details %q, header %v, trailer %v, alone %v, hidden %v",
		r.committed, r.messages, r.status, r.status.Details, r.status.Header, r.status.Trailer, r.alone, r.hidden)
}

// receiver feeds an exchange as a driver does.
type receiver struct {
	t       testing.TB
	x       Exchange
	got     result
	ended   bool
	partial []byte // what has come of the current payload; nil if none has begun
	flags   byte
	room    int // the capacity of the table of fragments
}

// maxMessage is the limit for messages in these tests.
const maxMessage = 1000

// receive reads a whole response, with room for this many fragments.
func receive(t testing.TB, r response, room int) result {
	d := &receiver{t: t, x: Exchange{MaxMessage: maxMessage, FirstFrame: r.firstFrame}, room: room}
	d.note(d.x.Head(r.http, r.fields))
	for _, chunk := range r.chunks {
		if !d.ended {
			d.feed(bytes.Clone(chunk)) // In text mode the chunk is written over.
		}
	}
	switch {
	case d.ended:
	case r.broken != nil:
		d.x.Break(r.broken)
	case r.closed != 0:
		d.x.Close(r.closed, "")
	default:
		d.x.End()
	}
	if d.got.status = d.x.Status(); d.got.status == nil {
		t.Fatal("the exchange ended without a status")
	}
	d.got.alone, d.got.hidden = d.x.TrailersAlone(), d.x.Hidden()
	d.got.refused = d.x.Refused()
	return d.got
}

func (d *receiver) note(r Reading) {
	if d.got.committed && r == Headers {
		d.t.Fatal("a second header")
	}
	d.got.committed = d.got.committed || r == Headers
	d.ended = d.ended || r == Ended
}

func (d *receiver) feed(chunk []byte) {
	for at := 0; !d.ended && at < len(chunk); {
		fragments, next, reading := d.x.Feed(chunk, at, make([]wire.Fragment, 0, d.room))
		if next == at && len(fragments) == 0 && reading == More {
			d.t.Fatalf("feeding from %d on comes to nothing", at)
		}
		d.note(reading)
		for _, f := range fragments {
			if d.partial != nil == f.First || f.Total > maxMessage && f.Flags&wire.FlagTrailers == 0 {
				d.t.Fatalf("a fragment out of order, or of too long a message: %+v", f)
			}
			d.take(f, chunk[f.Offset:f.Offset+f.Length])
		}
		at = next
		d.inflate()
	}
}

func (d *receiver) take(f wire.Fragment, payload []byte) {
	if !d.got.committed && f.Flags&wire.FlagTrailers == 0 {
		d.t.Fatalf("a message before the header: %+v", f)
	}
	if f.First {
		d.partial, d.flags = []byte{}, f.Flags
	}
	d.partial = append(d.partial, payload...)
	if f.Last != (int64(len(d.partial)) == f.Total) {
		d.t.Fatalf("%d bytes of a payload of %d, last %v", len(d.partial), f.Total, f.Last)
	}
	if f.Last && f.Flags&wire.FlagCompressed == 0 {
		d.got.messages, d.partial = append(d.got.messages, string(d.partial)), nil
	}
}

// inflate does what Packed says.
func (d *receiver) inflate() {
	limit, packed := d.x.Packed()
	if !packed || d.ended {
		return
	}
	if to, at, r := d.x.Feed([]byte{0, 0}, 0, make([]wire.Fragment, 0, 1)); len(to) > 0 || at != 0 || r != More {
		d.t.Fatal("something is read before what comes before it is inflated")
	}
	raw, err := inflate(d.partial, limit)
	d.partial = nil
	switch {
	case err != nil:
		d.note(d.x.Damaged(err))
	case d.flags&wire.FlagTrailers != 0:
		d.note(d.x.Inflated(int64(len(raw)), raw))
	default:
		if d.note(d.x.Inflated(int64(len(raw)), nil)); !d.ended {
			d.got.messages = append(d.got.messages, string(raw))
		}
	}
	if _, packed := d.x.Packed(); packed && !d.ended {
		d.t.Fatal("what was inflated is packed still")
	}
}

func inflate(payload []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(payload))
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, limit+1))
}

// whole reads a response with a table that has room for all its fragments.
func whole(t testing.TB, r response) result { return receive(t, r, 64) }
