package grpcconn

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/stats"

	"github.com/hedgerow-web/hedgerow/grpcweb"
)

// Option is an option of New. Options have the names, and the order of effect, of grpc-go's DialOptions.
type Option func(*Conn)

// WithUnaryInterceptor has all unary calls go through an interceptor, which is the outermost if there are others. The interceptor is
// given an empty grpc.ClientConn, because there is none: its Target is "", and nothing else of it may be used.
func WithUnaryInterceptor(f grpc.UnaryClientInterceptor) Option {
	return func(c *Conn) { c.unary = append([]grpc.UnaryClientInterceptor{f}, c.unary...) }
}

// WithChainUnaryInterceptor has all unary calls go through interceptors, after those of earlier options. The first one is the
// outermost. What is said of WithUnaryInterceptor's ClientConn holds here too.
func WithChainUnaryInterceptor(f ...grpc.UnaryClientInterceptor) Option {
	return func(c *Conn) { c.unary = append(c.unary, f...) }
}

// WithStreamInterceptor has all streams go through an interceptor, which is the outermost if there are others. What is said of
// WithUnaryInterceptor's ClientConn holds here too.
func WithStreamInterceptor(f grpc.StreamClientInterceptor) Option {
	return func(c *Conn) { c.streams = append([]grpc.StreamClientInterceptor{f}, c.streams...) }
}

// WithChainStreamInterceptor has all streams go through interceptors, after those of earlier options. The first one is the outermost.
func WithChainStreamInterceptor(f ...grpc.StreamClientInterceptor) Option {
	return func(c *Conn) { c.streams = append(c.streams, f...) }
}

// WithStatsHandler tells a handler of every attempt of every call, as grpc-go does: TagRPC, Begin, OutHeader, OutPayload, InHeader,
// InPayload, InTrailer and End. So the client handler of otelgrpc makes a span for each attempt, hedges included, and sends its trace
// context with it. Metadata that TagRPC puts into its context is sent with the attempt. What only one attempt of a call can have, the
// response, is told of the one that the call was committed to. Nothing is told of connections, which a browser keeps to itself: TagConn
// and HandleConn are not called, and addresses are missing. Lengths are those of the messages before compression. The option may be
// given several times.
func WithStatsHandler(h stats.Handler) Option {
	return func(c *Conn) { c.stats = append(c.stats, h) }
}

// WithPerRPCCredentials sends credentials with every attempt of every call. They are asked for before each attempt. Over http, a call
// ends with UNAUTHENTICATED if they require transport security.
func WithPerRPCCredentials(creds credentials.PerRPCCredentials) Option {
	return WithDefaultCallOptions(grpc.PerRPCCredentials(creds))
}

// WithDefaultCallOptions gives options to every call, before the call's own.
func WithDefaultCallOptions(options ...grpc.CallOption) Option {
	return func(c *Conn) { c.defaults = append(c.defaults, options...) }
}

// Conn is a grpc.ClientConnInterface over a channel. It is safe for concurrent
// use, and has nothing to close but the channel.
type Conn struct {
	channel  *grpcweb.Channel
	unary    []grpc.UnaryClientInterceptor
	streams  []grpc.StreamClientInterceptor
	stats    []stats.Handler
	defaults []grpc.CallOption
	empty    grpc.ClientConn // is what interceptors are given
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// New makes a connection for stubs out of a channel.
func New(ch *grpcweb.Channel, options ...Option) *Conn {
	c := &Conn{channel: ch}
	for _, o := range options {
		o(c)
	}
	return c
}

// Invoke makes a unary call. Generated stubs call it.
func (c *Conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return c.invokeFrom(0)(ctx, method, args, reply, &c.empty, join(c.defaults, opts)...)
}

// invokeFrom returns what the interceptor before the i-th calls.
func (c *Conn) invokeFrom(i int) grpc.UnaryInvoker {
	if i == len(c.unary) {
		return c.invoke
	}
	return func(ctx context.Context, method string, args, reply any, cc *grpc.ClientConn, opts ...grpc.CallOption) error {
		return c.unary[i](ctx, method, args, reply, cc, c.invokeFrom(i+1), opts...)
	}
}

// NewStream begins a call of any kind. Generated stubs call it.
func (c *Conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.streamFrom(0)(ctx, desc, &c.empty, method, join(c.defaults, opts)...)
}

// streamFrom returns what the interceptor before the i-th calls.
func (c *Conn) streamFrom(i int) grpc.Streamer {
	if i == len(c.streams) {
		return c.stream
	}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return c.streams[i](ctx, desc, cc, method, c.streamFrom(i+1), opts...)
	}
}

// join returns both lists in one, which neither shares.
func join(defaults, opts []grpc.CallOption) []grpc.CallOption {
	if len(defaults) == 0 {
		return opts
	}
	return append(append(make([]grpc.CallOption, 0, len(defaults)+len(opts)), defaults...), opts...)
}
