package protocall

import (
	"context"
	"io"
	"iter"

	"github.com/hedgerow-web/hedgerow/grpcweb"
)

// ServerStream is a call that sends one message and receives any number. Its methods must
// not be called at the same time, except for Close.
type ServerStream[Res any] struct{ receiver[Res] }

// ServerStreaming sends one message and returns the stream of those that answer it. The
// stream lasts until Recv returns an error, ctx ends or Close is called. The error is a
// *status.Status.
func ServerStreaming[Res, Req any](
	ctx context.Context, c *Client, method string, message *Req, opts ...grpcweb.CallOption,
) (*ServerStream[Res], error) {
	data, err := c.marshal(message)
	if err != nil {
		return nil, err
	}
	s, err := c.channel.NewStream(ctx, method, with(opts, grpcweb.WithWholeRequest())...)
	if err != nil {
		return nil, err
	}
	if err = s.Send(data); err == nil {
		err = s.CloseSend()
	}
	if err != nil && err != io.EOF { // io.EOF: the call has ended with OK, which Recv will say
		_ = s.Close()
		return nil, err
	}
	return &ServerStream[Res]{receiver[Res]{call{c, s}}}, nil
}

// ClientStream is a call that sends any number of messages and receives one. Its methods
// must not be called at the same time, except for Close.
type ClientStream[Req, Res any] struct{ sender[Req] }

// ClientStreaming begins a call that sends any number of messages and is answered with
// one. It lasts until CloseAndRecv returns, ctx ends or Close is called. The error is a
// *status.Status.
func ClientStreaming[Req, Res any](ctx context.Context, c *Client, method string, opts ...grpcweb.CallOption) (*ClientStream[Req, Res], error) {
	s, err := c.channel.NewStream(ctx, method, with(opts, grpcweb.WithSingleResponse())...)
	if err != nil {
		return nil, err
	}
	return &ClientStream[Req, Res]{sender[Req]{call{c, s}}}, nil
}

// CloseAndRecv completes the request and waits for the answer. The error is a
// *status.Status.
func (s *ClientStream[Req, Res]) CloseAndRecv() (*Response[Res], error) {
	if err := s.stream.CloseSend(); err != nil {
		return nil, err
	}
	message, err := receiver[Res]{s.call}.Recv()
	if err != nil {
		return nil, err
	}
	// The one message counts only if the call has ended well.
	if _, err := s.stream.Recv(); err != io.EOF {
		return nil, err
	}
	header, _ := s.Header()
	return &Response[Res]{
		Message: message, Header: header, Trailer: s.Trailer(),
		Attempts: s.Attempts(), CommitReason: s.CommitReason(),
	}, nil
}

// BidiStream is a call that sends and receives any number of messages. One goroutine may
// send while another one receives, and Close may be called at any time. Apart from that,
// its methods must not be called at the same time.
type BidiStream[Req, Res any] struct {
	call
	sends    sender[Req]
	receives receiver[Res]
}

// BidiStreaming begins a call that sends and receives any number of messages. Whether an
// answer can come before the request is complete depends on the transport: see
// [grpcweb.Channel.NewStream]. The call lasts until Recv returns an error, ctx ends or
// Close is called. The error is a *status.Status.
func BidiStreaming[Req, Res any](ctx context.Context, c *Client, method string, opts ...grpcweb.CallOption) (*BidiStream[Req, Res], error) {
	s, err := c.channel.NewStream(ctx, method, opts...)
	if err != nil {
		return nil, err
	}
	both := call{c, s}
	return &BidiStream[Req, Res]{both, sender[Req]{both}, receiver[Res]{both}}, nil
}

// Send adds a message to the request. If the call has ended with OK without waiting for
// it, the error is io.EOF; if the call has failed, it is its *status.Status. See
// [grpcweb.Stream.Send] for when it waits.
func (s *BidiStream[Req, Res]) Send(message *Req) error { return s.sends.Send(message) }

// CloseSend completes the request. If the call has failed, the error is its status.
// Calling it again does nothing.
func (s *BidiStream[Req, Res]) CloseSend() error { return s.stream.CloseSend() }

// Recv waits for the next message. When the call has ended with OK, the error is io.EOF;
// otherwise it is the call's *status.Status.
func (s *BidiStream[Req, Res]) Recv() (*Res, error) { return s.receives.Recv() }

// All ranges over the messages that are still to come, as [ServerStream.All] does.
func (s *BidiStream[Req, Res]) All() iter.Seq2[*Res, error] { return s.receives.All() }

// with returns options and one more, in memory of their own.
func with(opts []grpcweb.CallOption, more grpcweb.CallOption) []grpcweb.CallOption {
	return append(opts[:len(opts):len(opts)], more)
}
