package exchange

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// With FirstFrame, a head is not reported before the first frame.
func TestFirstFrame(t *testing.T) {
	later := "grpc-status: 14\r\ngrpc-retry-pushback-ms: 20\r\nx-end: 1\r\n"
	t.Run("95_lone_trailers_frame_does_not_commit", func(t *testing.T) {
		for name, r := range map[string]response{
			"plain": answer(trailers(later)), "compressed": zipped(packed(wire.FlagTrailers, later)), "text": answer(trailers(later)).inText(),
			"status in the head too": answer(trailers(later)).with("grpc-status", "5"),
		} {
			t.Run(name, func(t *testing.T) {
				got := whole(t, r.with("x-begin", "1").atFirstFrame())
				got.is(t, false, status.Unavailable, "")
				same(t, "header", got.status.Header, metadata.New("x-begin", "1"))
				same(t, "trailer", got.status.Trailer, metadata.New("grpc-retry-pushback-ms", "20", "x-end", "1"))
				if !got.alone {
					t.Error("there was something beside the trailers")
				}
			})
		}
	})
	t.Run("95_message_commits", func(t *testing.T) {
		for name, r := range map[string]response{
			"plain": answer(message("one"), trailers(later)), "of no length": answer(message(""), trailers(later)),
			"compressed": zipped(packed(0, "one"), trailers(later)), "text": answer(message("one"), trailers(later)).inText(),
			"status in the head too": answer(message("one"), trailers(later)).with("grpc-status", "5"),
			"prefix alone":           answer(message("one")[:wire.PrefixSize]),
		} {
			t.Run(name, func(t *testing.T) {
				got := whole(t, r.with("x-begin", "1").atFirstFrame())
				if !got.committed || got.status.Code != status.Unavailable {
					t.Error(got.text())
				}
				same(t, "header", got.status.Header, metadata.New("x-begin", "1"))
			})
		}
	})
	t.Run("95_header_comes_with_the_first_frame", func(t *testing.T) {
		x := Exchange{MaxMessage: maxMessage, FirstFrame: true}
		if r := x.Head(200, answer().with("x-begin", "1").fields); r != More {
			t.Fatalf("the head is answered with %d", r)
		}
		room := make([]wire.Fragment, 0, 8)
		frames := joined(message("one"), message("two"))
		if to, at, r := x.Feed(frames[:4], 0, room); len(to) != 0 || at != 4 || r != More {
			t.Fatalf("most of a prefix: %v, %d, %d", to, at, r)
		}
		to, at, r := x.Feed(frames, 4, room)
		if len(to) != 1 || at != wire.PrefixSize+3 || r != Headers {
			t.Fatalf("the first frame: %v, %d, %d", to, at, r)
		}
		same(t, "header", x.Header(), metadata.New("x-begin", "1"))
		if to, at, r = x.Feed(frames, at, room); len(to) != 1 || at != len(frames) || r != More {
			t.Fatalf("the second: %v, %d, %d", to, at, r)
		}
	})
	t.Run("95_nothing_before_the_end", func(t *testing.T) {
		got := whole(t, answer().with("x-begin", "1").atFirstFrame())
		got.is(t, false, status.Unknown, "Access-Control-Expose-Headers")
		same(t, "header", got.status.Header, metadata.New("x-begin", "1"))
		if !got.hidden || got.alone {
			t.Errorf("hidden %v, alone %v", got.hidden, got.alone)
		}
	})
	t.Run("95_lost_before_the_first_frame", func(t *testing.T) {
		for n := range len(trailers(okTrailers)) {
			r := answer().atFirstFrame()
			if n > 0 {
				r.chunks = [][]byte{trailers(okTrailers)[:n]}
			}
			r.broken = errors.New("reset")
			whole(t, r).is(t, false, status.Unavailable, "reset")
		}
		whole(t, answer(trailers(okTrailers)[:4]).atFirstFrame()).is(t, false, status.Unavailable, "inside a frame")
	})
	t.Run("95_trailers_only_ok", func(t *testing.T) {
		whole(t, answer(trailers(okTrailers)).atFirstFrame()).is(t, false, status.OK, "")
		whole(t, answer().with("grpc-status", "0").atFirstFrame()).is(t, false, status.OK, "")
	})
	t.Run("what_the_head_alone_says", func(t *testing.T) {
		whole(t, answer().with("grpc-status", "14").atFirstFrame()).is(t, false, status.Unavailable, "")
		whole(t, response{http: 503}.atFirstFrame()).is(t, false, status.Unavailable, "HTTP status 503")
	})
	t.Run("refused_by_its_prefix", func(t *testing.T) {
		for name, c := range map[string]struct {
			frame   []byte
			code    status.Code
			refused bool
		}{
			"message that is too large":   {message(strings.Repeat("x", maxMessage+1)), status.ResourceExhausted, true},
			"message in another encoding": {packed(0, "x"), status.Internal, true},
			"no frame":                    {[]byte("<html>"), status.Internal, true},
			"trailers in another":         {packed(wire.FlagTrailers, "x"), status.Internal, false},
			"trailers, too large":         {wire.AppendFrame(nil, wire.FlagTrailers, make([]byte, maxTrailer+1)), status.ResourceExhausted, false},
		} {
			x := Exchange{MaxMessage: maxMessage, FirstFrame: true}
			x.Head(200, answer().fields)
			if _, _, r := x.Feed(c.frame, 0, make([]wire.Fragment, 0, 4)); r != Ended || x.Status().Code != c.code || x.Refused() != c.refused {
				t.Errorf("%s: %d, %v, refused %v", name, r, x.Status(), x.Refused())
			}
		}
	})
	t.Run("damaged_trailers", func(t *testing.T) {
		whole(t, zipped(wire.AppendFrame(nil, wire.FlagCompressed|wire.FlagTrailers, []byte("x"))).atFirstFrame()).is(t, false, status.Internal, "inflated")
		whole(t, zipped(wire.AppendFrame(nil, wire.FlagCompressed, []byte("x"))).atFirstFrame()).is(t, true, status.Internal, "inflated")
	})
}
