package exchange

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Scenario 97: it makes no difference where the body is cut, nor whether it is text, nor
// which parts of the text are padded.
func TestChunks(t *testing.T) {
	for name, r := range map[string]response{
		"97_messages":            answer(message("one"), message(""), message("three"), trailers("grpc-status: 3\r\nx-end: 1\r\n")),
		"97_trailers_alone":      answer(trailers(okTrailers)),
		"97_status_in_head":      answer(message("one"), trailers("grpc-status: 9")).with("grpc-status", "8"),
		"97_cut_short":           answer(message("one"), message("three")[:7]),
		"97_no_trailers":         answer(message("one")),
		"97_bad_flags":           answer(message("one"), []byte{7, 0, 0, 0, 1, 0}),
		"97_goes_on":             answer(message("one"), trailers(okTrailers), []byte{0, 0}),
		"97_too_long":            answer(message("one"), []byte{0, 1, 0, 0, 0}),
		"97_trailers_first":      answer(trailers("grpc-status: 14")).atFirstFrame(),
		"97_message_first":       answer(message(""), trailers("grpc-status: 14")).atFirstFrame(),
		"97_compressed":          answer(message("one"), packed(0, "two"), packed(0, ""), message("four"), packed(wire.FlagTrailers, okTrailers)).with("grpc-encoding", "gzip"),
		"97_damaged":             answer(wire.AppendFrame(nil, wire.FlagCompressed, []byte("no gzip")), message("two")).with("grpc-encoding", "gzip"),
		"97_compressed_trailers": answer(packed(wire.FlagTrailers, "grpc-status: 14")).with("grpc-encoding", "gzip").atFirstFrame(),
	} {
		t.Run(name, func(t *testing.T) {
			r.cutAnywhere(t, whole(t, r).text())
		})
		t.Run(name+"_in_text", func(t *testing.T) {
			r.inText().cutAnywhere(t, whole(t, r).text())
		})
		t.Run(name+"_padded_anywhere", func(t *testing.T) {
			want := whole(t, r).text()
			for _, n := range []int{1, 2, 5, 7} {
				r.chunked(func(left int) int { return min(n, left) }).inText().cutAnywhere(t, want)
			}
		})
	}
	sockets := map[string]response{
		"97_socket":               socket(trailers("x-begin: 1\r\n"), message("one"), trailers(okTrailers)),
		"97_socket_trailers_only": socket(trailers("grpc-status: 14\r\ngrpc-message: later\r\n")),
		"97_socket_first_frame":   socket(trailers("grpc-encoding: gzip\r\n"), packed(wire.FlagTrailers, "grpc-status: 14")).atFirstFrame(),
		"97_socket_without_head":  socket(message("one"), trailers(okTrailers)),
		"97_socket_cut_short":     socket(trailers("x-begin: 1\r\n")[:9]),
	}
	for name, r := range sockets {
		t.Run(name, func(t *testing.T) { r.cutAnywhere(t, whole(t, r).text()) })
	}
}

// cutAnywhere checks that a response is read the same when its body is cut in two at any
// place, or into pieces of any size.
func (r response) cutAnywhere(t *testing.T, want string) {
	t.Helper()
	size := len(joined(r.chunks...))
	check := func(what string, at int, r response) {
		t.Helper()
		for _, room := range []int{1, 2, 64} {
			if got := receive(t, r, room).text(); got != want {
				t.Fatalf("%s %d, room %d:\n%s\nwant\n%s", what, at, room, got, want)
			}
		}
	}
	check("in chunks", len(r.chunks), r)
	for at := 1; at < size; at++ {
		check("cut in two at", at, r.chunked(func(left int) int {
			if left == size {
				return at
			}
			return left
		}))
		check("pieces of", at, r.chunked(func(left int) int { return min(at, left) }))
	}
}

