// Package grpcconn lets stubs that protoc-gen-go-grpc has generated run over a
// grpcweb.Channel, unchanged: in a browser, under Node, and natively.
//
//	client := helloworld.NewGreeterClient(grpcconn.New(ch))
//	reply, err := client.SayHello(ctx, &helloworld.HelloRequest{Name: "Ann"})
//
// All four kinds of call are there, with the channel's retries, hedging and
// limits. What is sent with a call is the outgoing metadata of its context; its
// deadline is the context's. A program that uses this package links grpc-go and
// protobuf, which are large (about 3 MB of a wasm, compressed): who counts
// kilobytes uses grpcweb alone.
//
// # Errors
//
// Errors are what google.golang.org/grpc/status reads: code, message, details.
// They also are the channel's own: errors.As finds its *status.Status (of package
// grpcweb/status), which has the history of the attempts, and the reason why no
// other was made. The codes are grpcweb's. One differs from grpc-go's: a response
// of other than one message, where one is due, is UNIMPLEMENTED, as gRPC-Web's
// conformance suite has it, and not INTERNAL.
//
// # Call options
//
// grpc.Header, grpc.Trailer, grpc.OnFinish, grpc.WaitForReady,
// grpc.MaxCallRecvMsgSize, grpc.MaxCallSendMsgSize and grpc.PerRPCCredentials do
// what they do in grpc-go; grpc.StaticMethod, grpc.CallContentSubtype("proto")
// and options of interceptors' own change nothing. All others, such as grpc.Peer
// or grpc.UseCompressor, end the call with INTERNAL and say so, nothing sent.
// Credentials are asked for before each attempt. There are no stats handlers.
//
// # Streams
//
// In browsers a request goes out as a whole, after CloseSend: a bidirectional
// stream is a conversation only where the transport makes it one. See
// [grpcweb.Channel.NewStream].
package grpcconn

import (
	"context"

	"google.golang.org/grpc"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Conn is a grpc.ClientConnInterface over a channel. It is safe for concurrent
// use, and has nothing to close but the channel.
type Conn struct{ channel *grpcweb.Channel }

var _ grpc.ClientConnInterface = (*Conn)(nil)

// New makes a connection for stubs out of a channel.
func New(ch *grpcweb.Channel) *Conn { return &Conn{ch} }

// Invoke makes a unary call. Generated stubs call it.
func (c *Conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	settings, err := c.settings(ctx, method, opts)
	if err == nil {
		err = c.invoke(ctx, method, args, reply, settings)
	}
	settings.finished(err)
	return err
}

func (c *Conn) invoke(ctx context.Context, method string, args, reply any, s *settings) error {
	message, err := s.marshal(args)
	if err != nil {
		return err
	}
	res, err := c.channel.Unary(ctx, method, message, s.options...)
	if st, ok := status.FromError(err); ok {
		s.give(st.Header, st.Trailer)
		return failure(st)
	}
	s.give(res.Header, res.Trailer)
	return unmarshal(res.Message, reply)
}

// NewStream begins a call of any kind. Generated stubs call it.
func (c *Conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	settings, err := c.settings(ctx, method, opts)
	if err != nil {
		settings.finished(err)
		return nil, err
	}
	options := settings.options
	if len(settings.onFinish) > 0 {
		options = append(options, grpcweb.WithObserver(settings.observe))
	}
	if !desc.ClientStreams {
		options = append(options, grpcweb.WithWholeRequest())
	}
	if !desc.ServerStreams {
		options = append(options, grpcweb.WithSingleResponse())
	}
	s, err := c.channel.NewStream(ctx, method, options...)
	if st, ok := status.FromError(err); ok {
		return nil, failure(st)
	}
	return &stream{ctx: ctx, desc: desc, stream: s, settings: settings}, nil
}
