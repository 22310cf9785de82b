package grpcweb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// TestServerStreams sends streams of messages to the real server, and hears its
// answers while it does, where the transport can.
func TestServerStreams(t *testing.T) {
	for _, n := range reached(t) {
		t.Run(n.Name, func(t *testing.T) {
			for _, test := range []struct {
				name  string
				needs networks.Duplex
				run   func(t *testing.T, n network)
			}{
				{"client_streaming", networks.WholeRequests, testGreetings},
				{"bidirectional", networks.WholeRequests, testBidi},
				{"bidirectional_in_turns", networks.FullDuplex, testBidiInTurns},
				{"61_replay", networks.HalfDuplex, testServerReplay},
				{"61_replay_of_a_whole_request", networks.WholeRequests, testServerReplayWhole},
				{"45_cancel_with_the_request_open", networks.HalfDuplex, testServerCancelOpen},
				{"49_hundred_uploads", networks.WholeRequests, testUploads},
				{"large_upload", networks.HalfDuplex, testLargeUpload},
				{"65_success_before_the_end", networks.HalfDuplex, testServerEarly},
				{"69_hedged_upload", networks.HalfDuplex, testServerHedgedUpload},
				{"98_nobody_listens", networks.HalfDuplex, testNobodyListensToStream},
			} {
				t.Run(test.name, func(t *testing.T) {
					n.Needs(t, test.needs)
					test.run(t, n)
				})
			}
		})
	}
}

