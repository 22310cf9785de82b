package jsbridge

import (
	"context"
	"errors"
	"strings"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// socketClass is a class of WebSockets.
type socketClass = safejs.Value

// WithWebSocketClass sets the class of the WebSockets. It is needed
// where there is no global one, as in Node before version 22, and replaces the global
// one elsewhere. safejs.Safe turns a js.Value into its argument. Default:
// globalThis.WebSocket, looked up for each socket.
func WithWebSocketClass(class safejs.Value) WebSocketOption {
	return func(s *sockets) { s.class = class }
}

// StreamsRequests reports true: a request that streams is sent over a WebSocket.
func (s *sockets) StreamsRequests() bool { return true }

// OpensSockets reports true.
func (s *sockets) OpensSockets() bool { return true }

// switchingProtocols is the HTTP status with which a WebSocket opens.
const switchingProtocols = 101

// RoundTrip opens a WebSocket if the request streams, and returns when it is open.
// Other requests are fetched.
func (s *sockets) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if !r.Streams {
		return s.fetcher.RoundTrip(ctx, r)
	}
	k, err := s.open(ctx, r)
	if err != nil {
		_ = r.Body.Close() // Nobody reads it any more.
		return nil, err
	}
	go k.pump(r.Body)
	return &transport.Response{Status: switchingProtocols, Body: k}, nil
}

// open opens a socket, and sends the request's header.
func (s *sockets) open(ctx context.Context, r *transport.Request) (*socket, error) {
	if ctx.Err() != nil {
		return nil, &transport.Error{Err: context.Cause(ctx)}
	}
	watchPolicy()
	value, err := s.construct(r.URL)
	if err != nil {
		if err := forbidden(ctx, r.URL); err != nil { // which Firefox throws
			return nil, err
		}
		return nil, &transport.Error{Invalid: true, Err: caught(err)}
	}
	k, err := listen(ctx, value)
	if err != nil {
		return nil, &transport.Error{Err: caught(err)}
	}
	if err := k.opened(ctx); err != nil {
		k.end()
		if of, ok := err.(*transport.Error); ok && !of.Aborted && ctx.Err() == nil {
			if err := forbidden(ctx, r.URL); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	if err := k.sendHeader(headerText(r)); err != nil {
		k.end()
		return nil, &transport.Error{Err: caught(err)}
	}
	return k, nil
}

// construct makes a WebSocket, which then opens by itself.
func (s *sockets) construct(url string) (safejs.Value, error) {
	parsed, err := construct("URL", url)
	if err != nil {
		return parsed, err
	}
	href := text(parsed, "href") // The scheme is in lower case here.
	if rest, ok := strings.CutPrefix(href, "http"); ok {
		href = "ws" + rest
	}
	class := s.class
	if class.Type() != safejs.TypeFunction {
		if class, err = safejs.Global().Get("WebSocket"); err != nil {
			return class, err
		}
	}
	if class.Type() != safejs.TypeFunction {
		return class, errors.New("there is no global WebSocket (Node has one since version 22): " +
			"pass a class, such as undici's, with jsbridge.WithWebSocketClass")
	}
	return class.New(href, wire.SocketProtocol)
}

// headerText returns the request's header as the first message of the socket has it.
func headerText(r *transport.Request) string {
	var b strings.Builder
	for name, value := range r.Header.All() {
		b.WriteString(name + ": " + value + "\r\n")
	}
	return b.String()
}