// FuzzExchange checks that a body of any bytes is read the same in one piece and in any
// others, and as text whichever parts of it are padded, and that nothing panics.
func FuzzExchange(f *testing.F) {
	const web = "application/grpc-web"
	f.Add(joined(message("one"), message(""), trailers(okTrailers)), uint16(200), web, "", "", int64(1))
	f.Add(joined(message("one"), trailers("Grpc-Status: 9")), uint16(200), web+"+proto", "8", "", int64(2))
	f.Add(joined(trailers(okTrailers), message("late")), uint16(200), web, "", "", int64(3))
	f.Add(joined(trailers("x-bin: ////,AA==\nx\n:\n")), uint16(200), web, "", "", int64(4))
	f.Add([]byte("<html>"), uint16(503), "text/html", "14", "", int64(5))
	f.Add([]byte{1, 0, 0, 0, 0}, uint16(200), web, "", "", int64(6))
	f.Add([]byte{0, 255, 255, 255, 255, 0}, uint16(200), web, "0", "", int64(7))
	f.Add(joined(message("one"), packed(0, "two"), packed(wire.FlagTrailers, okTrailers)), uint16(200), web, "", "gzip", int64(8))
	f.Add(joined(packed(0, strings.Repeat("0", 1001))), uint16(200), web, "", "gzip", int64(9))
	f.Add([]byte("AAAAAAA=gAAAAAA="), uint16(200), web+"-text", "", "", int64(10))
	f.Add(joined(trailers("grpc-encoding: gzip"), packed(0, "one"), trailers(okTrailers)), uint16(101), "", "", "", int64(11))
	f.Fuzz(func(t *testing.T, body []byte, http uint16, contentType, told, encoding string, seed int64) {
		r := response{http: int(http), fields: metadata.New("content-type", contentType)}
		if told != "" {
			r = r.with("grpc-status", told)
		}
		if encoding != "" {
			r = r.with("grpc-encoding", encoding)
		}
		if len(body) > 0 {
			r.chunks = [][]byte{body}
		}
		random := rand.New(rand.NewSource(seed))
		r.firstFrame = random.Intn(2) == 0
		if http == switchingProtocols {
			r.closed = []int{0, 1000, 1006, 1011}[random.Intn(4)]
		}
		cut := func(left int) int { return 1 + random.Intn(min(left, 1+random.Intn(20))) }
		want := whole(t, r).text()
		for range 4 {
			if got := receive(t, r.chunked(cut), 1+random.Intn(3)).text(); got != want {
				t.Errorf("in pieces:\n%s\nwhole:\n%s", got, want)
			}
		}
		if http == switchingProtocols || contentType != web {
			return
		}
		for range 4 {
			if got := receive(t, r.chunked(cut).inText().chunked(cut), 1+random.Intn(3)).text(); got != want {
				t.Errorf("as text:\n%s\nwhole:\n%s", got, want)
			}
		}
	})
}

// FuzzMessages checks that what a server sends arrives, however it is cut, compressed or
// not, as bytes and as text.
func FuzzMessages(f *testing.F) {
	f.Add("one", "", "three", int64(1))
	f.Add("one", "two", strings.Repeat("three", 100), int64(2))
	f.Fuzz(func(t *testing.T, a, b, c string, seed int64) {
		if max(len(a), len(b), len(c)) > maxMessage/2 { // gzip makes some messages longer.
			t.Skip()
		}
		random := rand.New(rand.NewSource(seed))
		frame := func(flags byte, payload string) []byte {
			if random.Intn(2) == 0 {
				return packed(flags, payload)
			}
			return wire.AppendFrame(nil, flags, []byte(payload))
		}
		end := wire.AppendTrailer(nil, metadata.New("grpc-status", "0", "x-bin", a))
		r := answer(frame(0, a), frame(0, b), frame(0, c), frame(wire.FlagTrailers, string(end))).with("grpc-encoding", "gzip")
		r.firstFrame = random.Intn(2) == 0
		cut := func(left int) int { return 1 + random.Intn(left) }
		for _, r := range []response{r.chunked(cut), r.chunked(cut).inText().chunked(cut)} {
			got := receive(t, r, 1+random.Intn(4))
			got.is(t, true, status.OK, "", a, b, c)
			if sent := got.status.Trailer.Get("x-bin"); sent != a {
				t.Errorf("the trailer is %q; want %q", sent, a)
			}
		}
	})
}

// FuzzHead checks that a head of any fields ends or begins a response, with a status that
// is one, and that users do not get the protocol's own fields.
func FuzzHead(f *testing.F) {
	const web = "application/grpc-web"
	f.Add(uint16(200), web+"+proto", "grpc-status", "14", "grpc-message", "no%21")
	f.Add(uint16(200), web+"-text; a=\",\"", "grpc-status", "0,0", "grpc-status", "5")
	f.Add(uint16(503), "text/html", "x-bin", "AA,,==", "grpc-encoding", "GZIP")
	f.Add(uint16(302), "", "grpc-status-details-bin", "!", "grpc-status", "-1")
	f.Add(uint16(200), web+", "+web+"-text", "grpc-message", "\xff%ff%", "a\x00", "99999999999999999999")
	f.Fuzz(func(t *testing.T, http uint16, contentType, name1, value1, name2, value2 string) {
		var fields metadata.MD
		for _, field := range [][2]string{{"content-type", contentType}, {name1, value1}, {name2, value2}} {
			wire.ReceiveField(&fields, field[0], field[1])
		}
		got := receive(t, response{http: int(http), fields: fields}, 1)
		_, told := fields.Lookup("grpc-status")
		if got.committed && (told || http != 200) {
			t.Errorf("HTTP status %d, %v: the call commits", http, fields)
		}
		if got.status.Code > status.MaxCode || got.status.Code == status.OK && !told {
			t.Errorf("HTTP status %d, %v: the status is %v", http, fields, got.status)
		}
		for _, md := range []metadata.MD{got.status.Header, got.status.Trailer} {
			for name := range md.All() {
				if !forUsers(name) {
					t.Errorf("%v: users get the field %q", fields, name)
				}
			}
		}
	})
}
