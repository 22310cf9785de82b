package transporttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func TestRoundTripper(t *testing.T) {
	for _, n := range reached(t) {
		t.Run(n.Name, func(t *testing.T) {
			for _, test := range []struct {
				name string
				run  func(t *testing.T, n network)
			}{
				{"head_and_body", testHeadAndBody},
				{"request_arrives_whole", testRequest},
				{"request_as_it_is_made", testLiveRequest},
				{"request_given_up", testGivenUpRequest},
				{"trailers_only", testTrailersOnly},
				{"http_status", testHTTPStatus},
				{"head_before_the_body", testEarlyHead},
				{"pieces_as_they_come", testPieces},
				{"large_bodies", testLarge},
				{"many_at_the_same_time", testConcurrent},
				{"canceled_before_the_head", testCancelHead},
				{"canceled_in_the_body", testCancelBody},
				{"closed_in_the_body", testCloseBody},
				{"canceled_before_it_begins", testCanceled},
				{"cut_before_the_head", testCutHead},
				{"cut_in_the_body", testCutBody},
				{"refused", testRefused},
				{"redirected", testRedirect},
				{"no_url", testNoURL},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, n) })
			}
		})
	}
}

func testHeadAndBody(t *testing.T, n network) {
	res, a := n.do(t, "", &chaosv1.Step{
		Header:  []*chaosv1.Metadata{{Name: "x-one", Value: "1"}, {Name: "x-raw-bin", Binary: []byte{0xff, 0}}},
		Trailer: []*chaosv1.Metadata{{Name: "x-two", Value: "2"}},
	})
	want(t, "status", res.Status, 200)
	if got := res.Header.Get("content-type"); !strings.HasPrefix(got, n.contentType()) {
		t.Errorf("content-type: %q", got)
	}
	want(t, "header", res.Header.Get("x-one"), "1")
	want(t, "binary header", strings.TrimRight(res.Header.Get("x-raw-bin"), "="), "/wA")
	want(t, "attempt", a.reply(t).GetAttempt(), 1)
	want(t, "trailer", a.trailer.Get("x-two"), "2")
	want(t, "grpc-status", a.trailer.Get("grpc-status"), "0")
}

func testRequest(t *testing.T, n network) {
	res := n.head(t.Context(), t, request{
		method: "Do", header: metadata.New("x-one", "1", "x-raw-bin", "AP8", "grpc-previous-rpc-attempts", "3"),
		script: &chaosv1.Request{Payload: []byte("all of it")},
	})
	body, err := read(t.Context(), res.Body)
	reply := take(t, body, err).reply(t)
	want(t, "payload", string(reply.GetPayload()), "all of it")
	got := map[string]string{}
	for _, h := range reply.GetRequestHeader() {
		got[h.GetName()] = h.GetValue() + string(h.GetBinary())
	}
	want(t, "header", got["x-one"], "1")
	want(t, "content-type", got["content-type"], n.contentType())
	want(t, "attempts", got["grpc-previous-rpc-attempts"], "3")
	if _, ok := got["x-raw-bin"]; !ok {
		t.Errorf("x-raw-bin did not arrive: %v", got)
	}
}

func testTrailersOnly(t *testing.T, n network) {
	res, a := n.do(t, "", &chaosv1.Step{
		Pushback: []string{"250"},
		End:      &chaosv1.Step_Status{Status: &chaosv1.Status{Code: 14, Message: "later"}},
	})
	want(t, "status", res.Status, 200)
	want(t, "grpc-status", res.Header.Get("grpc-status"), "14")
	want(t, "pushback", res.Header.Get("grpc-retry-pushback-ms"), "250")
	want(t, "messages", len(a.messages), 0)
	if a.err != nil {
		t.Error(a.err)
	}
}

