package protocall_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	pb "github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("runtime.handleEvent"),                             // js/wasm: the event loop's own
		goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"),         // the demo server's WebSockets: started as it is linked in
		goleak.IgnoreTopFunction("github.com/desertbit/timer.(*Timer).Reset.func1"), // and never ended
	)
}

const (
	sayHello  = "/helloworld.Greeter/SayHello"
	replies   = "/helloworld.Greeter/LotsOfReplies"
	greetings = "/helloworld.Greeter/LotsOfGreetings"
	bidi      = "/helloworld.Greeter/BidiHello"

	threeAttempts = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "1s",
		"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
)

var ada = &pb.HelloRequest{Name: "Ada"}

// client makes a client over a fake network, with up to three attempts for each call.
func client(t *testing.T, n *fake.Network) *protocall.Client {
	t.Helper()
	ch, err := grpcweb.NewChannel(n, "https://api.example.com", grpcweb.WithServiceConfigJSON(threeAttempts))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	return protocall.New(ch, protocodec.Codec{})
}

func hello(text string) []byte {
	b, err := proto.Marshal(&pb.HelloReply{Message: text})
	if err != nil {
		panic(err)
	}
	return b
}

func scenario(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

func TestUnary(t *testing.T) {
	scenario(t, "retried", func(t *testing.T) {
		answer := fake.Answer(hello("Hello Ada"))
		answer.Header.Append("x-head", "1")
		answer.Body[1].Data = fake.Trailers(status.OK, "", "x-end", "2")
		n := fake.New(fake.Fail(status.Unavailable, "busy"), answer)
		res, err := protocall.Unary[pb.HelloReply](t.Context(), client(t, n), sayHello, ada, grpcweb.WithMetadata(metadata.New("x-mine", "3")))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "message", res.Message.GetMessage(), "Hello Ada")
		want(t, "header", res.Header.Get("x-head"), "1")
		want(t, "trailer", res.Trailer.Get("x-end"), "2")
		want(t, "attempts", len(res.Attempts), 2)
		want(t, "commit reason", res.CommitReason, status.ReasonResponseHeaders)
		for _, x := range n.Seen() {
			want(t, "metadata", x.Request.Header.Get("x-mine"), "3")
			want(t, "request", string(x.Body), "\x00\x00\x00\x00\x05\x0a\x03Ada")
		}
	})
	scenario(t, "fails", func(t *testing.T) {
		_, err := protocall.Unary[pb.HelloReply](t.Context(), client(t, fake.New(fake.Fail(status.NotFound, "gone"))), sayHello, ada)
		st, ok := status.FromError(err)
		want(t, "is a status", ok, true)
		want(t, "code", st.Code, status.NotFound)
		want(t, "message", st.Message, "gone")
	})
	scenario(t, "an_unreadable_response_is_internal", func(t *testing.T) {
		answer := fake.Answer([]byte{0xff})
		answer.Body[1].Data = fake.Trailers(status.OK, "", "x-end", "2")
		_, err := protocall.Unary[pb.HelloReply](t.Context(), client(t, fake.New(answer)), sayHello, ada)
		st := wantInternal(t, err, "the response cannot be unmarshaled: proto")
		want(t, "trailer", st.Trailer.Get("x-end"), "2")
		want(t, "attempts", len(st.Attempts), 1)
	})
	scenario(t, "a_request_that_cannot_be_marshaled_is_not_sent", func(t *testing.T) {
		n := fake.New(fake.Answer(hello("")))
		text := "not a message"
		_, err := protocall.Unary[pb.HelloReply](t.Context(), client(t, n), sayHello, &text)
		wantInternal(t, err, "the request cannot be marshaled: a *string is not a proto.Message")
		_, err = protocall.ServerStreaming[pb.HelloReply](t.Context(), client(t, n), replies, &text)
		wantInternal(t, err, "the request cannot be marshaled")
		want(t, "requests", len(n.Seen()), 0)
	})
	scenario(t, "a_response_type_that_the_codec_does_not_know", func(t *testing.T) {
		_, err := protocall.Unary[string](t.Context(), client(t, fake.New(fake.Answer(hello("")))), sayHello, ada)
		wantInternal(t, err, "a *string is not a proto.Message")
	})
	scenario(t, "a_nil_message_is_empty", func(t *testing.T) {
		n := fake.New(fake.Answer(nil))
		_, err := protocall.Unary[pb.HelloReply](t.Context(), client(t, n), sayHello, (*pb.HelloRequest)(nil))
		want(t, "error", err, nil)
		want(t, "request", string(n.Seen()[0].Body), "\x00\x00\x00\x00\x00")
	})
}

