package exchange

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// A head may have the status and still be followed by a body (SEMANTICS 5.1b): proxies
// make such responses of Trailers-Only.
func TestToldByTheHead(t *testing.T) {
	const down, fine = "14", "0"
	empty := trailers("")
	more := trailers("x-t: 1\r\n")
	own := trailers("grpc-status: 9\r\nx-t: 1\r\n")
	begin, end := metadata.New("x-h", "1"), metadata.New("x-t", "1")
	for name, c := range map[string]struct {
		told            string
		body            [][]byte
		broken          error
		committed       bool // under strict (SEMANTICS 5.1f)
		code            status.Code
		text            string
		messages        []string
		header, trailer metadata.MD
	}{
		"106_empty_trailers":           {told: down, body: [][]byte{empty}, code: status.Unavailable, text: "try later", trailer: begin},
		"106_trailers_without_status":  {told: down, body: [][]byte{more}, code: status.Unavailable, text: "try later", trailer: metadata.New("x-h", "1", "x-t", "1")},
		"106_lines_without_fields":     {told: down, body: [][]byte{trailers("\r\n\r\nnothing\r\n")}, code: status.Unavailable, trailer: begin},
		"106_OK_and_empty_trailers":    {told: fine, body: [][]byte{empty}, code: status.OK, trailer: begin},
		"106_OK_and_a_message":         {told: fine, body: [][]byte{message("one"), empty}, committed: true, code: status.OK, messages: []string{"one"}, header: begin},
		"106_OK_and_messages":          {told: fine, body: [][]byte{message("one"), message(""), more}, committed: true, code: status.OK, messages: []string{"one", ""}, header: begin, trailer: end},
		"106_OK_and_no_trailers":       {told: fine, body: [][]byte{message("one")}, committed: true, code: status.OK, messages: []string{"one"}, header: begin},
		"106_message":                  {told: down, body: [][]byte{message("one"), empty}, committed: true, code: status.Unavailable, text: "try later", messages: []string{"one"}, header: begin},
		"106_message_of_no_length":     {told: down, body: [][]byte{message(""), more}, committed: true, code: status.Unavailable, messages: []string{""}, header: begin, trailer: end},
		"106_message_and_no_trailers":  {told: down, body: [][]byte{message("one")}, committed: true, code: status.Unavailable, text: "try later", messages: []string{"one"}, header: begin},
		"94_trailers_win":              {told: down, body: [][]byte{own}, committed: true, code: status.FailedPrecondition, header: begin, trailer: end},
		"94_trailers_win_over_OK":      {told: fine, body: [][]byte{own}, committed: true, code: status.FailedPrecondition, header: begin, trailer: end},
		"94_behind_a_message":          {told: down, body: [][]byte{message("one"), own}, committed: true, code: status.FailedPrecondition, messages: []string{"one"}, header: begin, trailer: end},
		"94_OK_in_the_trailers":        {told: down, body: [][]byte{message("one"), trailers(okTrailers)}, committed: true, code: status.OK, messages: []string{"one"}, header: begin},
		"94_unreadable":                {told: "fourteen", body: [][]byte{own}, committed: true, code: status.FailedPrecondition, header: begin, trailer: end},
		"106_unreadable":               {told: "fourteen", body: [][]byte{empty}, code: status.Unknown, text: "fourteen", trailer: begin},
		"106_cut_in_the_trailers":      {told: down, body: [][]byte{own[:9]}, code: status.Unavailable, text: "try later", trailer: begin},
		"106_cut_in_a_message":         {told: down, body: [][]byte{message("one")[:7]}, committed: true, code: status.Unavailable, text: "try later", header: begin},
		"106_OK_cut_in_the_trailers":   {told: fine, body: [][]byte{own[:9]}, code: status.Unavailable, text: "inside a frame", header: begin},
		"106_OK_cut_in_a_message":      {told: fine, body: [][]byte{message("one")[:7]}, committed: true, code: status.Unavailable, text: "inside a frame", header: begin},
		"106_lost_behind_the_head":     {told: down, broken: errors.New("reset"), code: status.Unavailable, text: "try later", trailer: begin},
		"106_lost_behind_the_trailers": {told: down, body: [][]byte{empty}, broken: errors.New("reset"), code: status.Unavailable, text: "try later", trailer: begin},
		"106_lost_behind_a_message":    {told: down, body: [][]byte{message("one")}, broken: errors.New("reset"), committed: true, code: status.Unavailable, text: "try later", messages: []string{"one"}, header: begin},
		"106_OK_lost_behind_the_head":  {told: fine, broken: errors.New("reset"), code: status.OK, trailer: begin},
		"106_OK_lost_behind_a_message": {told: fine, body: [][]byte{message("one")}, broken: errors.New("reset"), committed: true, code: status.Unavailable, text: "reset", messages: []string{"one"}, header: begin},
		"106_no_frame":                 {told: down, body: [][]byte{[]byte("<html>")}, code: status.Unavailable, text: "try later", trailer: begin},
		"106_OK_and_no_frame":          {told: fine, body: [][]byte{[]byte("<html>")}, committed: true, code: status.Internal, text: "flag byte", header: begin},
		"106_goes_on":                  {told: down, body: [][]byte{joined(empty, []byte{0})}, code: status.Unavailable, text: "try later", trailer: begin},
		"106_OK_goes_on":               {told: fine, body: [][]byte{joined(message("one"), empty, []byte{0})}, committed: true, code: status.Internal, text: "after its trailers", messages: []string{"one"}, header: begin},
		"94_goes_on":                   {told: down, body: [][]byte{joined(own, []byte{0})}, committed: true, code: status.Internal, text: "after its trailers", header: begin},
		"106_message_too_large":        {told: down, body: [][]byte{message(strings.Repeat("x", maxMessage+1))}, committed: true, code: status.Unavailable, text: "try later", header: begin},
		"106_OK_and_a_large_message":   {told: fine, body: [][]byte{message(strings.Repeat("x", maxMessage+1))}, committed: true, code: status.ResourceExhausted, header: begin},
	} {
		t.Run(name, func(t *testing.T) {
			for _, firstFrame := range []bool{false, true} {
				r := answer(c.body...).with("grpc-status", c.told, "grpc-message", "try%20later", "x-h", "1")
				r.broken, r.firstFrame = c.broken, firstFrame
				committed, header := c.committed, c.header
				if firstFrame && c.committed && len(c.messages) == 0 {
					committed = strings.Contains(name, "message") // The other bodies have only trailers.
				}
				for what, r := range map[string]response{"binary": r, "text": r.inText()} {
					got := whole(t, r)
					if refusedByPrefix := strings.Contains(name, "large") || name == "106_OK_and_no_frame"; refusedByPrefix {
						got.committed = got.committed || got.refused // The call commits when a message is refused.
						committed = true
					}
					got.is(t, committed, c.code, c.text, c.messages...)
					same(t, what+" header", got.status.Header, header)
					same(t, what+" trailer", got.status.Trailer, c.trailer)
				}
			}
		})
	}
}

