package exchange

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// zipped is a response with HTTP status 200 whose frames may be compressed.
func zipped(body ...[]byte) response { return answer(body...).with("grpc-encoding", "gzip") }

func TestCompressed(t *testing.T) {
	t.Run("96_trailers", func(t *testing.T) {
		lines := "Grpc-Status: 5\r\nGRPC-MESSAGE: gone\r\nX-A: 1\r\nx-A: 2"
		r := zipped(message("one"), packed(0, "two"), packed(wire.FlagTrailers, lines))
		for name, r := range map[string]response{"bytes": r, "text": r.inText(), "one chunk": r.chunked(func(left int) int { return left })} {
			got := whole(t, r)
			got.is(t, true, status.NotFound, "gone", "one", "two")
			same(t, name, got.status.Trailer, metadata.New("x-a", "1", "x-a", "2"))
		}
		whole(t, zipped(packed(wire.FlagTrailers, lines))).is(t, true, status.NotFound, "gone")
	})
	t.Run("96_trailers_are_the_last_frame", func(t *testing.T) {
		end := packed(wire.FlagTrailers, okTrailers)
		for _, late := range [][]byte{{0}, message("late"), packed(0, "late"), end} {
			whole(t, zipped(end, late)).is(t, true, status.Internal, "after its trailers")
			whole(t, zipped(joined(end, late))).is(t, true, status.Internal, "after its trailers")
		}
	})
	t.Run("96_trailers_that_hold_nothing", func(t *testing.T) {
		whole(t, zipped(packed(wire.FlagTrailers, ""))).is(t, true, status.Unknown, "no grpc-status")
	})
	t.Run("in_order", func(t *testing.T) {
		got := whole(t, zipped(joined(packed(0, "1"), message("2"), packed(0, ""), message(""), packed(0, "5"), trailers(okTrailers))))
		got.is(t, true, status.OK, "", "1", "2", "", "", "5")
		same(t, "header", got.status.Header, metadata.MD{})
	})
	t.Run("damaged", func(t *testing.T) {
		short := deflated("hello")
		for name, payload := range map[string][]byte{"not gzip": []byte("hello"), "cut short": short[:len(short)-1], "bad sum": append(short[:len(short)-8:len(short)-8], 0, 0, 0, 0, 0, 0, 0, 0)} {
			for _, flags := range []byte{wire.FlagCompressed, wire.FlagCompressed | wire.FlagTrailers} {
				got := whole(t, zipped(message("one"), wire.AppendFrame(nil, flags, payload), message("two")))
				got.is(t, true, status.Internal, "marked as compressed with gzip could not be inflated", "one")
				if got.status.Cause == nil || !strings.Contains(got.status.Message, got.status.Cause.Error()) {
					t.Errorf("%s: the cause is lost: %v", name, got.status)
				}
			}
		}
	})
	t.Run("limit_as_it_comes", func(t *testing.T) {
		noise := make([]byte, maxMessage+1)
		rand.New(rand.NewSource(1)).Read(noise)
		prefix := wire.AppendFrame(nil, wire.FlagCompressed, noise)[:wire.PrefixSize]
		whole(t, zipped(prefix)).is(t, true, status.ResourceExhausted, "message of 1001 bytes is larger than the limit of 1000")
		long := wire.AppendFrame(nil, wire.FlagCompressed|wire.FlagTrailers, make([]byte, maxTrailer+1))[:wire.PrefixSize]
		whole(t, zipped(long)).is(t, true, status.ResourceExhausted, "trailers frame of 1048577 bytes")
	})
	t.Run("limit_inflated", func(t *testing.T) {
		most := strings.Repeat("0", maxMessage)
		whole(t, zipped(packed(0, most), trailers(okTrailers))).is(t, true, status.OK, "", most)
		whole(t, zipped(message("one"), packed(0, most+"0"), trailers(okTrailers))).
			is(t, true, status.ResourceExhausted, "a response message, when inflated, is larger than the limit of 1000 bytes", "one")
		end := okTrailers + "x: " + strings.Repeat("0", maxTrailer)
		whole(t, zipped(packed(wire.FlagTrailers, end[:maxTrailer]))).is(t, true, status.OK, "") // The limit for messages does not apply to trailers.
		whole(t, zipped(packed(wire.FlagTrailers, end))).is(t, true, status.ResourceExhausted, "trailers frame, when inflated, is larger than the limit of 1048576 bytes")
	})
	t.Run("other_encodings", func(t *testing.T) {
		for encoding, text := range map[string]string{"": "names no grpc-encoding", "identity": "names no grpc-encoding", "br": `"br"`, "deflate": "gzip is", "gzip, gzip": `"gzip, gzip"`} {
			for _, frame := range [][]byte{packed(0, "x"), packed(wire.FlagTrailers, okTrailers)} {
				whole(t, answer(message("one"), frame).with("grpc-encoding", encoding)).is(t, true, status.Internal, text, "one")
			}
			whole(t, answer(message("one"), trailers(okTrailers)).with("grpc-encoding", encoding)).is(t, true, status.OK, "", "one")
		}
	})
	t.Run("gzip_in_any_case", func(t *testing.T) {
		whole(t, answer(packed(0, "one"), packed(wire.FlagTrailers, okTrailers)).with("grpc-encoding", "GZip")).is(t, true, status.OK, "", "one")
	})
	t.Run("104_nothing_compressed", func(t *testing.T) { // An empty payload may be marked as compressed.
		end := wire.AppendFrame(nil, wire.FlagTrailers|wire.FlagCompressed, nil)
		whole(t, zipped(wire.AppendFrame(nil, wire.FlagCompressed, nil), message("two"), trailers(okTrailers))).is(t, true, status.OK, "", "", "two")
		whole(t, zipped(end)).is(t, true, status.Unknown, "no grpc-status")
		whole(t, zipped(end).with("grpc-status", "14")).is(t, false, status.Unavailable, "")
		whole(t, answer(wire.AppendFrame(nil, wire.FlagCompressed, nil))).is(t, true, status.Internal, "names no grpc-encoding")
	})
	t.Run("encoding_not_exposed", func(t *testing.T) {
		var x Exchange
		x.Head(200, answer().fields)
		x.Feed(packed(0, "x"), 0, make([]wire.Fragment, 0, 1))
		if !x.Unnamed() || !strings.Contains(x.Status().Message, "Access-Control-Expose-Headers: grpc-encoding") {
			t.Errorf("unnamed %v, %v", x.Unnamed(), x.Status())
		}
		for _, r := range []response{answer(packed(0, "x")).with("grpc-encoding", "br"), socket(trailers(""), packed(0, "x"))} {
			if got := whole(t, r); strings.Contains(got.status.Message, "Expose") {
				t.Error(got.text())
			}
		}
	})
	t.Run("connection_lost", func(t *testing.T) {
		for _, frame := range [][]byte{packed(0, "x"), packed(wire.FlagTrailers, okTrailers)} {
			r := zipped(frame[:len(frame)-1])
			r.broken = errors.New("reset")
			whole(t, r).is(t, true, status.Unavailable, "reset")
			r.broken = nil
			whole(t, r).is(t, true, status.Unavailable, "inside a frame")
		}
		r := zipped(packed(wire.FlagTrailers, okTrailers))
		r.broken = errors.New("reset")
		whole(t, r).is(t, true, status.OK, "")
	})
}

