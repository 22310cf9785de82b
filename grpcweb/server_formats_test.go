package grpcweb_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// TestServerFormats makes calls of all kinds to the real server, in text, compressed,
// and both.
func TestServerFormats(t *testing.T) {
	accepts := grpcweb.WithAcceptCompression(grpcweb.Gzip)
	for _, n := range reached(t) {
		t.Run(n.Name, func(t *testing.T) {
			for _, f := range []format{
				{"binary", false, false, nil},
				{"text", true, false, []grpcweb.Option{inText}},
				{"gzip", false, true, []grpcweb.Option{gzipSent, accepts}},
				{"text_and_gzip", true, true, []grpcweb.Option{inText, gzipSent, accepts}},
				{"gzip_in_answers", false, false, []grpcweb.Option{accepts}},
			} {
				t.Run(f.name, func(t *testing.T) {
					t.Run("unary", func(t *testing.T) { f.testUnary(t, n) })
					t.Run("server_streaming", func(t *testing.T) { f.testReplies(t, n) })
					t.Run("client_streaming", func(t *testing.T) { f.testGreetings(t, n) })
					t.Run("bidirectional", func(t *testing.T) { f.testBidi(t, n) })
					t.Run("34_retry", func(t *testing.T) { f.testRetry(t, n) })
					t.Run("large_message", func(t *testing.T) { f.testLarge(t, n) })
				})
			}
			t.Run("compressed_unasked", func(t *testing.T) { testZippedUnasked(t, n) })
		})
	}
}

type format struct {
	name    string
	text    bool
	zipped  bool // the request's messages
	options []grpcweb.Option
}

// tap notes what goes by.
type tap struct {
	transport.RoundTripper
	mu    sync.Mutex
	sent  int // bytes
	heads []metadata.MD
}

func (p *tap) StreamsRequests() bool {
	of, ok := p.RoundTripper.(transport.Streamer)
	return ok && of.StreamsRequests()
}

func (p *tap) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	shown := *r
	shown.Body = shownBody{r.Body, func(piece []byte) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sent += len(piece)
	}}
	res, err := p.RoundTripper.RoundTrip(ctx, &shown)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heads = append(p.heads, res.Header)
	}
	return res, err
}

