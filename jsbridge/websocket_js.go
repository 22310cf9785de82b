package jsbridge

import (
	"context"
	"errors"
	"strings"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// WebSocketOption is an option of WebSocket.
type WebSocketOption func(*sockets)

// WithWebSocketClass sets the class of the WebSockets. It is needed
// where there is no global one, as in Node before version 22, and replaces the global
// one elsewhere. safejs.Safe turns a js.Value into its argument. Default:
// globalThis.WebSocket, looked up for each socket.
func WithWebSocketClass(class safejs.Value) WebSocketOption {
	return func(s *sockets) { s.class = class }
}

// WithFetch sets the options of the Fetch that carries all other requests.
func WithFetch(opts ...FetchOption) WebSocketOption {
	return func(s *sockets) {
		for _, o := range opts {
			o(s.fetcher)
		}
	}
}

// WebSocket returns a transport that carries calls which send several messages over
// the global WebSocket: each attempt of such a call opens a WebSocket of its own, in
// the dialect of the improbable wrapper (SEMANTICS 5.8a), and is full duplex in every
// browser. All other requests are fetched, as by Fetch. It is safe for concurrent use.
//
// The server must be the wrapper, with WithWebsockets(true) and with a
// WithWebsocketOriginFunc that allows the page's origin, because CORS does not apply.
// The browser decides which cookies are sent, whatever WithCredentials says.
//
// Up to 256 KiB of a request may wait in the socket before more of it is taken; what
// was taken counts as sent. What the server sends cannot be held back: it waits in
// memory until it is read. Ending an exchange's context, or closing its body, closes
// the socket. What still waits in the socket is sent first, because a WebSocket has no
// way to discard it.
//
// A socket that does not open is reported as Processed, as a fetch that fails is. If no
// request could be made at all, because there is no class, or because the URL or the
// page's security forbids it, the error is Invalid. If the socket was closed because
// the page was left, it is Aborted. If the server sends text, where the dialect has
// bytes, it is a *transport.CloseError with the code 1003.
func WebSocket(opts ...WebSocketOption) transport.RoundTripper {
	s := &sockets{fetcher: newFetcher()}
	for _, o := range opts {
		o(s)
	}
	return s
}

// sockets opens WebSockets, and fetches the requests that need none.
type sockets struct {
	*fetcher
	class safejs.Value // undefined means the global class
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
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	k, err := listen(ctx, value)
	if err != nil {
		return nil, &transport.Error{Err: err}
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
		return nil, &transport.Error{Err: err}
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
