package exchange

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// In text mode too, a chunk may have more messages than the table has room, and a message may be longer than a chunk.
func TestTextMode(t *testing.T) {
	t.Run("97_large_messages", func(t *testing.T) {
		long := strings.Repeat("0123456789", 100)
		r := answer(message(long), message(long[1:]), message(long[:999]), trailers(okTrailers)).inText()
		for _, size := range []int{1, 3, 4, 5, 1000, 1333, 1 << 20} {
			for _, room := range []int{1, 3} {
				pieces := r.chunked(func(left int) int { return min(size, left) })
				receive(t, pieces, room).is(t, true, status.OK, "", long, long[1:], long[:999])
			}
		}
	})
	t.Run("97_more_messages_than_room", func(t *testing.T) {
		var parts [][]byte
		var want []string
		for i := range 100 {
			want = append(want, strings.Repeat("x", i%4))
			parts = append(parts, message(want[i]))
		}
		r := answer(joined(joined(parts...), trailers(okTrailers))).inText()
		for room := 1; room < 7; room++ {
			receive(t, r, room).is(t, true, status.OK, "", want...)
		}
	})
	for n, end := range []string{"grpc-status: 0\r\n", "grpc-status: 0\n", "grpc-status: 0"} { // These have 0 to 2 equals signs.
		t.Run("97_padding_behind_the_trailers", func(t *testing.T) {
			r := answer(trailers(end)).inText()
			text := string(r.chunks[0])
			if bare := strings.TrimRight(text, "="); len(text)-len(bare) != n {
				t.Fatalf("%q is padded by %d", text, len(text)-len(bare))
			} else {
				for _, chunks := range [][]string{{bare}, {text}, append([]string{bare}, strings.Split(text[len(bare):], "")...)} {
					r.chunks = nil
					for _, c := range chunks {
						if c != "" {
							r.chunks = append(r.chunks, []byte(c))
						}
					}
					whole(t, r).is(t, true, status.OK, "")
					for _, line := range []string{"\n", "\r\n", "\r\n\r\n"} {
						r := r
						r.chunks = append(slices.Clone(r.chunks), []byte(line))
						whole(t, r).is(t, true, status.OK, "")
					}
					for _, late := range []string{"A", "====", "AA==", "\nA"} {
						r := r
						r.chunks = append(slices.Clone(r.chunks), []byte(late))
						whole(t, r).is(t, true, status.Internal, "after its trailers")
					}
				}
			}
		})
	}
	t.Run("97_line_ends_at_the_end", func(t *testing.T) {
		r := answer(message("one"), trailers(okTrailers)).inText()
		want := whole(t, r).text()
		r.chunks = append(r.chunks, []byte("\r\n"))
		r.cutAnywhere(t, want)
		r.chunks = [][]byte{joined(r.chunks[:1]...), []byte("\r\n"), r.chunks[1]}
		whole(t, r).is(t, true, status.Internal, "where base64 is expected", "one")
	})
	t.Run("97_the_answer_says_whether_it_is_text", func(t *testing.T) {
		for contentType, text := range map[string]bool{
			"application/grpc-web-text": true, "application/grpc-web-text+proto": true, "Application/gRPC-Web-Text; charset=utf-8": true,
			"application/grpc-web": false, "application/grpc-web+proto": false,
		} {
			r := response{http: 200, fields: metadata.New("content-type", contentType), chunks: [][]byte{joined(message("x"), trailers(okTrailers))}}
			var x Exchange
			if x.Head(200, r.fields); x.InText() != text {
				t.Errorf("%q: text %v", contentType, x.InText())
			}
			if text {
				r.chunks[0] = wire.AppendText(nil, r.chunks[0])
			}
			whole(t, r).is(t, true, status.OK, "", "x")
		}
	})
	t.Run("no_base64", func(t *testing.T) {
		body := string(wire.AppendText(nil, message("one")))
		for at := range len(body) + 1 {
			r := answer().inText()
			r.chunks = [][]byte{[]byte(body[:at] + "\x01" + body[at:])}
			got := whole(t, r)
			if got.status.Code != status.Internal || !strings.Contains(got.status.Message, `"\x01" where base64 is expected`) || len(got.messages) > 0 != (at >= len(body)-1) {
				t.Errorf("at %d: %s", at, got.text())
			}
		}
	})
	t.Run("103_cut_within_a_group_or_a_frame", func(t *testing.T) {
		body := string(wire.AppendText(nil, joined(message("one"), trailers(okTrailers))))
		for n := 1; n < len(strings.TrimRight(body, "=")); n++ {
			for _, broken := range []error{nil, errors.New("reset")} {
				r := answer().inText()
				r.chunks, r.broken = [][]byte{[]byte(body[:n])}, broken
				want := status.Unavailable
				if n == 11 && broken == nil { // These are eight bytes: the message, and nothing of what follows.
					want = status.Unknown
				}
				if got := whole(t, r); got.status.Code != want || !got.committed {
					t.Errorf("cut at %d, %v: %s", n, broken, got.text())
				}
			}
		}
	})
	t.Run("limit_of_what_was_decoded", func(t *testing.T) {
		r := answer(message(strings.Repeat("x", 1001))[:wire.PrefixSize]).inText()
		whole(t, r).is(t, true, status.ResourceExhausted, "1001 bytes is larger than the limit of 1000")
	})
}
