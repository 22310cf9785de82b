package transporttest

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	"github.com/hedgerow-web/hedgerow/internal/wire"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("runtime.handleEvent"),                     // In js/wasm it belongs to the event loop.
		goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"), // A package of the server's WebSockets starts it in its init.
	)
}

// network is a network with the requests that these tests make.
type network struct{ networks.Network }

// reached returns all networks. Those over WebSockets, where the response head comes in
// the body, are made to answer like the others.
func reached(t *testing.T) []network {
	t.Helper()
	var all []network
	for _, n := range networks.All(t) {
		if of, ok := n.Transport.(transport.Socket); ok && of.OpensSockets() {
			n.Transport = headed{of}
		}
		all = append(all, network{n})
	}
	return all
}

// contentType is the content type that the service sees and answers with. A request that
// comes over a WebSocket is turned into native gRPC by the wrapper.
func (n network) contentType() string {
	if n.OpensSockets() {
		return "application/grpc"
	}
	return "application/grpc-web"
}

const chaosPath = "/hedgerow.chaos.v1.Chaos/"

// request is a request to the server's Chaos service.
type request struct {
	method string // such as "Do"
	header metadata.MD
	script proto.Message
	body   transport.Body // is sent in place of the script: a body that is not complete yet
}

func frame(t *testing.T, message proto.Message) []byte {
	t.Helper()
	payload, err := proto.Marshal(message)
	if err != nil {
		t.Error(err)
	}
	return wire.AppendFrame(nil, 0, payload)
}

// payload is a body in pieces.
type payload struct{ pieces [][]byte }

func (p *payload) Next(context.Context) ([]byte, error) {
	if len(p.pieces) == 0 {
		return nil, io.EOF
	}
	piece := p.pieces[0]
	p.pieces = p.pieces[1:]
	return piece, nil
}

func (p *payload) Close() error { return nil }

func (n network) roundTrip(ctx context.Context, t *testing.T, r request) (*transport.Response, error) {
	t.Helper()
	header := metadata.New("content-type", "application/grpc-web", "x-grpc-web", "1")
	header.AppendAll(r.header)
	req := &transport.Request{URL: n.URL + chaosPath + r.method, Header: header, Body: r.body, Size: -1}
	if r.body == nil {
		whole := frame(t, r.script)
		req.Body, req.Size = &payload{[][]byte{whole[:3], whole[3:]}}, int64(len(whole))
	}
	return n.Transport.RoundTrip(ctx, req)
}

// head is roundTrip for requests that must be answered.
func (n network) head(ctx context.Context, t *testing.T, r request) *transport.Response {
	t.Helper()
	res, err := n.roundTrip(ctx, t, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// do sends a script of one step, and reads the response to its end.
func (n network) do(t *testing.T, id string, step *chaosv1.Step) (*transport.Response, answer) {
	t.Helper()
	res := n.head(t.Context(), t, request{method: "Do", script: script(id, step)})
	body, err := read(t.Context(), res.Body)
	return res, take(t, body, err)
}

func script(id string, step *chaosv1.Step) *chaosv1.Request {
	return &chaosv1.Request{CallId: id, Steps: []*chaosv1.Step{step}}
}

// report waits until the server has seen so many attempts of a call begin, and so many
// end. It returns what the server saw of them.
func (n network) report(t *testing.T, id string, started, ended uint32) *chaosv1.ReportReply {
	t.Helper()
	res := n.head(t.Context(), t, request{
		method: "Report", header: metadata.New("grpc-timeout", "2M"),
		script: &chaosv1.ReportRequest{CallId: id, WaitForStarted: started, WaitForEnded: ended},
	})
	body, err := read(t.Context(), res.Body)
	reply := &chaosv1.ReportReply{}
	decode(t, take(t, body, err).messages[0], reply)
	return reply
}

func read(ctx context.Context, b transport.Body) ([]byte, error) {
	defer b.Close()
	var all []byte
	for {
		piece, err := b.Next(ctx)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if len(piece) == 0 {
			return all, errors.New("Next returned an empty piece without an error")
		}
		all = append(all, piece...)
	}
}

// answer is a response body, split into its frames.
type answer struct {
	messages [][]byte
	trailer  metadata.MD
	err      error // the error with which the body broke
}

func take(t *testing.T, body []byte, err error) answer {
	t.Helper()
	a := answer{err: err}
	var frames wire.FrameReader
	for at := 0; ; {
		f, next, ok := frames.Next(body, at)
		if at = next; !ok || !f.Last {
			return a
		}
		payload := body[f.Offset : f.Offset+f.Length]
		if f.Flags == wire.FlagTrailers {
			a.trailer = wire.ParseTrailer(string(payload))
		} else {
			a.messages = append(a.messages, payload)
		}
	}
}

func decode(t *testing.T, message []byte, to proto.Message) {
	t.Helper()
	if err := proto.Unmarshal(message, to); err != nil {
		t.Fatal(err)
	}
}

// reply decodes the message of an answer, which must be the only one.
func (a answer) reply(t *testing.T) *chaosv1.Reply {
	t.Helper()
	if a.err != nil || len(a.messages) != 1 {
		t.Fatalf("the answer has %d messages and the error %v, want one message and no error", len(a.messages), a.err)
	}
	r := &chaosv1.Reply{}
	decode(t, a.messages[0], r)
	return r
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

var fresh int

// name makes a call id that no other test has, nor another run against the same server.
func name(t *testing.T) string {
	fresh++
	return strings.Join([]string{t.Name(), strconv.FormatInt(time.Now().UnixNano(), 36), strconv.Itoa(fresh)}, "/")
}
