package exchange

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// This tests the rules of SEMANTICS 5.2 in their order.
func TestBody(t *testing.T) {
	t.Run("messages_and_trailers", func(t *testing.T) {
		got := whole(t, answer(message("one"), message("two"), trailers("grpc-status: 0\r\ngrpc-message: \r\nX-End: 1\r\n")))
		got.is(t, true, status.OK, "", "one", "two")
		same(t, "trailer", got.status.Trailer, metadata.New("x-end", "1"))
	})
	t.Run("104_message_of_no_length", func(t *testing.T) {
		whole(t, answer(message(""), message(""), trailers(okTrailers))).is(t, true, status.OK, "", "", "")
	})
	t.Run("unknown_flags", func(t *testing.T) {
		for _, flags := range []byte{0x02, 0x40, 0x7e, 0x82, 0xff, '<'} {
			got := whole(t, answer(message("one"), wire.AppendFrame(nil, flags, []byte("x")), trailers(okTrailers)))
			got.is(t, true, status.Internal, "flag byte", "one")
		}
	})
	t.Run("compressed", func(t *testing.T) {
		for _, flags := range []byte{wire.FlagCompressed, wire.FlagCompressed | wire.FlagTrailers} {
			frame := wire.AppendFrame(nil, flags, []byte("x"))
			whole(t, answer(frame)).is(t, true, status.Internal, "names no grpc-encoding")
			whole(t, answer(frame).with("grpc-encoding", "identity")).is(t, true, status.Internal, "names no grpc-encoding")
			whole(t, answer(frame).with("grpc-encoding", "br")).is(t, true, status.Internal, `"br"`)
		}
	})
	t.Run("encoding_named_but_not_used", func(t *testing.T) {
		whole(t, answer(message("x"), trailers(okTrailers)).with("grpc-encoding", "gzip")).is(t, true, status.OK, "", "x")
	})
	t.Run("bytes_behind_the_trailers", func(t *testing.T) {
		for _, rest := range []string{"\x00", "\x00\x00\x00\x00", string(message("late")), string(trailers(okTrailers))} {
			in := answer(message("x"), joined(trailers(okTrailers), []byte(rest)))
			whole(t, in).is(t, true, status.Internal, "after its trailers", "x")
			apart := answer(message("x"), trailers(okTrailers), []byte(rest))
			whole(t, apart).is(t, true, status.Internal, "after its trailers", "x")
		}
	})
	t.Run("103_trailers_without_status", func(t *testing.T) {
		whole(t, answer(trailers("x-end: 1\r\n"))).is(t, true, status.Unknown, "no grpc-status")
		whole(t, answer(trailers(""))).is(t, true, status.Unknown, "no grpc-status")
	})
	t.Run("103_cut_within_a_frame", func(t *testing.T) {
		body := joined(message("one"), trailers(okTrailers))
		for n := 1; n < len(body); n++ {
			got := whole(t, answer(body[:n]))
			if atFrame := n == len(message("one")); atFrame {
				got.is(t, true, status.Unknown, "without a trailers frame", "one")
			} else if n < len(message("one")) {
				got.is(t, true, status.Unavailable, "inside a frame")
			} else {
				got.is(t, true, status.Unavailable, "inside a frame", "one")
			}
		}
	})
	t.Run("connection_lost", func(t *testing.T) {
		reset := errors.New("connection reset")
		for name, c := range map[string]struct {
			body     []byte
			code     status.Code
			messages []string
		}{
			"at once":                {nil, status.Unavailable, nil},
			"within a prefix":        {[]byte{0, 0}, status.Unavailable, nil},
			"behind a message":       {message("one"), status.Unavailable, []string{"one"}},
			"within the trailers":    {trailers(okTrailers)[:9], status.Unavailable, nil},
			"behind whole trailers":  {trailers(okTrailers), status.OK, nil},
			"behind failed trailers": {trailers("grpc-status: 5"), status.NotFound, nil},
		} {
			t.Run(name, func(t *testing.T) {
				r := answer(c.body)
				r.broken = reset
				got := whole(t, r)
				got.is(t, true, c.code, "", c.messages...)
				if c.code == status.Unavailable && (!errors.Is(got.status, reset) || !strings.Contains(got.status.Message, "connection reset")) {
					t.Errorf("the cause is lost: %v", got.status)
				}
			})
		}
	})
	t.Run("limit_of_a_message", func(t *testing.T) {
		whole(t, answer(message(strings.Repeat("x", 1000)), trailers(okTrailers))).is(t, true, status.OK, "", strings.Repeat("x", 1000))
		prefix := message(strings.Repeat("x", 1001))[:wire.PrefixSize] // The message is refused before anything but its prefix has come.
		whole(t, answer(message("one"), prefix)).is(t, true, status.ResourceExhausted, "1001 bytes is larger than the limit of 1000", "one")
	})
	t.Run("limit_of_the_trailers", func(t *testing.T) {
		long := "grpc-status: 0\r\nx: " + strings.Repeat("x", maxTrailer)
		whole(t, answer(trailers(long[:maxTrailer]))).is(t, true, status.OK, "")
		whole(t, answer(trailers(long))).is(t, true, status.ResourceExhausted, "trailers frame")
	})
	t.Run("header_stays_known_however_it_ends", func(t *testing.T) {
		got := whole(t, answer(message("one")[:7]).with("x-begin", "1"))
		same(t, "header", got.status.Header, metadata.New("x-begin", "1"))
	})
}

