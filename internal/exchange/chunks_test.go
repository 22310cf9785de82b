package exchange

import (
	"math/rand"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Scenario 97: where the body is cut makes no difference.
func TestChunks(t *testing.T) {
	for name, r := range map[string]response{
		"97_messages":       answer(message("one"), message(""), message("three"), trailers("grpc-status: 3\r\nx-end: 1\r\n")),
		"97_trailers_alone": answer(trailers(okTrailers)),
		"97_status_in_head": answer(message("one"), trailers("grpc-status: 9")).with("grpc-status", "8"),
		"97_cut_short":      answer(message("one"), message("three")[:7]),
		"97_no_trailers":    answer(message("one")),
		"97_bad_flags":      answer(message("one"), []byte{7, 0, 0, 0, 1, 0}),
		"97_goes_on":        answer(message("one"), trailers(okTrailers), []byte{0, 0}),
		"97_too_long":       answer(message("one"), []byte{0, 1, 0, 0, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			size := len(joined(r.chunks...))
			want := whole(t, r.chunked(func(left int) int { return left })).text()
			check := func(what string, at int, r response) {
				t.Helper()
				for _, room := range []int{1, 2, 64} {
					if got := receive(t, r, room).text(); got != want {
						t.Errorf("%s %d, room %d:\n%s\nwant\n%s", what, at, room, got, want)
					}
				}
			}
			for at := 1; at < size; at++ {
				check("cut in two at", at, r.chunked(func(left int) int {
					if left == size {
						return at
					}
					return left
				}))
				check("pieces of", at, r.chunked(func(left int) int { return min(at, left) }))
			}
		})
	}
}

// FuzzExchange: whatever a body holds, it is read the same in one piece and in
// any others, and nothing panics.
func FuzzExchange(f *testing.F) {
	f.Add(joined(message("one"), message(""), trailers(okTrailers)), uint16(200), "application/grpc-web", "", int64(1))
	f.Add(joined(message("one"), trailers("Grpc-Status: 9")), uint16(200), "application/grpc-web+proto", "8", int64(2))
	f.Add(joined(trailers(okTrailers), message("late")), uint16(200), "application/grpc-web", "", int64(3))
	f.Add(joined(trailers("x-bin: ////,AA==\nx\n:\n")), uint16(200), "application/grpc-web", "", int64(4))
	f.Add([]byte("<html>"), uint16(503), "text/html", "14", int64(5))
	f.Add([]byte{1, 0, 0, 0, 0}, uint16(200), "application/grpc-web", "", int64(6))
	f.Add([]byte{0, 255, 255, 255, 255, 0}, uint16(200), "application/grpc-web", "0", int64(7))
	f.Fuzz(func(t *testing.T, body []byte, http uint16, contentType, told string, seed int64) {
		r := response{http: int(http), fields: metadata.New("content-type", contentType)}
		if told != "" {
			r = r.with("grpc-status", told)
		}
		if len(body) > 0 {
			r.chunks = [][]byte{body}
		}
		want := whole(t, r).text()
		random := rand.New(rand.NewSource(seed))
		for range 4 {
			pieces := r.chunked(func(left int) int { return 1 + random.Intn(min(left, 1+random.Intn(20))) })
			if got := receive(t, pieces, 1+random.Intn(3)).text(); got != want {
				t.Errorf("in pieces:\n%s\nwhole:\n%s", got, want)
			}
		}
	})
}

// FuzzMessages: what a server sends arrives, however it is cut.
func FuzzMessages(f *testing.F) {
	f.Add("one", "", "three", int64(1))
	f.Fuzz(func(t *testing.T, a, b, c string, seed int64) {
		if max(len(a), len(b), len(c)) > 1000 {
			t.Skip()
		}
		random := rand.New(rand.NewSource(seed))
		end := wire.AppendTrailer(nil, metadata.New("grpc-status", "0", "x-bin", a))
		r := answer(message(a), message(b), message(c), wire.AppendFrame(nil, wire.FlagTrailers, end))
		got := receive(t, r.chunked(func(left int) int { return 1 + random.Intn(left) }), 1+random.Intn(4))
		if len(got.messages) != 3 || got.messages[0] != a || got.messages[1] != b || got.messages[2] != c || got.status.Code != 0 {
			t.Errorf("%s", got.text())
		}
		if sent := got.status.Trailer.Get("x-bin"); sent != a {
			t.Errorf("the trailer is %q; want %q", sent, a)
		}
	})
}