// The trailers of such responses may be compressed.
func TestToldAndCompressed(t *testing.T) {
	told := func(body ...[]byte) response { return zipped(body...).with("grpc-status", "14", "x-h", "1") }
	whole(t, told(packed(wire.FlagTrailers, "x-t: 1"))).is(t, false, status.Unavailable, "")
	whole(t, told(packed(wire.FlagTrailers, "grpc-status: 9"))).is(t, true, status.FailedPrecondition, "")
	whole(t, told(packed(wire.FlagTrailers, "grpc-status: 9")).atFirstFrame()).is(t, false, status.FailedPrecondition, "")
	whole(t, told(packed(0, "one"), packed(wire.FlagTrailers, ""))).is(t, true, status.Unavailable, "", "one")
	whole(t, told(wire.AppendFrame(nil, wire.FlagCompressed|wire.FlagTrailers, []byte("x")))).is(t, false, status.Unavailable, "")
}

// A message that is refused by its prefix commits, even if the head has told of a failure;
// what is not a frame does not.
func TestToldAndRefused(t *testing.T) {
	for flags, refused := range map[byte]bool{wire.FlagCompressed: true, 2: false, 2 | wire.FlagCompressed: false} {
		for _, told := range []string{"14", "0"} {
			got := whole(t, answer(wire.AppendFrame(nil, flags, []byte("x"))).with("grpc-status", told))
			if want := refused || told == "0"; got.refused != want {
				t.Errorf("flags %d after status %s: refused %v", flags, told, got.refused)
			}
		}
	}
}

