package protocall_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/chaos/v1/chaosv1hedgerow"
	pb "github.com/hedgerow-web/hedgerow/server/proto/helloworld"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld/helloworldhedgerow"
)

// TestServer runs generated clients against the real server.
func TestServer(t *testing.T) {
	for _, n := range networks.All(t) {
		t.Run(n.Name, func(t *testing.T) {
			ch, err := grpcweb.NewChannel(n.Transport, n.URL, grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4,
				"initialBackoff": "0.01s", "maxBackoff": "0.05s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
			if err != nil {
				t.Fatal(err)
			}
			defer ch.Close()
			client := protocall.New(ch, protocodec.Codec{})
			greeter, chaos := helloworldhedgerow.NewGreeterClient(client), chaosv1hedgerow.NewChaosClient(client)
			t.Run("unary", func(t *testing.T) { testUnary(t, greeter) })
			t.Run("server_streaming", func(t *testing.T) { testReplies(t, greeter) })
			t.Run("client_streaming", func(t *testing.T) { testGreetings(t, greeter) })
			t.Run("bidirectional", func(t *testing.T) { testBidi(t, greeter) })
			t.Run("bidirectional_in_turns", func(t *testing.T) {
				n.Needs(t, networks.FullDuplex)
				testBidiInTurns(t, greeter)
			})
			t.Run("fails_first", func(t *testing.T) { testFailsFirst(t, chaos) })
			t.Run("fails", func(t *testing.T) { testFails(t, chaos) })
		})
	}
}

func testUnary(t *testing.T, c helloworldhedgerow.GreeterClient) {
	res, err := c.SayHello(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "message", res.Message.GetMessage(), "Hello Ada")
}

func testReplies(t *testing.T, c helloworldhedgerow.GreeterClient) {
	s, err := c.LotsOfReplies(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for message, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		count++
		want(t, "message", message.GetMessage(), fmt.Sprintf("Hello Ada, %d of 5", count))
	}
	want(t, "messages", count, 5)
}

func testGreetings(t *testing.T, c helloworldhedgerow.GreeterClient) {
	s, err := c.LotsOfGreetings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ann", "Bob"} {
		want(t, "Send", s.Send(&pb.HelloRequest{Name: name}), nil)
	}
	res, err := s.CloseAndRecv()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "message", res.Message.GetMessage(), "Hello Ann, Bob")
}

func testBidi(t *testing.T, c helloworldhedgerow.GreeterClient) {
	s, err := c.BidiHello(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ann", "Bob"} {
		want(t, "Send", s.Send(&pb.HelloRequest{Name: name}), nil)
	}
	want(t, "CloseSend", s.CloseSend(), nil)
	want(t, "all", collect(t, s.All()), "Hello Ann Hello Bob")
}

func testBidiInTurns(t *testing.T, c helloworldhedgerow.GreeterClient) {
	s, err := c.BidiHello(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ann", "Bob"} { // each answer before the next question
		want(t, "Send", s.Send(&pb.HelloRequest{Name: name}), nil)
		message, err := s.Recv()
		want(t, "error", err, nil)
		want(t, "message", message.GetMessage(), "Hello "+name)
	}
	want(t, "CloseSend", s.CloseSend(), nil)
	_, err = s.Recv()
	want(t, "end", err, io.EOF)
}

// script makes the first attempt of a call fail, and then plays a step.
func script(t *testing.T, then *chaosv1.Step) *chaosv1.Request {
	return &chaosv1.Request{
		CallId: fmt.Sprint(t.Name(), "/", time.Now().UnixNano()), Payload: []byte("0"),
		Steps: []*chaosv1.Step{{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: 14, Message: "first"}}}, then},
	}
}

func testFailsFirst(t *testing.T, c chaosv1hedgerow.ChaosClient) {
	res, err := c.Do(t.Context(), script(t, &chaosv1.Step{Trailer: []*chaosv1.Metadata{{Name: "x-end", Value: "1"}}}))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "payload", string(res.Message.GetPayload()), "0")
	want(t, "attempts", len(res.Attempts), 2)
	want(t, "trailer", res.Trailer.Get("x-end"), "1")
	s, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "Send", s.Send(script(t, &chaosv1.Step{})), nil)
	want(t, "Send", s.Send(&chaosv1.Request{Payload: []byte("1")}), nil)
	all, err := s.CloseAndRecv()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "payload of two", string(all.Message.GetPayload()), "01")
	want(t, "attempts", len(all.Attempts), 2)
}

func testFails(t *testing.T, c chaosv1hedgerow.ChaosClient) {
	_, err := c.Do(t.Context(), script(t, &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: 5, Message: "größer"}}}))
	st, ok := status.FromError(err)
	want(t, "is a status", ok, true)
	want(t, "code", st.Code, status.NotFound)
	want(t, "message", st.Message, "größer")
	want(t, "attempts", len(st.Attempts), 2)
}