// open makes a channel that retries Chaos.Do.
func (f format) open(t *testing.T, n network) (*grpcweb.Channel, *tap) {
	t.Helper()
	p := &tap{RoundTripper: n.Transport}
	n.Transport = p
	options := append([]grpcweb.Option{grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{"service": "hedgerow.chaos.v1.Chaos"}]` + quickRetry + `}]}`)}, f.options...)
	ch, err := grpcweb.NewChannel(n.Transport, n.URL, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		want(t, "bytes held for replay", ch.Buffered(), 0)
		want(t, "calls under way", ch.Running(), 0)
		ch.Close()
		for _, head := range p.heads {
			if answered := strings.Contains(head.Get("content-type"), "-text"); answered != f.text {
				t.Errorf("the answer's content-type is %q", head.Get("content-type"))
			}
		}
	})
	return ch, p
}

func (f format) testUnary(t *testing.T, n network) {
	ch, p := f.open(t, n)
	name := strings.Repeat("Ann ", 1000)
	res, err := ch.Unary(t.Context(), "/helloworld.Greeter/SayHello", marshal(t, &helloworld.HelloRequest{Name: name}))
	reply := unmarshal(t, must(t, res, err).Message, &helloworld.HelloReply{})
	want(t, "reply", reply.GetMessage(), "Hello "+name)
	if short := p.sent < 1000; short != f.zipped {
		t.Errorf("%d bytes were sent", p.sent)
	}
	if f.zipped { // servers answer in kind
		want(t, "encoding of the answer", p.heads[0].Get("grpc-encoding"), "gzip")
	}
}

func (f format) testReplies(t *testing.T, n network) {
	ch, _ := f.open(t, n)
	s := f.stream(t, ch, "/helloworld.Greeter/LotsOfReplies")
	tell(t, s, "Ann")
	s.CloseSend()
	for range 5 {
		if reply := hear(t, s); !strings.HasPrefix(reply, "Hello Ann") {
			t.Errorf("reply %q", reply)
		}
	}
	_, err := s.Recv()
	want(t, "end", err, io.EOF)
}

func (f format) stream(t *testing.T, ch *grpcweb.Channel, method string) *grpcweb.Stream {
	t.Helper()
	s, err := ch.NewStream(t.Context(), method)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (f format) testGreetings(t *testing.T, n network) {
	ch, _ := f.open(t, n)
	s := f.stream(t, ch, "/helloworld.Greeter/LotsOfGreetings")
	names := []string{"Ann", strings.Repeat("Bob ", 100), "", "Cat"}
	tell(t, s, names...)
	s.CloseSend()
	want(t, "reply", hear(t, s), "Hello "+strings.Join(names, ", "))
	_, err := s.Recv()
	want(t, "end", err, io.EOF)
}

func (f format) testBidi(t *testing.T, n network) {
	ch, _ := f.open(t, n)
	bidi(t, f.stream(t, ch, "/helloworld.Greeter/BidiHello"))
}

// testRetry: a failure is told in the head, and what is replayed is the same.
func (f format) testRetry(t *testing.T, n network) {
	ch, _ := f.open(t, n)
	step := fails(status.Unavailable, "größer")
	step.Pushback = []string{"20"}
	payload := strings.Repeat("payload ", 200)
	res, err := ch.Unary(t.Context(), chaos+"Do", marshal(t, &chaosv1.Request{CallId: callID(t), Steps: []*chaosv1.Step{step, {}}, Payload: []byte(payload)}))
	want(t, "payload", string(unmarshal(t, must(t, res, err).Message, &chaosv1.Reply{}).GetPayload()), payload)
	want(t, "attempts", len(res.Attempts), 2)
	want(t, "pushback", res.Attempts[0].Pushback, 20)
	want(t, "message", res.Attempts[0].Message, "größer")
}

// testLarge: of more pieces than one, in both directions.
func (f format) testLarge(t *testing.T, n network) {
	ch, _ := f.open(t, n)
	payload := strings.Repeat("0123456789abcdef", 1<<16)
	res, err := ch.Unary(t.Context(), chaos+"Do", marshal(t, &chaosv1.Request{Payload: []byte(payload)}))
	if got := unmarshal(t, must(t, res, err).Message, &chaosv1.Reply{}).GetPayload(); string(got) != payload {
		t.Errorf("%d bytes of %d came back, or others", len(got), len(payload))
	}
}

// testZippedUnasked: gzip is read, and its limit heeded, whether it was asked for or not.
func testZippedUnasked(t *testing.T, n network) {
	ch, p := format{}.open(t, n)
	messages := uint32(3)
	s := format{}.stream(t, ch, chaos+"Stream")
	request := &chaosv1.Request{Steps: []*chaosv1.Step{{Encoding: "gzip", Messages: &messages, MessageSize: 5000}}}
	if err := errors.Join(s.Send(marshal(t, request)), s.CloseSend()); err != nil {
		t.Fatal(err)
	}
	got, err := drain(t, s)
	want(t, "end", err, io.EOF)
	want(t, "messages", len(got), 3)
	for _, m := range got {
		want(t, "length", len(unmarshal(t, []byte(m), &chaosv1.Reply{}).GetPayload()), 5000)
	}
	if head := p.heads[0]; head.Len() > 0 { // of a WebSocket, it lies in the body
		want(t, "encoding of the answer", head.Get("grpc-encoding"), "gzip")
	}
	_, err = doAs(t.Context(), t, ch, callID(t), &chaosv1.Step{Encoding: "gzip", MessageSize: 5 << 20})
	wantText(t, wantCode(t, err, status.ResourceExhausted).Message, "4194304")
}