// Came and TrailersAlone tell what has come so far.
func TestCame(t *testing.T) {
	room := make([]wire.Fragment, 0, 8)
	frame := trailers(okTrailers)
	check := func(what string, x *Exchange, came, alone bool) {
		t.Helper()
		if x.Came() != came || x.TrailersAlone() != alone {
			t.Errorf("%s: came %v, trailers alone %v", what, x.Came(), x.TrailersAlone())
		}
	}
	x := Exchange{MaxMessage: maxMessage}
	check("at first", &x, false, false)
	x.Head(200, answer().fields)
	check("after the head", &x, false, false)
	x.Feed(frame[:7], 0, room)
	check("inside the trailers", &x, false, false)
	x.Feed(frame[7:], 0, room)
	check("after the trailers", &x, true, true)
	x.End()
	check("at the end", &x, true, true)

	told := Exchange{MaxMessage: maxMessage}
	told.Head(200, answer().with("grpc-status", "14").fields)
	check("after a head with a status", &told, true, false)
}

// Feed appends no more fragments than there is room for.
func TestFeedKeepsToTheRoom(t *testing.T) {
	x := Exchange{MaxMessage: maxMessage}
	x.Head(200, answer().fields)
	chunk := joined(message("one"), message("two"), trailers(okTrailers))
	room := make([]wire.Fragment, 0, 1)
	for _, want := range []int{8, 16} {
		fragments, next, _ := x.Feed(chunk, want-8, room)
		if len(fragments) != 1 || cap(fragments) != 1 || next != want {
			t.Errorf("%d fragments in room for %d, up to %d; want up to %d", len(fragments), cap(fragments), next, want)
		}
	}
}

// Settled and Told may know the status before the body ends.
func TestSettled(t *testing.T) {
	room := make([]wire.Fragment, 0, 8)
	t.Run("trailers", func(t *testing.T) {
		x := Exchange{MaxMessage: maxMessage}
		x.Head(200, answer().with("x-h", "1").fields)
		frame := joined(message("one"), trailers("grpc-status: 5\r\nx-t: 1"))
		if x.Feed(frame[:len(frame)-1], 0, room); x.Settled() != nil {
			t.Fatal("before the frame is whole")
		}
		x.Feed(frame[len(frame)-1:], 0, room)
		st := x.Settled()
		if st == nil || st.Code != status.NotFound {
			t.Fatal(st)
		}
		same(t, "header", st.Header, metadata.New("x-h", "1"))
		same(t, "trailer", st.Trailer, metadata.New("x-t", "1"))
		if x.End(); x.Settled() != nil || x.Status().Code != status.NotFound {
			t.Error("it has ended")
		}
	})
	t.Run("compressed", func(t *testing.T) {
		x := Exchange{MaxMessage: maxMessage}
		x.Head(200, zipped().fields)
		if x.Feed(packed(wire.FlagTrailers, okTrailers), 0, room); x.Settled() != nil {
			t.Fatal("before it is inflated")
		}
		if x.Inflated(int64(len(okTrailers)), []byte(okTrailers)); x.Settled() == nil {
			t.Error("nil")
		}
	})
	t.Run("told", func(t *testing.T) {
		for told, want := range map[string]bool{"14": true, "0": false, "x": true} {
			var x Exchange
			x.Head(200, answer().with("grpc-status", told, "x-h", "1").fields)
			if st := x.Told(); (st != nil) != want {
				t.Fatalf("%q: %v", told, st)
			} else if want {
				same(t, "header", st.Header, metadata.MD{})
				same(t, "trailer", st.Trailer, metadata.New("x-h", "1"))
			}
			if x.Feed([]byte{0x80}, 0, room); x.Told() != nil || x.Settled() != nil {
				t.Error("a body has begun")
			}
			x.Feed([]byte{0, 0, 0, 0}, 0, room)
			if x.Settled() == nil {
				t.Error("and is whole")
			}
		}
	})
}

// A block may have several statuses that differ. None of them is used, because to read a
// failure as a success would be worse.
func TestSeveralStatuses(t *testing.T) {
	t.Run("107_differ_or_agree", testSeveralStatuses)
}

func testSeveralStatuses(t *testing.T) {
	for lines, code := range map[string]status.Code{
		"grpc-status: 0\r\ngrpc-status: 13\r\n":                      status.Unknown,
		"grpc-status: 13\r\ngrpc-status: 0\r\n":                      status.Unknown,
		"grpc-status: 13\r\nx: 1\r\nGrpc-Status: 14\r\n":             status.Unknown,
		"grpc-status: 13, 14":                                        status.Unknown,
		"grpc-status: 13\r\ngrpc-status: thirteen":                   status.Unknown,
		"grpc-status: 13\r\ngrpc-status: 13\r\ngrpc-status: 013\r\n": status.Internal,
		"grpc-status: 0\r\ngrpc-status: 0":                           status.OK,
	} {
		whole(t, answer(trailers(lines))).is(t, true, code, "")
		fields := wire.ParseTrailer(lines)
		r := answer()
		r.fields.AppendAll(fields)
		whole(t, r).is(t, false, code, "")
	}
	got := whole(t, answer().with("grpc-status", "0, 13", "grpc-message", "what%20now"))
	got.is(t, false, status.Unknown, `several values of grpc-status, "0, 13"; its grpc-message: "what now"`)
}

