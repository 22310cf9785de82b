package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func TestMain(m *testing.M) {
	// A timer package that the wrapper uses starts this goroutine in its init, and never ends it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"))
}

// client speaks gRPC-Web without a library, so that a test sees what is on the wire.
type client struct {
	http   *http.Client
	url    string
	header http.Header // is added to every request
}

// answer is one response, split into its parts.
type answer struct {
	status   int
	header   http.Header
	messages [][]byte             // inflated
	packed   int                  // how many of the messages came compressed
	trailer  textproto.MIMEHeader // nil if no trailers frame came
	rest     []byte               // what came of a frame that is not complete
	broken   error                // the error that ended the body, if it did not end cleanly
}

// overBoth runs a test over HTTP/1.1 and over TLS with HTTP/2.
func overBoth(t *testing.T, test func(t *testing.T, c *client)) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) { test(t, start(t, proto, Options{})) })
	}
}

func start(t *testing.T, proto string, o Options) *client {
	t.Helper()
	handler := New(o)
	s := httptest.NewUnstartedServer(handler)
	if proto == "HTTP/2.0" {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		handler.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return &client{http: s.Client(), url: s.URL, header: http.Header{
		"Content-Type": {"application/grpc-web+proto"},
		"X-Grpc-Web":   {"1"},
		"Origin":       {"http://localhost:5173"},
	}}
}

// with returns the client with more request headers, given as name, value, name, value.
func (c *client) with(pairs ...string) *client {
	header := c.header.Clone()
	for i := 0; i < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return &client{c.http, c.url, header}
}

func frame(t *testing.T, m proto.Message) []byte {
	t.Helper()
	payload, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(payload))), payload...)
}

// try posts the messages; its error is that of a request which got no response head.
func (c *client) try(ctx context.Context, t *testing.T, method string, messages ...proto.Message) (*answer, error) {
	t.Helper()
	var body []byte
	for _, m := range messages {
		body = append(body, frame(t, m)...)
	}
	text := strings.Contains(c.header.Get("Content-Type"), "-text")
	if text {
		body = []byte(base64.StdEncoding.EncodeToString(body))
	}
	// From a reader of unknown type, net/http cannot retry the request by itself.
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+method, io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = c.header.Clone()
	response, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	a := &answer{status: response.StatusCode, header: response.Header}
	a.rest, a.broken = io.ReadAll(response.Body)
	if text {
		a.rest = decodeText(t, a.rest)
	}
	a.split(t)
	return a, nil
}

// call is try for requests that must get a response.
func (c *client) call(t *testing.T, method string, messages ...proto.Message) *answer {
	t.Helper()
	a, err := c.try(t.Context(), t, method, messages...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// decodeText decodes base64 that is padded wherever the server flushed.
func decodeText(t *testing.T, text []byte) []byte {
	t.Helper()
	var decoded []byte
	for len(text) > 0 {
		group, err := base64.StdEncoding.DecodeString(string(text[:4]))
		if err != nil {
			t.Fatal(err)
		}
		decoded, text = append(decoded, group...), text[4:]
	}
	return decoded
}

func (a *answer) split(t *testing.T) {
	t.Helper()
	for a.header.Get("Content-Type") != "text/plain" && len(a.rest) >= 5 {
		end := 5 + int(binary.BigEndian.Uint32(a.rest[1:5]))
		if len(a.rest) < end {
			return
		}
		flag, payload := a.rest[0], a.rest[5:end]
		a.rest = a.rest[end:]
		if flag == 1 {
			payload = gunzip(t, payload)
			a.packed++
		}
		if flag <= 1 {
			a.messages = append(a.messages, payload)
			continue
		}
		a.trailer = textproto.MIMEHeader{}
		for line := range strings.SplitSeq(strings.TrimSpace(string(payload)), "\r\n") {
			name, value, _ := strings.Cut(line, ": ")
			a.trailer.Add(name, value)
		}
	}
}

func gunzip(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// ending says where the status came and what it is, such as "body 0" or "head 14 try again".
func (a *answer) ending() string {
	where, h := "head", textproto.MIMEHeader(a.header)
	if a.trailer != nil {
		where, h = "body", a.trailer
	}
	return strings.TrimSpace(fmt.Sprint(where, " ", h.Get("Grpc-Status"), " ", h.Get("Grpc-Message")))
}

func (a *answer) replies(t *testing.T) []*chaosv1.Reply {
	t.Helper()
	var list []*chaosv1.Reply
	for _, m := range a.messages {
		list = append(list, decode(t, m, &chaosv1.Reply{}))
	}
	return list
}

func decode[M proto.Message](t *testing.T, payload []byte, m M) M {
	t.Helper()
	if err := proto.Unmarshal(payload, m); err != nil {
		t.Fatal(err)
	}
	return m
}

const chaosPath = "/hedgerow.chaos.v1.Chaos/"

// report waits until n attempts have ended, and returns what the server saw.
func (c *client) report(t *testing.T, id string, n uint32) *chaosv1.ReportReply {
	t.Helper()
	a := c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: id, WaitForEnded: n})
	if a.ending() != "body 0" {
		t.Fatalf("Report ended with %q", a.ending())
	}
	return decode(t, a.messages[0], &chaosv1.ReportReply{})
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}
