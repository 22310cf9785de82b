package grpcconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcmetadata "google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("runtime.handleEvent"),                             // js/wasm: the event loop's own
		goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"),         // the demo server's WebSockets: started as it is linked in
		goleak.IgnoreTopFunction("github.com/desertbit/timer.(*Timer).Reset.func1"), // and never ended
	)
}

const (
	retries = `"retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.05s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}`
	// A failure releases the next hedge at once, and no machine is so slow that the delay does.
	hedges = `"hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "600s", "nonFatalStatusCodes": ["UNAVAILABLE"]}`
)

// connect makes a connection with a policy for Chaos; what is reported is not retried.
func connect(t *testing.T, n networks.Network, policy string) *grpcconn.Conn {
	t.Helper()
	ch, err := grpcweb.NewChannel(n.Transport, n.URL, grpcweb.WithServiceConfigJSON(`{"methodConfig": [
		{"name": [{}], `+policy+`}, {"name": [{"service": "hedgerow.chaos.v1.Chaos", "method": "Report"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	return grpcconn.New(ch)
}

// TestServer runs generated stubs, as they are, against the real server.
func TestServer(t *testing.T) {
	for _, n := range networks.All(t) {
		for _, policy := range []struct{ name, json string }{{"retries", retries}, {"hedges", hedges}} {
			t.Run(n.Name+"/"+policy.name, func(t *testing.T) {
				conn := connect(t, n, policy.json)
				greeter, chaos := helloworld.NewGreeterClient(conn), chaosv1.NewChaosClient(conn)
				t.Run("unary", func(t *testing.T) { testUnary(t, greeter) })
				t.Run("server_streaming", func(t *testing.T) { testReplies(t, greeter) })
				t.Run("client_streaming", func(t *testing.T) { testGreetings(t, greeter) })
				t.Run("bidirectional", func(t *testing.T) { testBidi(t, greeter) })
				t.Run("bidirectional_in_turns", func(t *testing.T) {
					n.Needs(t, networks.FullDuplex)
					testBidiInTurns(t, greeter)
				})
				t.Run("unary_fails_first", func(t *testing.T) { testChaosUnary(t, chaos) })
				t.Run("server_streaming_fails_first", func(t *testing.T) { testChaosStream(t, chaos) })
				t.Run("client_streaming_fails_first", func(t *testing.T) { testChaosCollect(t, chaos) })
				t.Run("bidirectional_fails_first", func(t *testing.T) { testChaosConverse(t, chaos) })
				t.Run("failure_with_details", func(t *testing.T) { testDetails(t, chaos) })
				t.Run("deadline", func(t *testing.T) { testDeadline(t, chaos) })
				t.Run("metadata", func(t *testing.T) { testMetadata(t, chaos) })
			})
		}
	}
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

func testUnary(t *testing.T, c helloworld.GreeterClient) {
	reply, err := c.SayHello(t.Context(), &helloworld.HelloRequest{Name: "Ann"})
	want(t, "error", err, nil)
	want(t, "reply", reply.GetMessage(), "Hello Ann")
}

func testReplies(t *testing.T, c helloworld.GreeterClient) {
	s, err := c.LotsOfReplies(t.Context(), &helloworld.HelloRequest{Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; ; i++ {
		reply, err := s.Recv()
		if err == io.EOF {
			want(t, "replies", i-1, 5)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		want(t, "reply", reply.GetMessage(), fmt.Sprintf("Hello Ann, %d of 5", i))
	}
}

func testGreetings(t *testing.T, c helloworld.GreeterClient) {
	s, err := c.LotsOfGreetings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ann", "Bob", "Cat"} {
		want(t, "Send", s.Send(&helloworld.HelloRequest{Name: name}), nil)
	}
	reply, err := s.CloseAndRecv()
	want(t, "error", err, nil)
	want(t, "reply", reply.GetMessage(), "Hello Ann, Bob, Cat")
}

func testBidi(t *testing.T, c helloworld.GreeterClient) {
	s, err := c.BidiHello(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"Ann", "Bob"}
	for _, name := range names {
		want(t, "Send", s.Send(&helloworld.HelloRequest{Name: name}), nil)
	}
	want(t, "CloseSend", s.CloseSend(), nil)
	for _, name := range names {
		reply, err := s.Recv()
		want(t, "error", err, nil)
		want(t, "reply", reply.GetMessage(), "Hello "+name)
	}
	_, err = s.Recv()
	want(t, "end", err, io.EOF)
}

func testBidiInTurns(t *testing.T, c helloworld.GreeterClient) {
	s, err := c.BidiHello(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ann", "Bob"} { // each answer before the next question
		want(t, "Send", s.Send(&helloworld.HelloRequest{Name: name}), nil)
		reply, err := s.Recv()
		want(t, "error", err, nil)
		want(t, "reply", reply.GetMessage(), "Hello "+name)
	}
	want(t, "CloseSend", s.CloseSend(), nil)
	_, err = s.Recv()
	want(t, "end", err, io.EOF)
}

var made atomic.Int64

// failsFirst is the script of a call whose first attempt fails.
func failsFirst(t *testing.T, then *chaosv1.Step) *chaosv1.Request {
	return &chaosv1.Request{
		CallId: fmt.Sprint(t.Name(), "/", time.Now().UnixNano(), "/", made.Add(1)), Payload: []byte("0"),
		Steps: []*chaosv1.Step{{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: 14, Message: "first"}}}, then},
	}
}

func testChaosUnary(t *testing.T, c chaosv1.ChaosClient) {
	var header, trailer grpcmetadata.MD
	reply, err := c.Do(t.Context(), failsFirst(t, &chaosv1.Step{Trailer: []*chaosv1.Metadata{{Name: "x-end", Value: "1"}}}),
		grpc.Header(&header), grpc.Trailer(&trailer))
	want(t, "error", err, nil)
	want(t, "payload", string(reply.GetPayload()), "0")
	want(t, "header", strings.Join(header.Get("grpc-previous-rpc-attempts"), " "), "1")
	want(t, "trailer", strings.Join(trailer.Get("x-end"), " "), "1")
}

func testChaosStream(t *testing.T, c chaosv1.ChaosClient) {
	messages := uint32(3)
	s, err := c.Stream(t.Context(), failsFirst(t, &chaosv1.Step{Messages: &messages}))
	if err != nil {
		t.Fatal(err)
	}
	for range messages {
		reply, err := s.Recv()
		want(t, "error", err, nil)
		want(t, "attempt", reply.GetAttempt(), 2)
	}
	_, err = s.Recv()
	want(t, "end", err, io.EOF)
}

func testChaosCollect(t *testing.T, c chaosv1.ChaosClient) {
	s, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "Send", s.Send(failsFirst(t, &chaosv1.Step{})), nil)
	want(t, "Send", s.Send(&chaosv1.Request{Payload: []byte("1")}), nil)
	reply, err := s.CloseAndRecv()
	want(t, "error", err, nil)
	want(t, "payload", string(reply.GetPayload()), "01")
	want(t, "attempt", reply.GetAttempt(), 2)
}

func testChaosConverse(t *testing.T, c chaosv1.ChaosClient) {
	s, err := c.Converse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	script := failsFirst(t, &chaosv1.Step{})
	script.Steps[0].Messages = new(uint32) // it answers none
	want(t, "Send", s.Send(script), nil)
	want(t, "Send", s.Send(&chaosv1.Request{Payload: []byte("1")}), nil)
	want(t, "CloseSend", s.CloseSend(), nil)
	for _, payload := range []string{"0", "1"} {
		reply, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		want(t, "payload", string(reply.GetPayload()), payload)
	}
	_, err = s.Recv()
	want(t, "end", err, io.EOF)
}

func testDetails(t *testing.T, c chaosv1.ChaosClient) {
	detail, err := anypb.New(&errdetails.ErrorInfo{Reason: "SOLD_OUT"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), &chaosv1.Request{Steps: []*chaosv1.Step{{End: &chaosv1.Step_Status{Status: &chaosv1.Status{
		Code: 9, Message: "größer", Details: []*anypb.Any{detail},
	}}}}})
	st := grpcstatus.Convert(err)
	want(t, "code", st.Code(), codes.FailedPrecondition)
	want(t, "message", st.Message(), "größer")
	want(t, "text", err.Error(), "rpc error: code = FailedPrecondition desc = größer")
	want(t, "details", len(st.Details()), 1)
	want(t, "reason", st.Details()[0].(*errdetails.ErrorInfo).GetReason(), "SOLD_OUT")
	own, ok := status.FromError(err)
	if !ok {
		t.Fatalf("%v has no history", err)
	}
	want(t, "attempts", len(own.Attempts), 1)
	want(t, "commit reason", own.CommitReason, status.ReasonFatalStatus)
}

func testDeadline(t *testing.T, c chaosv1.ChaosClient) {
	hang := &chaosv1.Step{End: &chaosv1.Step_Hang{Hang: &chaosv1.Hang{}}}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := c.Do(ctx, &chaosv1.Request{Steps: []*chaosv1.Step{hang}})
	want(t, "code", grpcstatus.Code(err), codes.DeadlineExceeded)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is no context.DeadlineExceeded", err)
	}
	s, err := c.Converse(ctx)
	if err == nil {
		_, err = s.Recv()
	}
	want(t, "code of a stream", grpcstatus.Code(err), codes.DeadlineExceeded)
}

func testMetadata(t *testing.T, c chaosv1.ChaosClient) {
	ctx := grpcmetadata.AppendToOutgoingContext(t.Context(), "x-one", "1", "x-one", "2", "x-raw-bin", "\x00\xff", "user-agent", "mine")
	reply, err := c.Do(ctx, &chaosv1.Request{Steps: []*chaosv1.Step{{Header: []*chaosv1.Metadata{{Name: "x-back-bin", Binary: []byte{0, 255}}}}}})
	want(t, "error", err, nil)
	got := map[string]string{}
	for _, h := range reply.GetRequestHeader() {
		got[h.GetName()] += h.GetValue() + string(h.GetBinary()) + ";"
	}
	if one := got["x-one"]; one != "1;2;" && one != "1, 2;" { // fetch joins them
		t.Errorf("the server saw x-one as %q", one)
	}
	want(t, "binary metadata", got["x-raw-bin"], "AP8;") // as it arrives
}