func TestCodesOfApplications(t *testing.T) {
	t.Run("109_number_and_details_are_kept", testCodesOfApplications)
}

func testCodesOfApplications(t *testing.T) {
	for number, raw := range map[string]int{"17": 17, "99": 99, "2147483647": 2147483647, "2147483648": 0, "-1": 0, "16": 0, "x": 0, "99999999999999999999": 0} {
		fields := metadata.New("grpc-status", number, "grpc-message", "mine", "grpc-status-details-bin", "more")
		for what, st := range map[string]*status.Status{"head": statusOfHead(fields), "trailers": statusOf(fields)} {
			if st.RawCode != raw || string(st.Details) != "more" || number != "16" && st.Code != status.Unknown {
				t.Errorf("%s, %s: %v, raw %d, details %q", what, number, st, st.RawCode, st.Details)
			}
		}
	}
}

func TestMessagesThatWereNotEncoded(t *testing.T) {
	const raw = "缺少 é"
	latin1 := ""
	for i := range len(raw) {
		latin1 += string(rune(raw[i]))
	}
	for what, sent := range map[string]string{"as fetch reads it": latin1, "as it was sent": raw, "as it should be": wire.EncodePercent(raw)} {
		if got := whole(t, answer().with("grpc-status", "5", "grpc-message", sent)); got.status.Message != raw {
			t.Errorf("head, %s: %q", what, got.status.Message)
		}
	}
	whole(t, answer(trailers("grpc-status: 5\r\ngrpc-message: "+raw))).is(t, true, status.NotFound, raw)
	whole(t, answer().with("grpc-status", "5", "grpc-message", "caf\u00e9")).is(t, false, status.NotFound, "caf\u00e9")
}

func TestContentTypes(t *testing.T) {
	for types, want := range map[string]struct {
		code status.Code
		text bool
	}{
		"application/grpc-web+proto|application/grpc-web+proto":           {status.OK, false},
		"application/grpc-web+proto, application/grpc-web+proto":          {status.OK, false},
		"application/grpc-web, Application/gRPC-Web+proto; charset=utf-8": {status.OK, false},
		"application/grpc-web-text, application/grpc-web-text+proto":      {status.OK, true},
		`application/grpc-web; x="a,b"`:                                   {status.OK, false},
		"application/grpc-web, application/grpc-web-text":                 {status.Unknown, false},
		"application/grpc-web-text, application/grpc-web":                 {status.Unknown, false},
		"application/grpc-web+proto, text/html":                           {status.Unknown, false},
		"text/html, application/grpc-web+proto":                           {status.Unknown, false},
		"text/html|application/grpc-web+proto":                            {status.Unknown, false},
		"application/grpc-web+proto, application/grpc-web+json":           {status.Internal, false},
		",": {status.Unknown, false},
	} {
		fields := metadata.MD{}
		for one := range strings.SplitSeq(types, "|") {
			fields.Append("content-type", one)
		}
		body := trailers(okTrailers)
		if want.text {
			body = wire.AppendText(nil, body)
		}
		whole(t, response{http: 200, fields: fields, chunks: [][]byte{body}}).is(t, want.code == status.OK, want.code, "")
	}
}

// Fields with control characters in their names are ignored, wherever they stand, and
// what follows them is read as it is.
func TestNamesThatAreNone(t *testing.T) {
	lines := "grpc-status: 13\r\na\x00b: evil-bin\r\na\tb: 1\r\n\x7f: 2\r\n***: z\r\na b: 3\r\nlast: y\x00z\r\n"
	want := metadata.New("***", "z", "a b", "3", "last", "y\x00z")
	got := whole(t, answer(message("x"), trailers(lines)))
	got.is(t, true, status.Internal, "", "x")
	same(t, "trailer", got.status.Trailer, want)
	r := answer(message("x"), trailers(okTrailers))
	r.fields.AppendAll(wire.ParseTrailer(lines[len("grpc-status: 13\r\n"):]))
	same(t, "header", whole(t, r).status.Header, want)
}
