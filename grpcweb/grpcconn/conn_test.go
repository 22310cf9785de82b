package grpcconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

const address = "https://api.example.com/grpc"

// greeter is a stub on a fake network, with up to three attempts.
func greeter(t *testing.T, n *fake.Network, url string) helloworld.GreeterClient {
	t.Helper()
	ch, err := grpcweb.NewChannel(n, url, grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3,
		"initialBackoff": "1s", "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	return helloworld.NewGreeterClient(grpcconn.New(ch))
}

func hello(text string) []byte {
	b, err := proto.Marshal(&helloworld.HelloReply{Message: text})
	if err != nil {
		panic(err)
	}
	return b
}

var ann = &helloworld.HelloRequest{Name: "Ann"}

func scenario(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func wantRefused(t *testing.T, n *fake.Network, err error, code codes.Code, text string) {
	t.Helper()
	want(t, "code", grpcstatus.Code(err), code)
	if !strings.Contains(fmt.Sprint(err), text) {
		t.Errorf("%v does not say %q", err, text)
	}
	want(t, "requests", len(n.Seen()), 0)
}

func TestCallOptions(t *testing.T) {
	scenario(t, "refused_in_words", func(t *testing.T) {
		for _, o := range []grpc.CallOption{
			grpc.Peer(nil), grpc.UseCompressor("gzip"), grpc.CallContentSubtype("json"), grpc.MaxRetryRPCBufferSize(1), grpc.CallAuthority("a"),
		} {
			n := fake.New(fake.Answer(hello("")))
			var told []error
			_, err := greeter(t, n, address).SayHello(t.Context(), ann, grpc.OnFinish(func(err error) { told = append(told, err) }), o)
			wantRefused(t, n, err, codes.Internal, fmt.Sprintf("%T", o))
			_, err = greeter(t, n, address).BidiHello(t.Context(), o, grpc.OnFinish(func(err error) { told = append(told, err) }))
			wantRefused(t, n, err, codes.Internal, fmt.Sprintf("%T", o))
			want(t, "told of the end", len(told), 2)
		}
	})
	scenario(t, "of_no_meaning", func(t *testing.T) {
		c := greeter(t, fake.New(fake.Answer(hello("hi"))), address)
		reply, err := c.SayHello(t.Context(), ann, grpc.EmptyCallOption{}, grpc.StaticMethod(), grpc.CallContentSubtype("proto"), interceptors{})
		want(t, "error", err, nil)
		want(t, "reply", reply.GetMessage(), "hi")
	})
	scenario(t, "message_limits", func(t *testing.T) {
		n := fake.New(fake.Answer(hello("hello")))
		c := greeter(t, n, address)
		_, err := c.SayHello(t.Context(), ann, grpc.MaxCallSendMsgSize(4))
		wantRefused(t, n, err, codes.ResourceExhausted, "limit of 4")
		s, err := c.LotsOfGreetings(t.Context(), grpc.MaxCallSendMsgSize(4))
		want(t, "error", err, nil)
		want(t, "code", grpcstatus.Code(s.Send(ann)), codes.ResourceExhausted)
		_, err = c.SayHello(t.Context(), ann, grpc.MaxCallRecvMsgSize(6))
		want(t, "code", grpcstatus.Code(err), codes.ResourceExhausted)
		_, err = c.SayHello(t.Context(), ann, grpc.MaxCallRecvMsgSize(7))
		want(t, "error", err, nil)
	})
	scenario(t, "wait_for_ready", func(t *testing.T) {
		n := fake.New(fake.Answer(hello("")))
		n.Connect(false)
		time.AfterFunc(time.Hour, func() { n.Connect(true) })
		begun := time.Now()
		_, err := greeter(t, n, address).SayHello(t.Context(), ann, grpc.WaitForReady(true))
		want(t, "error", err, nil)
		want(t, "time", time.Since(begun), time.Hour)
	})
	scenario(t, "on_finish", func(t *testing.T) {
		n := fake.New(fake.Answer(hello("a"), hello("b")), fake.Fail(status.NotFound, "gone"), fake.Silence())
		var told []error
		tell := grpc.OnFinish(func(err error) { told = append(told, err) })
		c := greeter(t, n, address)
		s, _ := c.LotsOfReplies(t.Context(), ann, tell)
		for err := error(nil); err == nil; {
			_, err = s.Recv()
		}
		c.SayHello(t.Context(), ann, tell)
		ctx, cancel := context.WithCancel(t.Context())
		c.LotsOfReplies(ctx, ann, tell) // and nobody listens
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := fmt.Sprint(told); got != "[<nil> rpc error: code = NotFound desc = gone "+
			"rpc error: code = Canceled desc = the caller canceled the call]" {
			t.Errorf("told %s", got)
		}
	})
}

// interceptors is an option of somebody else's.
type interceptors struct{ grpc.EmptyCallOption }

type token struct {
	secure bool
	err    error
	calls  *int
}

func (k token) RequireTransportSecurity() bool { return k.secure }

func (k token) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	*k.calls++
	info, _ := credentials.RequestInfoFromContext(ctx)
	if err := credentials.CheckSecurityLevel(info.AuthInfo, credentials.PrivacyAndIntegrity); err != nil && k.secure {
		return nil, err
	}
	return map[string]string{"authorization": fmt.Sprint(uri, info.Method, " ", *k.calls)}, k.err
}

func TestCredentials(t *testing.T) {
	scenario(t, "for_each_attempt", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Unavailable, ""), fake.Answer(hello("")))
		_, err := greeter(t, n, address).SayHello(t.Context(), ann, grpc.PerRPCCredentials(token{secure: true, calls: new(int)}))
		want(t, "error", err, nil)
		for i, x := range n.Seen() {
			want(t, "token", x.Request.Header.Get("authorization"),
				fmt.Sprint("[https://api.example.com/grpc/helloworld.Greeter]/helloworld.Greeter/SayHello ", i+1))
		}
	})
	scenario(t, "not_in_the_clear", func(t *testing.T) {
		n := fake.New(fake.Answer(hello("")))
		_, err := greeter(t, n, "http://api.example.com").SayHello(t.Context(), ann, grpc.PerRPCCredentials(token{secure: true, calls: new(int)}))
		wantRefused(t, n, err, codes.Unauthenticated, "https only")
		_, err = greeter(t, n, "http://api.example.com").SayHello(t.Context(), ann, grpc.PerRPCCredentials(token{calls: new(int)}))
		want(t, "error of those that may", err, nil)
	})
	scenario(t, "that_fail", func(t *testing.T) {
		for code, cause := range map[codes.Code]error{
			codes.Unauthenticated:  errors.New("no token"),
			codes.PermissionDenied: grpcstatus.Error(codes.PermissionDenied, "no token"),
		} {
			n := fake.New(fake.Answer(hello("")))
			_, err := greeter(t, n, address).SayHello(t.Context(), ann, grpc.PerRPCCredentials(token{err: cause, calls: new(int)}))
			wantRefused(t, n, err, code, "no token")
		}
	})
}

