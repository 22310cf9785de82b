package exchange

import (
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// fields makes a block with this many fields, one on each line.
func fields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("x-" + strconv.Itoa(i) + ": 1\r\n")
	}
	return b.String()
}

// Scenario 105: a block of fields is refused before anything is made of it, wherever
// it comes and however little it weighs on the wire.
func TestFieldsAreBounded(t *testing.T) {
	commas := "x-bin: " + strings.Repeat(",", maxTrailer-100) + "\r\n"
	t.Run("105_trailers", func(t *testing.T) {
		for name, lines := range map[string]string{
			"fields": fields(wire.MaxFields), "many": fields(50_000), "commas": commas, "of_nothing": strings.Repeat("a:\n", 300_000),
		} {
			block := okTrailers + lines
			for what, r := range map[string]response{
				"plain": answer(message("one"), trailers(block)), "compressed": zipped(message("one"), packed(wire.FlagTrailers, block)),
				"text": answer(message("one"), trailers(block)).inText(),
			} {
				got := whole(t, r)
				got.is(t, true, status.ResourceExhausted, "trailers frame of more than 1000 fields", "one")
				if got.status.Trailer.Len() != 0 {
					t.Errorf("%s, %s: %d fields are kept", name, what, got.status.Trailer.Len())
				}
			}
		}
		got := whole(t, answer(message("one"), trailers(okTrailers+fields(wire.MaxFields-1))))
		if got.is(t, true, status.OK, "", "one"); got.status.Trailer.Len() != wire.MaxFields-1 {
			t.Errorf("%d fields; want all", got.status.Trailer.Len())
		}
	})
	t.Run("105_head", func(t *testing.T) {
		for name, r := range map[string]response{"messages": answer(message("one"), trailers(okTrailers)), "status": answer().with("grpc-status", "14"), "HTTP": {http: 503}} {
			r.fields = r.fields.Clone()
			most := wire.MaxFields - r.fields.Len()
			for i := range most {
				r.fields.Append("x", strconv.Itoa(i))
			}
			if got := whole(t, r); got.status.Code == status.ResourceExhausted {
				t.Errorf("%s: %v", name, got.status)
			}
			r.fields.Append("x", "one too many")
			whole(t, r).is(t, false, status.ResourceExhausted, "head of more than 1000 fields")
		}
	})
	t.Run("105_socket", func(t *testing.T) {
		whole(t, socket(trailers(commas))).is(t, false, status.ResourceExhausted, "head of more than 1000 fields")
		whole(t, socket(trailers(""), trailers(commas))).is(t, true, status.ResourceExhausted, "trailers frame")
	})
	t.Run("105_behind_a_failure_in_the_head", func(t *testing.T) { // which stands, whatever is wrong behind it
		got := whole(t, answer(trailers(commas)).with("grpc-status", "14", "x-h", "1"))
		got.is(t, false, status.Unavailable, "")
		same(t, "trailer", got.status.Trailer, metadata.New("x-h", "1"))
	})
}