func testHTTPStatus(t *testing.T, n network) {
	if n.OpensSockets() {
		t.Skip("a WebSocket that has opened can have no other HTTP response")
	}
	res := n.head(t.Context(), t, request{method: "Do", script: script("", &chaosv1.Step{End: &chaosv1.Step_Raw{Raw: &chaosv1.Raw{
		HttpStatus: 503, Header: []*chaosv1.Metadata{{Name: "content-type", Value: "text/plain"}}, Body: [][]byte{[]byte("down "), []byte("for now")},
	}}})})
	body, err := read(t.Context(), res.Body)
	want(t, "status", res.Status, 503)
	want(t, "content-type", res.Header.Get("content-type"), "text/plain")
	want(t, "body", string(body), "down for now")
	want(t, "end", err, nil)
}

var hang = &chaosv1.Step_Hang{Hang: &chaosv1.Hang{}}

// headAlone returns a response of whose body nothing more will come.
func (n network) headAlone(ctx context.Context, t *testing.T, id string) *transport.Response {
	t.Helper()
	step := &chaosv1.Step{EarlyHeader: true, End: hang}
	if !n.LateHeads {
		return n.head(ctx, t, request{method: "Stream", script: script(id, step)})
	}
	messages := uint32(1)
	step.Messages = &messages
	res := n.head(ctx, t, request{method: "Stream", script: script(id, step)})
	readMessages(t, res, 1)
	return res
}

func testEarlyHead(t *testing.T, n network) {
	id := name(t)
	res := n.headAlone(t.Context(), t, id)
	want(t, "status", res.Status, 200)
	want(t, "still running", n.report(t, id, 1, 0).GetEnded(), 0)
}

func testPieces(t *testing.T, n network) {
	messages := uint32(3)
	res := n.head(t.Context(), t, request{method: "Stream", script: script("", &chaosv1.Step{
		Messages: &messages, MessageDelay: &chaosv1.Delay{Distribution: &chaosv1.Delay_FixedMs{FixedMs: 30}}, End: hang,
	})})
	readMessages(t, res, 3)
}

// readMessages reads a body until n messages have come.
func readMessages(t *testing.T, res *transport.Response, n int) {
	t.Helper()
	var body []byte
	for len(take(t, body, nil).messages) < n {
		piece, err := res.Body.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, piece...)
	}
}

func testLarge(t *testing.T, n network) {
	const up, down = 3 << 20, 9 << 20
	res := n.head(t.Context(), t, request{method: "Do", script: &chaosv1.Request{
		Payload: bytes.Repeat([]byte("hedgerow"), up/8), Steps: []*chaosv1.Step{{MessageSize: down}},
	}})
	body, err := read(t.Context(), res.Body)
	want(t, "payload", len(take(t, body, err).reply(t).GetPayload()), down)
}

