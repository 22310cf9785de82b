package exchange

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Over a WebSocket, the first frame is the head (SEMANTICS 5.8b, 5.8c).
func TestSocket(t *testing.T) {
	head := trailers("Content-Type: application/grpc-web+proto\r\nX-Begin: 1\r\nx-raw-bin: AP8\r\n")
	header := metadata.New("x-begin", "1", "x-raw-bin", "\x00\xff")
	t.Run("head_messages_trailers", func(t *testing.T) {
		for _, r := range []response{socket(head, message("one"), message(""), trailers(okTrailers)), socket(joined(head, message("one"), message(""), trailers(okTrailers)))} {
			got := whole(t, r)
			got.is(t, true, status.OK, "", "one", "")
			same(t, "header", got.status.Header, header)
			if got.alone != true || got.hidden {
				t.Error(got.text())
			}
		}
	})
	t.Run("head_commits_when_it_is_whole", func(t *testing.T) {
		var x Exchange
		if r := x.Head(101, metadata.MD{}); r != More {
			t.Fatalf("the opening is answered with %d", r)
		}
		room := make([]wire.Fragment, 0, 4)
		for i := range head {
			want := More
			if i == len(head)-1 {
				want = Headers
			}
			if to, at, r := x.Feed(head[i:i+1], 0, room); len(to) != 0 || at != 1 || r != want {
				t.Fatalf("byte %d: %v, %d, %d", i, to, at, r)
			}
		}
		same(t, "header", x.Header(), header)
	})
	t.Run("head_of_no_length", func(t *testing.T) {
		whole(t, socket(trailers(""), message("one"), trailers(okTrailers))).is(t, true, status.OK, "", "one")
	})
	t.Run("compressed", func(t *testing.T) {
		zip := trailers("grpc-encoding: gzip\r\n")
		whole(t, socket(zip, packed(0, "one"), message("two"), packed(wire.FlagTrailers, okTrailers))).is(t, true, status.OK, "", "one", "two")
		whole(t, socket(head, packed(0, "one"))).is(t, true, status.Internal, "names no grpc-encoding")
	})
	t.Run("trailers_only", func(t *testing.T) {
		got := whole(t, socket(trailers("grpc-status: 14\r\ngrpc-message: no%21\r\ngrpc-retry-pushback-ms: 5\r\n")))
		got.is(t, false, status.Unavailable, "no!")
		same(t, "header", got.status.Header, metadata.MD{})
		same(t, "trailer", got.status.Trailer, metadata.New("grpc-retry-pushback-ms", "5"))
	})
	t.Run("no_head", func(t *testing.T) {
		for _, frame := range [][]byte{message("one"), packed(0, "one"), packed(wire.FlagTrailers, okTrailers)} {
			whole(t, socket(frame)).is(t, false, status.Internal, "first frame is not the response's head")
		}
		whole(t, socket([]byte("<html>"))).is(t, false, status.Internal, "flag byte")
		whole(t, socket(wire.AppendFrame(nil, wire.FlagTrailers, make([]byte, maxTrailer+1)))).is(t, false, status.ResourceExhausted, "limit")
	})
	t.Run("bytes_behind_the_trailers", func(t *testing.T) {
		whole(t, socket(head, trailers(okTrailers), trailers(okTrailers))).is(t, true, status.Internal, "after its trailers")
	})
	t.Run("lost_or_ended_without_a_head", func(t *testing.T) {
		got := whole(t, socket())
		got.is(t, false, status.Unknown, "without a trailers frame")
		if got.hidden {
			t.Error("CORS hides nothing of a WebSocket")
		}
		r := socket(head[:9])
		r.broken = errors.New("reset")
		whole(t, r).is(t, false, status.Unavailable, "reset")
	})
	t.Run("95_first_frame_behind_the_head", func(t *testing.T) {
		later := trailers("grpc-status: 14\r\nx-end: 1\r\n")
		for _, chunks := range [][][]byte{{head, later}, {joined(head, later)}} {
			got := whole(t, socket(chunks...).atFirstFrame())
			got.is(t, false, status.Unavailable, "")
			same(t, "header", got.status.Header, header)
			same(t, "trailer", got.status.Trailer, metadata.New("x-end", "1"))
		}
		whole(t, socket(head, message("one"), later).atFirstFrame()).is(t, true, status.Unavailable, "", "one")
		whole(t, socket(head).atFirstFrame()).is(t, false, status.Unknown, "without a trailers frame")
		var x Exchange
		x.FirstFrame = true
		x.Head(101, metadata.MD{})
		if _, _, r := x.Feed(message("one"), 0, make([]wire.Fragment, 0, 4)); r != Ended || x.Refused() {
			t.Errorf("a message in place of the head: %d, refused %v", r, x.Refused())
		}
	})
}

func TestClose(t *testing.T) {
	head := trailers("x-begin: 1\r\n")
	codes := map[int]status.Code{
		1001: status.Unavailable, 1006: status.Unavailable, 1012: status.Unavailable, 1013: status.Unavailable, 1014: status.Unavailable,
		1015: status.Unavailable, 1002: status.Internal, 1003: status.Internal, 1007: status.Internal, 1010: status.Internal,
		1011: status.Internal, 1008: status.PermissionDenied, 1009: status.ResourceExhausted,
		999: status.Unknown, 1004: status.Unknown, 1016: status.Unknown, 3000: status.Unknown, 4999: status.Unknown,
		1000: status.Unknown, 1005: status.Unknown, // These are like the clean end of a body.
	}
	for code, want := range codes {
		for name, body := range map[string][]byte{"nothing": nil, "the head": head, "a message": joined(head, message("one"))} {
			r := socket(body)
			r.closed = code
			if got := whole(t, r); got.status.Code != want || got.committed != (body != nil) {
				t.Errorf("code %d behind %s: %s; want %v", code, name, got.text(), want)
			}
		}
		if code == 1000 || code == 1005 {
			want = status.Unavailable
		}
		for _, frame := range [][]byte{message("one"), trailers("grpc-status: 5")} {
			for n := 1; n < len(frame); n++ {
				r := socket(joined(head, frame[:n]))
				r.closed = code
				if got := whole(t, r); got.status.Code != want {
					t.Errorf("code %d inside a frame: %s; want %v", code, got.text(), want)
				}
			}
		}
		r := socket(head, trailers("grpc-status: 5"))
		r.closed = code
		whole(t, r).is(t, true, status.NotFound, "") // A complete status is still valid.
	}
	t.Run("words", func(t *testing.T) {
		for text, c := range map[string]struct {
			code   int
			reason string
		}{
			`the server closed the WebSocket with code 1008: "go away"`: {1008, "go away"},
			`the server closed the WebSocket with code 1011`:            {1011, ""},
			`the WebSocket was lost while the response was read`:        {1006, ""},
		} {
			var x Exchange
			x.Head(101, metadata.MD{})
			if x.Close(c.code, c.reason); x.Status().Message != text {
				t.Errorf("%q; want %q", x.Status().Message, text)
			}
			if x.Close(1009, "again"); !strings.HasPrefix(x.Status().Message, text) {
				t.Errorf("a second closing changes it: %v", x.Status())
			}
		}
	})
}
