package interop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	"github.com/hedgerow-web/hedgerow/interop"
	"github.com/hedgerow-web/hedgerow/server"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// backend is one of the two servers over one version of HTTP, and the transport that reaches it.
type backend struct {
	networks.Network
	connect bool // the server is connect-go, not grpc-go behind the wrapper
	http2   bool // HTTP/2 over TLS, not HTTP/1.1
}

// everyBackend runs a test against all backends.
func everyBackend(t *testing.T, test func(t *testing.T, b backend)) {
	for _, connect := range []bool{false, true} {
		for _, http2 := range []bool{false, true} {
			name := map[bool]string{false: "wrapper", true: "connect-go"}[connect] + "/" + map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[http2]
			t.Run(name, func(t *testing.T) { test(t, serve(t, connect, http2)) })
		}
	}
}

func serve(t *testing.T, connect, http2 bool) backend {
	t.Helper()
	if connect {
		return backend{networks.Serve(t, t.Name(), interop.New(nil), http2), connect, http2}
	}
	wrapper := server.New(server.Options{})
	n := networks.Serve(t, t.Name(), wrapper, http2)
	t.Cleanup(wrapper.Close)
	return backend{n, connect, http2}
}

const (
	chaos   = "/hedgerow.chaos.v1.Chaos/"
	retries = `, "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.05s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}`
	hedges  = `, "hedgingPolicy": {"maxAttempts": 3, "nonFatalStatusCodes": ["UNAVAILABLE"]}`
)

// open makes a channel that is closed when the test is over.
func (b backend) open(t *testing.T, policy string) *grpcweb.Channel {
	t.Helper()
	ch, err := grpcweb.NewChannel(b.Transport, b.URL, grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}]`+policy+`}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	return ch
}

var made atomic.Int64

// script is a request that tells the server what to do.
type script struct {
	id    string
	bytes []byte
}

func play(t *testing.T, steps ...*chaosv1.Step) script {
	t.Helper()
	id := fmt.Sprint(t.Name(), made.Add(1))
	return script{id, marshal(t, &chaosv1.Request{CallId: id, Steps: steps, Payload: []byte("ping")})}
}

// report returns what the server saw of a script when so many attempts have begun and ended.
func (b backend) report(t *testing.T, s script, attempts uint32) []*chaosv1.Execution {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r := &chaosv1.ReportRequest{CallId: s.id, WaitForStarted: attempts, WaitForEnded: attempts}
	res, err := b.open(t, "").Unary(ctx, chaos+"Report", marshal(t, r))
	if err != nil {
		t.Fatal(err)
	}
	reply := unmarshal(t, res.Message, &chaosv1.ReportReply{})
	want(t, "attempts at the server", reply.GetStarted(), attempts)
	return reply.GetExecutions()
}

// drain reads a stream to its end.
func drain(t *testing.T, s *grpcweb.Stream) (replies []*chaosv1.Reply, err error) {
	t.Helper()
	for {
		message, err := s.Recv()
		if err != nil {
			return replies, err
		}
		replies = append(replies, unmarshal(t, message, &chaosv1.Reply{}))
	}
}

// begin begins a stream, sends messages and half-closes.
func begin(t *testing.T, ch *grpcweb.Channel, method string, messages ...[]byte) *grpcweb.Stream {
	t.Helper()
	s, err := ch.NewStream(t.Context(), chaos+method)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, m := range messages {
		err = errors.Join(err, s.Send(m))
	}
	if err = errors.Join(err, s.CloseSend()); err != nil {
		t.Fatal(err)
	}
	return s
}

func fails(code status.Code, message string) *chaosv1.Step {
	return &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: int32(code), Message: message}}}
}

func hangs() *chaosv1.Step { return &chaosv1.Step{End: &chaosv1.Step_Hang{Hang: &chaosv1.Hang{}}} }

func field(name, value string) []*chaosv1.Metadata {
	return []*chaosv1.Metadata{{Name: name, Value: value}}
}

func binary(name string, value []byte) []*chaosv1.Metadata {
	return []*chaosv1.Metadata{{Name: name, Binary: value}}
}

func endings(executions []*chaosv1.Execution) (all []chaosv1.Ending) {
	for _, x := range executions {
		all = append(all, x.GetEnding())
	}
	slices.Sort(all)
	return all
}

func previous(executions []*chaosv1.Execution) (all []string) {
	for _, x := range executions {
		all = append(all, x.GetPreviousAttempts())
	}
	slices.Sort(all)
	return all
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmarshal[M proto.Message](t *testing.T, b []byte, m M) M {
	t.Helper()
	if err := proto.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func wantCode(t *testing.T, err error, code status.Code) *status.Status {
	t.Helper()
	st, ok := status.FromError(err)
	if !ok || st.Code != code {
		t.Fatalf("got %v, want %v", err, code)
	}
	return st
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

func wantAll[T comparable](t *testing.T, what string, got []T, wanted ...T) {
	t.Helper()
	if !slices.Equal(got, wanted) {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}