func testConcurrent(t *testing.T, n network) {
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			res, err := n.roundTrip(t.Context(), t, request{method: "Do", script: &chaosv1.Request{Payload: []byte("mine")}})
			if err != nil {
				t.Error(err)
				return
			}
			body, err := read(t.Context(), res.Body)
			if !bytes.Contains(body, []byte("mine")) || err != nil {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
	all.Wait()
}

func testCancelHead(t *testing.T, n network) {
	id := name(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := n.roundTrip(ctx, t, request{method: "Do", script: script(id, &chaosv1.Step{End: hang})})
		ended <- err
	}()
	n.report(t, id, 1, 0)
	cancel()
	wantAborted(t, <-ended)
	n.wantCanceled(t, id)
}

// wantAborted checks that an exchange which the caller ended has failed, and that the
// error does not say Aborted, which is for an end that somebody else caused.
func wantAborted(t *testing.T, err error) {
	t.Helper()
	var of *transport.Error
	if err == nil || errors.As(err, &of) && of.Aborted {
		t.Errorf("got %v, want an error that is not Aborted", err)
	}
}

// wantCanceled checks that the server saw the client cancel the call.
func (n network) wantCanceled(t *testing.T, id string) {
	t.Helper()
	for _, x := range n.report(t, id, 1, 1).GetExecutions() {
		want(t, "ending at the server", x.GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
	}
}

func testCancelBody(t *testing.T, n network) {
	id := name(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	res := n.headAlone(ctx, t, id)
	time.AfterFunc(20*time.Millisecond, cancel)
	if piece, err := res.Body.Next(ctx); err == nil || err == io.EOF {
		t.Errorf("got %q, %v", piece, err)
	}
	n.wantCanceled(t, id)
}

func testCloseBody(t *testing.T, n network) {
	id := name(t)
	res := n.headAlone(t.Context(), t, id)
	time.AfterFunc(20*time.Millisecond, func() { res.Body.Close() })
	if piece, err := res.Body.Next(t.Context()); err == nil {
		t.Errorf("got %q after Close", piece)
	}
	res.Body.Close()
	n.wantCanceled(t, id)
}

func testCanceled(t *testing.T, n network) {
	id := name(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := n.roundTrip(ctx, t, request{method: "Do", script: script(id, &chaosv1.Step{})})
	wantAborted(t, err)
	want(t, "requests", n.report(t, id, 0, 0).GetStarted(), 0)
}

func testCutHead(t *testing.T, n network) {
	_, err := n.roundTrip(t.Context(), t, request{method: "Do", script: script("", &chaosv1.Step{End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{}}})})
	wantProcessed(t, err)
}

func wantProcessed(t *testing.T, err error) {
	t.Helper()
	var of *transport.Error
	if !errors.As(err, &of) {
		t.Fatalf("got %v, want a *transport.Error", err)
	}
	want(t, "progress", of.Progress, transport.Processed)
	want(t, "aborted", of.Aborted, false)
	want(t, "invalid", of.Invalid, false)
	if of.Error() == "" {
		t.Error("the error says nothing")
	}
}

// The server cuts the connection only when the messages have been read, because over
// HTTP/2 Chromium discards what it has not handed to the page when a reset comes.
func testCutBody(t *testing.T, n network) {
	id, messages := name(t), uint32(2)
	res := n.head(t.Context(), t, request{method: "Stream", script: script(id, &chaosv1.Step{
		Messages: &messages, MessageSize: 100, WaitForStarted: 2, End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{PartialBytes: 50}},
	})})
	readMessages(t, res, 2)
	n.do(t, id, &chaosv1.Step{})
	if rest, err := read(t.Context(), res.Body); err == nil {
		t.Errorf("the body ended cleanly after %d bytes more", len(rest))
	}
}

func testRefused(t *testing.T, n network) {
	n.URL = "http://127.0.0.1:2" // No server listens on this port.
	_, err := n.roundTrip(t.Context(), t, request{method: "Do", script: script("", &chaosv1.Step{})})
	wantProcessed(t, err)
}

// A redirect is not followed. The transport hands on its head, or, if the browser hides
// that, says that there was one. Of a WebSocket, JavaScript learns only that it did not open.
func testRedirect(t *testing.T, n network) {
	res, err := n.roundTrip(t.Context(), t, request{method: "Do", script: script("", &chaosv1.Step{End: &chaosv1.Step_Raw{Raw: &chaosv1.Raw{
		HttpStatus: 307, Header: []*chaosv1.Metadata{{Name: "location", Value: "/elsewhere"}},
	}}})})
	if err == nil {
		res.Body.Close()
		want(t, "status", res.Status, 307)
		return
	}
	if _, ok := n.Transport.(headed); ok {
		wantProcessed(t, err)
		return
	}
	var of *transport.Error
	if !errors.As(err, &of) || !of.Redirected {
		t.Errorf("got %v, want an error that is Redirected", err)
	}
}

func testNoURL(t *testing.T, n network) {
	n.URL = "http://[nowhere"
	_, err := n.roundTrip(t.Context(), t, request{method: "Do", script: script("", &chaosv1.Step{})})
	var of *transport.Error
	if !errors.As(err, &of) || !of.Invalid {
		t.Errorf("got %v, want an error that is Invalid", err)
	}
}
