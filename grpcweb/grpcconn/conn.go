// Package grpcconn lets stubs that protoc-gen-go-grpc has generated run over a
// grpcweb.Channel, unchanged: in a browser, under Node, and natively.
//
//	client := helloworld.NewGreeterClient(grpcconn.New(ch))
//	reply, err := client.SayHello(ctx, &helloworld.HelloRequest{Name: "Ann"})
//
// All four kinds of call are there, with the channel's retries, hedging and
// limits. What is sent with a call is the outgoing metadata of its context; its
// deadline is the context's. A program that uses this package links grpc-go and
// protobuf, which are large. Where kilobytes count, package grpcweb/protocall makes
// typed calls without grpc-go, and package grpcweb takes and gives bytes.
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
// or grpc.UseCompressor, end the call with INTERNAL before anything is sent, and say so.
// Credentials are asked for before each attempt. Options of New set interceptors,
// stats handlers, and what all calls have in common.
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

// invoke makes a unary call, behind the interceptors.
func (c *Conn) invoke(ctx context.Context, method string, args, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
	settings, err := c.settings(ctx, &grpc.StreamDesc{}, method, opts)
	if err == nil {
		err = c.unaryCall(ctx, method, args, reply, settings)
	}
	settings.finished(err)
	return err
}

func (c *Conn) unaryCall(ctx context.Context, method string, args, reply any, s *settings) error {
	message, err := s.marshal(args)
	if err != nil {
		return err
	}
	s.sent(args, message)
	res, err := c.channel.Unary(ctx, method, message, s.callOptions(ctx)...)
	if st, ok := status.FromError(err); ok {
		err = failure(st)
		s.ended(st.Header, st.Trailer, err)
		return err
	}
	err = unmarshal(res.Message, reply)
	s.received(res.Header, reply, res.Message)
	s.ended(res.Header, res.Trailer, err)
	return err
}

// stream begins a call of any kind, behind the interceptors.
func (c *Conn) stream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	settings, err := c.settings(ctx, desc, method, opts)
	if err != nil {
		settings.finished(err)
		return nil, err
	}
	options := settings.callOptions(ctx)
	if !desc.ClientStreams {
		options = append(options, grpcweb.WithWholeRequest())
	}
	if !desc.ServerStreams {
		options = append(options, grpcweb.WithSingleResponse())
	}
	s, err := c.channel.NewStream(ctx, method, options...)
	if st, ok := status.FromError(err); ok {
		err = failure(st)
		settings.ended(st.Header, st.Trailer, err)
		return nil, err
	}
	return &stream{ctx: ctx, desc: desc, stream: s, settings: settings}, nil
}