// A compressed message must be inflated even if the driver skips a part of it, and
// the limit is that of a message, or of trailers.
func TestSkipCompressed(t *testing.T) {
	x := Exchange{MaxMessage: maxMessage}
	x.Head(200, zipped().fields)
	for _, c := range []struct {
		flags byte
		limit int64
	}{{0, maxMessage}, {wire.FlagTrailers, maxTrailer}} {
		frame := packed(c.flags, "grpc-status: 0")
		fragments, at, _ := x.Feed(frame[:9], 0, make([]wire.Fragment, 0, 4))
		if _, packed := x.Packed(); packed || len(fragments) != 1 || fragments[0].Length != 4 || at != 9 {
			t.Fatalf("%+v, at %d, packed %v", fragments, at, packed)
		}
		x.Skip(1)
		if _, packed := x.Packed(); packed || x.Left() != int64(len(frame)-10) || x.InTrailers() != (c.flags != 0) {
			t.Fatalf("%d left, packed %v, trailers %v", x.Left(), packed, x.InTrailers())
		}
		x.Skip(int(x.Left()))
		if limit, packed := x.Packed(); !packed || limit != c.limit {
			t.Fatalf("packed %v, limit %d", packed, limit)
		}
		if r := x.Inflated(14, []byte("grpc-status: 0")); r != More {
			t.Fatal(r)
		}
		if _, packed := x.Packed(); packed {
			t.Fatal("what was inflated is packed still")
		}
		if c.flags == 0 {
			x.Feed(message("plain"), 0, make([]wire.Fragment, 0, 4))
			if x.Skip(0); x.packed {
				t.Fatal("a plain message is taken for a compressed one")
			}
		}
	}
	if x.End(); x.Status().Code != status.OK {
		t.Errorf("%v", x.Status())
	}
}