// Scenario 96: servers write trailers frames in different ways, and all of them are read.
func TestTrailers(t *testing.T) {
	for name, lines := range map[string]string{
		"as it should be": "grpc-status: 5\r\ngrpc-message: gone\r\nx-a: 1\r\nx-a: 2\r\n",
		"mixed case":      "Grpc-Status: 5\r\nGRPC-MESSAGE: gone\r\nX-A: 1\r\nx-A: 2\r\n",
		"no last CRLF":    "grpc-status: 5\r\ngrpc-message: gone\r\nx-a: 1\r\nx-a: 2",
		"LF alone":        "grpc-status:5\ngrpc-message:gone\nx-a:1\nx-a:2\n",
		"more space":      "grpc-status :  5 \r\n\r\n grpc-message:\tgone\t\r\nx-a: 1\r\nx-a: 2\r\n\r\n",
		"a line of none":  "grpc-status: 5\r\nhello\r\n: nameless\r\ngrpc-message: gone\r\nx-a: 1\r\nx-a: 2\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := whole(t, answer(trailers(lines)))
			got.is(t, true, status.NotFound, "gone")
			same(t, "trailer", got.status.Trailer, metadata.New("x-a", "1", "x-a", "2"))
		})
	}
}

// A driver may take a part of a message itself, without feeding it.
func TestSkip(t *testing.T) {
	x := Exchange{MaxMessage: 1000}
	x.Head(200, answer().fields)
	fragments, at, _ := x.Feed(message(strings.Repeat("x", 100))[:25], 0, make([]wire.Fragment, 0, 4))
	if len(fragments) != 1 || fragments[0].Length != 20 || at != 25 || x.Left() != 80 {
		t.Fatalf("%+v, at %d, %d left", fragments, at, x.Left())
	}
	x.Skip(80)
	if x.Left() != 0 {
		t.Fatalf("%d left", x.Left())
	}
	x.Feed(trailers(okTrailers), 0, make([]wire.Fragment, 0, 4))
	if x.End(); x.Status().Code != status.OK {
		t.Errorf("%v", x.Status())
	}
	if x.End() != Ended || x.Break(errors.New("late")) != Ended || x.Status().Code != status.OK {
		t.Errorf("an end after the end changes it: %v", x.Status())
	}
}