// wantInternal checks that an error is INTERNAL, says what it should, and has a cause.
func wantInternal(t *testing.T, err error, text string) *status.Status {
	t.Helper()
	st, ok := status.FromError(err)
	if !ok {
		t.Fatalf("%v is not a status", err)
	}
	want(t, "code", st.Code, status.Internal)
	want(t, "has a cause", st.Cause != nil, true)
	if !strings.Contains(st.Message, text) {
		t.Errorf("%q does not say %q", st.Message, text)
	}
	return st
}

func TestServerStreaming(t *testing.T) {
	scenario(t, "messages_then_the_end", func(t *testing.T) {
		answer := fake.Answer(hello("a"), hello("b"))
		answer.Header.Append("x-head", "1")
		answer.Body[2].Data = fake.Trailers(status.OK, "", "x-end", "2")
		s, err := protocall.ServerStreaming[pb.HelloReply](t.Context(), client(t, fake.New(fake.Fail(status.Unavailable, ""), answer)), replies, ada)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "all", collect(t, s.All()), "a b")
		header, err := s.Header()
		want(t, "error", err, nil)
		want(t, "header", header.Get("x-head"), "1")
		want(t, "trailer", s.Trailer().Get("x-end"), "2")
		want(t, "attempts", len(s.Attempts()), 2)
		want(t, "commit reason", s.CommitReason(), status.ReasonResponseHeaders)
		_, err = s.Recv()
		want(t, "Recv after the end", err, io.EOF)
	})
	scenario(t, "the_request_is_sent_whole", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(hello("a")))
		s, err := protocall.ServerStreaming[pb.HelloReply](t.Context(), client(t, n), replies, ada)
		want(t, "error", err, nil)
		want(t, "all", collect(t, s.All()), "a")
		want(t, "size", n.Seen()[0].Request.Size, 10)
	})
	scenario(t, "a_failure_is_the_last_pair", func(t *testing.T) {
		answer := fake.Answer(hello("a"))
		answer.Body[1].Data = fake.Trailers(status.DataLoss, "half")
		s, err := protocall.ServerStreaming[pb.HelloReply](t.Context(), client(t, fake.New(answer)), replies, ada)
		want(t, "error", err, nil)
		var errs []error
		for message, err := range s.All() {
			if (message == nil) == (err == nil) {
				t.Errorf("got both or neither: %v, %v", message, err)
			}
			errs = append(errs, err)
		}
		want(t, "pairs", len(errs), 2)
		want(t, "code", status.CodeOf(errs[1]), status.DataLoss)
	})
	scenario(t, "leaving_the_loop_ends_the_call", func(t *testing.T) {
		answer := fake.Answer(hello("a"))
		answer.Body = append(answer.Body[:1], fake.Piece{Wait: fake.Forever})
		n := fake.New(answer)
		s, err := protocall.ServerStreaming[pb.HelloReply](t.Context(), client(t, n), replies, ada)
		want(t, "error", err, nil)
		for range s.All() {
			break
		}
		_, err = s.Recv()
		want(t, "code", status.CodeOf(err), status.Canceled)
		synctest.Wait()
		want(t, "open exchanges", n.Open(), 0)
	})
	scenario(t, "an_unreadable_message_ends_the_call", func(t *testing.T) {
		n := fake.New(fake.Answer([]byte{0xff}, hello("b")))
		s, err := protocall.ServerStreaming[pb.HelloReply](t.Context(), client(t, n), replies, ada)
		want(t, "error", err, nil)
		_, err = s.Recv()
		want(t, "attempts", len(wantInternal(t, err, "the response cannot be unmarshaled").Attempts), 1)
		synctest.Wait()
		want(t, "open exchanges", n.Open(), 0)
	})
	scenario(t, "a_call_that_cannot_run", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := protocall.ServerStreaming[pb.HelloReply](ctx, client(t, fake.New(fake.Answer())), replies, ada)
		want(t, "is canceled", errors.Is(err, context.Canceled), true)
	})
}

