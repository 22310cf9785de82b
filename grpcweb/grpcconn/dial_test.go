package grpcconn_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcmetadata "google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

const (
	sayHello        = "/helloworld.Greeter/SayHello"
	lotsOfReplies   = "/helloworld.Greeter/LotsOfReplies"
	lotsOfGreetings = "/helloworld.Greeter/LotsOfGreetings"
	bidiHello       = "/helloworld.Greeter/BidiHello"

	retryOnce = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s", "maxBackoff": "1s",
		"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	hedgeTwice = `{"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "1s"}}]}`
)

// dialed runs a test in a bubble, with stubs of a connection that has these options.
func dialed(t *testing.T, config string, options []grpcconn.Option, test func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := grpcwebtest.NewServer(t)
		conn := grpcconn.New(server.Channel(grpcweb.WithServiceConfigJSON(config)), options...)
		test(t, server, helloworld.NewGreeterClient(conn))
	})
}

func TestInterceptors(t *testing.T) {
	var order []string
	unary := func(name string) grpc.UnaryClientInterceptor {
		return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			order = append(order, fmt.Sprint(name, " ", method, " ", len(opts), cc.Target()))
			err := next(grpcmetadata.AppendToOutgoingContext(ctx, "x-by", name), method, req, reply, cc, opts...)
			order = append(order, fmt.Sprint(name, " ", err))
			return err
		}
	}
	streams := func(name string) grpc.StreamClientInterceptor {
		return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			order = append(order, fmt.Sprint(name, " ", method, " ", desc.ServerStreams, cc.Target()))
			return next(grpcmetadata.AppendToOutgoingContext(ctx, "x-by", name), desc, cc, method, opts...)
		}
	}
	dialed(t, "{}", []grpcconn.Option{
		grpcconn.WithChainUnaryInterceptor(unary("b"), unary("c")), grpcconn.WithUnaryInterceptor(unary("a")),
		grpcconn.WithChainStreamInterceptor(streams("e")), grpcconn.WithStreamInterceptor(streams("d")),
		grpcconn.WithDefaultCallOptions(grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(1)),
	}, func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
		s.On("*", grpcwebtest.Reply(hello("hi")).Times(3))
		_, err := c.SayHello(t.Context(), ann, grpc.MaxCallRecvMsgSize(100))
		want(t, "error", err, nil)
		_, err = c.SayHello(t.Context(), ann)
		want(t, "the limit of all calls", grpcstatus.Code(err), codes.ResourceExhausted)
		replies, err := c.LotsOfReplies(t.Context(), ann, grpc.MaxCallRecvMsgSize(100))
		want(t, "error", err, nil)
		_, err = replies.Recv()
		want(t, "error", err, nil)
		for i, wanted := range []string{"[a b c]", "[a b c]", "[d e]"} {
			want(t, "metadata", fmt.Sprint(s.Requests("")[i].Metadata.Values("x-by")), wanted)
		}
		want(t, "order", strings.Join(order[:6], ", "), strings.Join([]string{
			"a " + sayHello + " 4", "b " + sayHello + " 4", "c " + sayHello + " 4", "c <nil>", "b <nil>", "a <nil>",
		}, ", "))
		want(t, "order of streams", strings.Join(order[12:], ", "), "d "+lotsOfReplies+" true, e "+lotsOfReplies+" true")
	})
}

func TestNilMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := grpcwebtest.NewServer(t)
		server.On("/a.B/Missing", grpcwebtest.Fail(status.Unimplemented)).On("*", grpcwebtest.Reply(nil))
		conn := grpcconn.New(server.Channel())
		want(t, "code", grpcstatus.Code(conn.Invoke(t.Context(), "/a.B/Missing", nil, nil)), codes.Unimplemented)
		want(t, "message", len(server.Requests("")[0].Messages()[0]), 0)
		want(t, "code without a message to read into", grpcstatus.Code(conn.Invoke(t.Context(), "/a.B/There", nil, nil)), codes.Internal)
	})
}

func TestCredentialsOfAllCalls(t *testing.T) {
	dialed(t, retryOnce, []grpcconn.Option{grpcconn.WithPerRPCCredentials(token{secure: true, calls: new(int)})},
		func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(sayHello, grpcwebtest.Fail(status.Unavailable), grpcwebtest.Reply(hello("hi")))
			_, err := c.SayHello(t.Context(), ann)
			want(t, "error", err, nil)
			for i, r := range s.Requests("") {
				want(t, "token", r.Metadata.Get("authorization"), fmt.Sprint("[https://server.test/helloworld.Greeter]", sayHello, " ", i+1))
			}
		})
}

// recorder is a stats.Handler that writes down what it is told, a line for each attempt.
type recorder struct {
	mu    sync.Mutex
	lines []string
	began time.Time
	conns int
}

type lineKey struct{}

func (r *recorder) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s at %v:", info.FullMethodName[len("/helloworld.Greeter/"):], time.Since(r.began)))
	ctx = grpcmetadata.AppendToOutgoingContext(ctx, "x-trace", fmt.Sprint(len(r.lines)))
	return context.WithValue(ctx, lineKey{}, len(r.lines)-1)
}

func (r *recorder) HandleRPC(ctx context.Context, s stats.RPCStats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.TrimPrefix(fmt.Sprintf("%T", s), "*stats.")
	switch s := s.(type) {
	case *stats.Begin:
		if s.IsTransparentRetryAttempt {
			text += " transparent"
		}
	case *stats.OutHeader:
		text += fmt.Sprint(s.Header["x-mine"], s.Header["x-trace"])
	case *stats.InHeader:
		text += fmt.Sprint(s.Header["x-head"])
	case *stats.InPayload:
		text += fmt.Sprint(" ", s.Length)
	case *stats.OutPayload:
		text += fmt.Sprint(" ", s.Length)
	case *stats.InTrailer:
		text += fmt.Sprint(s.Trailer["x-end"])
	case *stats.End:
		text += fmt.Sprint(" ", grpcstatus.Code(s.Error), " after ", s.EndTime.Sub(s.BeginTime), s.Trailer["x-end"])
	}
	i := ctx.Value(lineKey{}).(int)
	r.lines[i] += " " + text
}

func (r *recorder) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	r.conns++
	return ctx
}
func (r *recorder) HandleConn(context.Context, stats.ConnStats) { r.conns++ }

func recorded(t *testing.T, config string, test func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient), lines ...string) {
	t.Helper()
	r := &recorder{}
	dialed(t, config, []grpcconn.Option{grpcconn.WithStatsHandler(r)}, func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
		r.began = time.Now()
		test(t, s, c)
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		want(t, "told", strings.Join(r.lines, "\n"), strings.Join(lines, "\n"))
		want(t, "told of connections", r.conns, 0)
	})
}

func TestStats(t *testing.T) {
	answer := grpcwebtest.Reply(hello("hi")).WithHeader("x-head", "h").WithTrailer("x-end", "e")
	t.Run("unary_retried", func(t *testing.T) {
		recorded(t, retryOnce, func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(sayHello, grpcwebtest.Fail(status.Unavailable).After(time.Second), answer.After(time.Second))
			_, err := c.SayHello(grpcmetadata.AppendToOutgoingContext(t.Context(), "x-mine", "m"), ann)
			want(t, "error", err, nil)
			for i, r := range s.Requests("") {
				want(t, "metadata", fmt.Sprint(r.Metadata.Values("x-mine"), r.Metadata.Values("x-trace")), fmt.Sprintf("[m] [%d]", i+1))
			}
		},
			"SayHello at 0s: Begin OutHeader[m] [1] OutPayload 5 End Unavailable after 1s []",
			"SayHello at 2s: Begin OutHeader[m] [2] OutPayload 5 InHeader[h] InPayload 4 InTrailer[e] End OK after 1s [e]")
	})
	t.Run("unary_hedged", func(t *testing.T) {
		recorded(t, hedgeTwice, func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(sayHello, grpcwebtest.Hang(), answer.After(time.Second))
			_, err := c.SayHello(t.Context(), ann)
			want(t, "error", err, nil)
		},
			"SayHello at 0s: Begin OutHeader[] [1] OutPayload 5 End Canceled after 2s []",
			"SayHello at 1s: Begin OutHeader[] [2] OutPayload 5 InHeader[h] InPayload 4 InTrailer[e] End OK after 1s [e]")
	})
	t.Run("unary_failed", func(t *testing.T) {
		recorded(t, "{}", func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(sayHello, grpcwebtest.Fail(status.NotFound).WithTrailer("x-end", "e"))
			_, err := c.SayHello(t.Context(), ann)
			want(t, "code", grpcstatus.Code(err), codes.NotFound)
		}, "SayHello at 0s: Begin OutHeader[] [1] OutPayload 5 InTrailer[e] End NotFound after 0s [e]")
	})
	t.Run("server_stream", func(t *testing.T) {
		recorded(t, "{}", func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(lotsOfReplies, grpcwebtest.Sequence(grpcwebtest.Reply(hello("a")), grpcwebtest.Reply(hello("bc")).After(time.Second)).WithTrailer("x-end", "e"))
			stream, err := c.LotsOfReplies(t.Context(), ann)
			want(t, "error", err, nil)
			for err == nil {
				_, err = stream.Recv()
			}
		}, "LotsOfReplies at 0s: Begin OutHeader[] [1] OutPayload 5 InHeader[] InPayload 3 InPayload 4 InTrailer[e] End OK after 1s [e]")
	})
	t.Run("client_stream_retried", func(t *testing.T) {
		recorded(t, retryOnce, func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(lotsOfGreetings, grpcwebtest.Fail(status.Unavailable), answer)
			stream, err := c.LotsOfGreetings(t.Context())
			want(t, "error", err, nil)
			synctest.Wait() // The attempt has begun.
			want(t, "error", stream.Send(ann), nil)
			want(t, "error", stream.Send(ann), nil)
			_, err = stream.CloseAndRecv()
			want(t, "error", err, nil)
		},
			"LotsOfGreetings at 0s: Begin OutHeader[] [1] OutPayload 5 OutPayload 5 End Unavailable after 0s []",
			"LotsOfGreetings at 1s: Begin OutHeader[] [2] OutPayload 5 OutPayload 5 InHeader[h] InPayload 4 InTrailer[e] End OK after 0s [e]")
	})
	t.Run("canceled_and_never_read", func(t *testing.T) {
		recorded(t, "{}", func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(bidiHello, grpcwebtest.Hang())
			ctx, cancel := context.WithCancel(t.Context())
			_, err := c.BidiHello(ctx)
			want(t, "error", err, nil)
			synctest.Wait()
			time.Sleep(time.Second)
			cancel()
		}, "BidiHello at 0s: Begin OutHeader[] [1] End Canceled after 1s []")
	})
	t.Run("canceled_after_a_message", func(t *testing.T) {
		recorded(t, "{}", func(t *testing.T, s *grpcwebtest.Server, c helloworld.GreeterClient) {
			s.On(lotsOfReplies, grpcwebtest.Sequence(grpcwebtest.Reply(hello("a")), grpcwebtest.Fail(status.Aborted)))
			ctx, cancel := context.WithCancel(t.Context())
			stream, err := c.LotsOfReplies(ctx, ann)
			want(t, "error", err, nil)
			_, err = stream.Recv()
			want(t, "error", err, nil)
			synctest.Wait()
			cancel()
		}, "LotsOfReplies at 0s: Begin OutHeader[] [1] OutPayload 5 InHeader[] InPayload 3 End Canceled after 0s []")
	})
}