// grpc-go's habits, which generated code and interceptors rely on.
func TestStreamHabits(t *testing.T) {
	scenario(t, "62_send_says_eof_and_recv_says_why", func(t *testing.T) {
		n := fake.Streaming(fake.Fail(status.NotFound, "gone", "x-end", "1").Taking(1))
		s, err := greeter(t, n, address).BidiHello(t.Context())
		want(t, "error", err, nil)
		want(t, "first Send", s.Send(ann), nil)
		synctest.Wait()
		want(t, "second Send", s.Send(ann), io.EOF)
		want(t, "CloseSend", s.CloseSend(), nil)
		header, err := s.Header()
		want(t, "header", header == nil && err == nil, true)
		_, err = s.Recv()
		want(t, "code", grpcstatus.Code(err), codes.NotFound)
		want(t, "trailer", fmt.Sprint(s.Trailer()["x-end"]), "[1]")
		if !errors.Is(err, grpcstatus.Error(codes.NotFound, "gone")) {
			t.Errorf("%v is not equal to grpc-go's own", err)
		}
	})
	scenario(t, "63_mistakes_are_told", func(t *testing.T) {
		s, err := greeter(t, fake.Streaming(fake.Answer()), address).BidiHello(t.Context())
		want(t, "error", err, nil)
		s.CloseSend()
		want(t, "code", grpcstatus.Code(s.Send(ann)), codes.Internal)
		want(t, "code", grpcstatus.Code(s.SendMsg("no message")), codes.Internal)
	})
	scenario(t, "54_cardinality", func(t *testing.T) {
		for _, answers := range [][][]byte{nil, {hello("a"), hello("b")}} {
			s, err := greeter(t, fake.Streaming(fake.Answer(answers...)), address).LotsOfGreetings(t.Context())
			want(t, "error", err, nil)
			_, err = s.CloseAndRecv()
			want(t, "code", grpcstatus.Code(err), codes.Unimplemented)
		}
	})
	scenario(t, "one_message_and_a_failure", func(t *testing.T) {
		a := fake.Answer(hello("a"))
		a.Body[1].Data = fake.Trailers(status.DataLoss, "")
		s, err := greeter(t, fake.Streaming(a), address).LotsOfGreetings(t.Context())
		want(t, "error", err, nil)
		_, err = s.CloseAndRecv()
		want(t, "code", grpcstatus.Code(err), codes.DataLoss)
	})
	scenario(t, "no_protobuf", func(t *testing.T) {
		n := fake.New(fake.Answer([]byte{0xff}))
		_, err := greeter(t, n, address).SayHello(t.Context(), ann)
		want(t, "code", grpcstatus.Code(err), codes.Internal)
		s, err := greeter(t, n, address).LotsOfReplies(t.Context(), ann)
		want(t, "error", err, nil)
		_, err = s.Recv()
		want(t, "code", grpcstatus.Code(err), codes.Internal)
		_, err = s.Recv()
		want(t, "code afterwards", grpcstatus.Code(err), codes.Canceled)
	})
	scenario(t, "89_marshalled_once", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Unavailable, ""), fake.Fail(status.Unavailable, ""), fake.Answer(hello("")))
		_, err := greeter(t, n, address).SayHello(t.Context(), ann)
		want(t, "error", err, nil)
		for _, x := range n.Seen() {
			want(t, "body", string(x.Body), string(n.Seen()[0].Body))
		}
	})
}