// collect joins the messages that are still to come.
func collect(t *testing.T, all func(func(*pb.HelloReply, error) bool)) string {
	t.Helper()
	var texts []string
	for message, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, message.GetMessage())
	}
	return strings.Join(texts, " ")
}

func TestClientStreaming(t *testing.T) {
	begin := func(t *testing.T, attempts ...fake.Attempt) *protocall.ClientStream[pb.HelloRequest, pb.HelloReply] {
		t.Helper()
		s, err := protocall.ClientStreaming[pb.HelloRequest, pb.HelloReply](t.Context(), client(t, fake.New(attempts...)), greetings)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	scenario(t, "retried", func(t *testing.T) {
		s := begin(t, fake.Fail(status.Unavailable, ""), fake.Answer(hello("both")))
		want(t, "Send", s.Send(ada), nil)
		want(t, "Send", s.Send(ada), nil)
		res, err := s.CloseAndRecv()
		want(t, "error", err, nil)
		want(t, "message", res.Message.GetMessage(), "both")
		want(t, "attempts", len(res.Attempts), 2)
	})
	scenario(t, "54_one_message_only", func(t *testing.T) {
		for _, messages := range [][][]byte{nil, {hello("a"), hello("b")}} {
			_, err := begin(t, fake.Answer(messages...)).CloseAndRecv()
			want(t, "code", status.CodeOf(err), status.Unimplemented)
		}
	})
	scenario(t, "one_message_and_a_failure", func(t *testing.T) {
		a := fake.Answer(hello("a"))
		a.Body[1].Data = fake.Trailers(status.DataLoss, "")
		_, err := begin(t, a).CloseAndRecv()
		want(t, "code", status.CodeOf(err), status.DataLoss)
	})
	scenario(t, "an_unreadable_answer", func(t *testing.T) {
		_, err := begin(t, fake.Answer([]byte{0xff})).CloseAndRecv()
		wantInternal(t, err, "the response cannot be unmarshaled")
	})
}

func TestBidiStreaming(t *testing.T) {
	scenario(t, "retried", func(t *testing.T) {
		n := fake.Streaming(fake.Fail(status.Unavailable, ""), fake.Answer(hello("a"), hello("b")))
		s, err := protocall.BidiStreaming[pb.HelloRequest, pb.HelloReply](t.Context(), client(t, n), bidi)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "Send", s.Send(ada), nil)
		want(t, "Send", s.Send(ada), nil)
		want(t, "CloseSend", s.CloseSend(), nil)
		message, err := s.Recv()
		want(t, "error", err, nil)
		want(t, "message", message.GetMessage(), "a")
		want(t, "all", collect(t, s.All()), "b")
		want(t, "attempts", len(s.Attempts()), 2)
	})
	scenario(t, "62_send_says_eof_and_recv_says_why", func(t *testing.T) {
		n := fake.Streaming(fake.Answer().Taking(1))
		s, err := protocall.BidiStreaming[pb.HelloRequest, pb.HelloReply](t.Context(), client(t, n), bidi)
		want(t, "error", err, nil)
		want(t, "first Send", s.Send(ada), nil)
		_, err = s.Recv()
		want(t, "Recv", err, io.EOF)
		want(t, "second Send", s.Send(ada), io.EOF)
	})
	scenario(t, "close", func(t *testing.T) {
		s, err := protocall.BidiStreaming[pb.HelloRequest, pb.HelloReply](t.Context(), client(t, fake.Streaming(fake.Silence())), bidi)
		want(t, "error", err, nil)
		want(t, "Close", s.Close(), nil)
		_, err = s.Recv()
		want(t, "code", status.CodeOf(err), status.Canceled)
		want(t, "code of Send", status.CodeOf(s.Send(ada)), status.Canceled)
	})
}

func TestNew(t *testing.T) {
	ch, err := grpcweb.NewChannel(fake.New(fake.Answer()), "https://api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	want(t, "channel", protocall.New(ch, protocodec.Codec{}).Channel(), ch)
	for name, f := range map[string]func(){
		"channel": func() { protocall.New(nil, protocodec.Codec{}) },
		"codec":   func() { protocall.New(ch, nil) },
	} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.Contains(text, name) {
					t.Errorf("without a %s: panicked with %q", name, text)
				}
			}()
			f()
		}()
	}
}