// stream begins a stream of any method.
func (n network) stream(t *testing.T, policy, method string, opts ...grpcweb.CallOption) *grpcweb.Stream {
	t.Helper()
	ch, err := grpcweb.NewChannel(n.Transport, n.URL, grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}]`+policy+`}]}`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ch.NewStream(t.Context(), method, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		want(t, "bytes held for replay", ch.Buffered(), 0)
		want(t, "calls under way", ch.Running(), 0)
		ch.Close()
	})
	return s
}

func tell(t *testing.T, s *grpcweb.Stream, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := s.Send(marshal(t, &helloworld.HelloRequest{Name: name})); err != nil {
			t.Fatal(err)
		}
	}
}

func hear(t *testing.T, s *grpcweb.Stream) string {
	t.Helper()
	message, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return unmarshal(t, message, &helloworld.HelloReply{}).GetMessage()
}

func testGreetings(t *testing.T, n network) {
	s := n.stream(t, "", "/helloworld.Greeter/LotsOfGreetings", grpcweb.WithSingleResponse())
	tell(t, s, "Ann", "Bob", "Cat")
	s.CloseSend()
	want(t, "reply", hear(t, s), "Hello Ann, Bob, Cat")
	_, err := s.Recv()
	want(t, "end", err, io.EOF)
}

func testBidi(t *testing.T, n network) {
	bidi(t, n.stream(t, "", "/helloworld.Greeter/BidiHello"))
}

func testBidiInTurns(t *testing.T, n network) {
	s := n.stream(t, "", "/helloworld.Greeter/BidiHello")
	for i := range 10 { // each answer before the next question
		tell(t, s, fmt.Sprint(i))
		want(t, "reply", hear(t, s), fmt.Sprint("Hello ", i))
	}
	bidi(t, s)
}

func bidi(t *testing.T, s *grpcweb.Stream) {
	t.Helper()
	tell(t, s, "Ann", "Bob")
	s.CloseSend()
	want(t, "reply", hear(t, s), "Hello Ann")
	want(t, "reply", hear(t, s), "Hello Bob")
	_, err := s.Recv()
	want(t, "end", err, io.EOF)
}

// collect begins Chaos.Collect with a script.
func collect(t *testing.T, n network, policy, id string, opts []grpcweb.CallOption, steps ...*chaosv1.Step) *grpcweb.Stream {
	t.Helper()
	s := n.stream(t, policy, chaos+"Collect", append(opts, grpcweb.WithSingleResponse())...)
	first := marshal(t, &chaosv1.Request{CallId: id, Steps: steps, Payload: []byte("0")})
	if err := s.Send(first); err != nil {
		t.Fatal(err)
	}
	return s
}

func upload(t *testing.T, s *grpcweb.Stream, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := s.Send(marshal(t, &chaosv1.Request{Payload: []byte(p)})); err != nil {
			t.Fatal(err)
		}
	}
}

func count(n uint32, step *chaosv1.Step) *chaosv1.Step {
	step.Messages = &n
	return step
}

// The first attempt fails after one message, the second after two, the third
// after the half-close.
func testServerReplay(t *testing.T, n network) {
	ch, id := n.open(t, ""), callID(t)
	s := collect(t, n, quickRetry, id, nil, count(1, fails(status.Unavailable, "1")), count(2, fails(status.Unavailable, "2")),
		fails(status.Unavailable, "3"), &chaosv1.Step{})
	report(t, ch, id, 1, 1)
	upload(t, s, "1")
	report(t, ch, id, 2, 2)
	upload(t, s, "2")
	s.CloseSend()
	checkCollected(t, s, "012")
	var told []uint32
	for _, x := range report(t, ch, id, 4, 4).GetExecutions() {
		told = append(told, x.GetReceived())
	}
	wantAll(t, "messages at the server", told, 1, 2, 3, 3)
}

func testServerReplayWhole(t *testing.T, n network) {
	s := collect(t, n, quickRetry, callID(t), []grpcweb.CallOption{grpcweb.WithWholeRequest()}, fails(status.Unavailable, ""), &chaosv1.Step{})
	upload(t, s, "1", "2")
	want(t, "attempts before the half-close", len(s.Attempts()), 0)
	s.CloseSend()
	checkCollected(t, s, "012")
	want(t, "attempts", len(s.Attempts()), 2)
}

func checkCollected(t *testing.T, s *grpcweb.Stream, payload string) {
	t.Helper()
	message, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "payload", string(unmarshal(t, message, &chaosv1.Reply{}).GetPayload()), payload)
	_, err = s.Recv()
	want(t, "end", err, io.EOF)
}

func testServerCancelOpen(t *testing.T, n network) {
	ch, id := n.open(t, ""), callID(t)
	s := collect(t, n, quickRetry, id, nil, &chaosv1.Step{})
	report(t, ch, id, 1, 0)
	s.Close()
	_, err := s.Recv()
	wantCode(t, err, status.Canceled)
	want(t, "ending", report(t, ch, id, 1, 1).GetExecutions()[0].GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
}

// What 100 uploads have left behind, TestMain sees too.
func testUploads(t *testing.T, n network) {
	ch := n.open(t, "")
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for i := range 10 {
				ctx, cancel := context.WithCancel(t.Context())
				s, err := ch.NewStream(ctx, "/helloworld.Greeter/LotsOfGreetings")
				if err != nil {
					t.Error(err)
					cancel()
					break
				}
				err = s.Send(marshal(t, &helloworld.HelloRequest{Name: "Ann"}))
				if i%3 == 0 {
					cancel() // in the middle of it
				}
				s.CloseSend()
				for err == nil {
					_, err = s.Recv()
				}
				if code := status.CodeOf(err); !errors.Is(err, io.EOF) && (code != status.Canceled || i%3 != 0) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	all.Wait()
}

// What the transport has taken is let go of, for it will not be sent again.
func testLargeUpload(t *testing.T, n network) {
	ch, id := n.open(t, ""), callID(t)
	s := collect(t, n, "", id, nil, count(21, &chaosv1.Step{MessageSize: 1}))
	for range 20 {
		upload(t, s, strings.Repeat("x", 1<<20))
		if kept := s.Kept(); kept > 3 {
			t.Errorf("%d messages are kept", kept)
		}
	}
	s.CloseSend()
	if _, err := drain(t, s); err != io.EOF {
		t.Error(err)
	}
	want(t, "messages at the server", report(t, ch, id, 1, 1).GetExecutions()[0].GetReceived(), 21)
}

func testServerEarly(t *testing.T, n network) {
	s := collect(t, n, quickRetry, callID(t), nil, count(1, fails(status.Unavailable, "")), count(1, &chaosv1.Step{}))
	checkCollected(t, s, "0") // while the request is still open
	want(t, "Send", s.Send(ping), io.EOF)
}

func testServerHedgedUpload(t *testing.T, n network) {
	ch, id := n.open(t, ""), callID(t)
	s := collect(t, n, quickHedge, id, nil, count(1, hangs()), &chaosv1.Step{})
	upload(t, s, "1")
	report(t, ch, id, 2, 0)
	upload(t, s, "2")
	s.CloseSend()
	checkCollected(t, s, "012")
	want(t, "its ending", report(t, ch, id, 2, 2).GetExecutions()[0].GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
}

func testNobodyListensToStream(t *testing.T, n network) {
	n.URL = "http://127.0.0.1:2"
	s := collect(t, n, quickRetry, callID(t), nil)
	_, err := s.Recv()
	want(t, "attempts", len(wantCode(t, err, status.Unavailable).Attempts), 4)
}
