package jsbridge

import (
	"context"
	"errors"
	"strings"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// WebSocketOption is an option of WebSocket.
type WebSocketOption func(*sockets)

// WithWebSocketClass gives the class whose objects are the WebSockets, for where
// there is no global one, as in Node before version 22, or in place of it.
// safejs.Safe makes its argument of a js.Value. Default: globalThis.WebSocket,
// looked up for each socket.
func WithWebSocketClass(class safejs.Value) WebSocketOption {
	return func(s *sockets) { s.class = class }
}

// WithFetch gives options to the Fetch that carries all other requests.
func WithFetch(opts ...FetchOption) WebSocketOption {
	return func(s *sockets) {
		for _, o := range opts {
			o(s.fetcher)
		}
	}
}

// WebSocket is the network as the global WebSocket has it, for calls that send
// several messages: each attempt of such a call opens a WebSocket of its own, in the
// dialect of the improbable wrapper (SEMANTICS 5.8), and is full duplex, in every
// browser. All other requests are fetched, as Fetch does. It is safe for concurrent
// use.
//
// The server is the wrapper, with WithWebsockets(true), and a
// WithWebsocketOriginFunc that allows the page's origin; CORS does not apply. Cookies
// go along as the browser has it, whatever WithCredentials says.
//
// Up to 256 KiB of a request may wait in the socket before more of it is taken; what
// was taken counts as sent. What the server sends cannot be held back: it waits in
// memory until it is read. Ending an exchange's context, or closing its body, closes
// the socket; what waits in it still goes out before, for no WebSocket can be told
// otherwise.
//
// A socket that does not open is told as Processed, as a fetch that fails is. Where no
// request could be made at all, for want of a class or because the URL or the page's
// security forbids it, that is Invalid. A socket that was closed because the page was
// left is Aborted. A server that sends text, where the dialect has bytes, is told as a
// *transport.CloseError with the code 1003.
func WebSocket(opts ...WebSocketOption) transport.RoundTripper {
	s := &sockets{fetcher: newFetcher()}
	for _, o := range opts {
		o(s)
	}
	return s
}

// sockets opens WebSockets, and fetches what needs none.
type sockets struct {
	*fetcher
	class safejs.Value // undefined: the global one
}

// StreamsRequests: it does, over WebSockets.
func (s *sockets) StreamsRequests() bool { return true }

// OpensSockets: it does.
func (s *sockets) OpensSockets() bool { return true }

// protocol is the subprotocol, and with it the dialect, of the improbable wrapper.
const protocol = "grpc-websockets"

// switchingProtocols is the HTTP status with which a WebSocket opens.
const switchingProtocols = 101

// RoundTrip opens a WebSocket, if the request streams, and returns when it is open;
// else it fetches.
func (s *sockets) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if !r.Streams {
		return s.fetcher.RoundTrip(ctx, r)
	}
	k, err := s.open(ctx, r)
	if err != nil {
		_ = r.Body.Close() // which nobody takes any more
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
	value, err := s.construct(r.URL)
	if err != nil {
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	k, err := listen(ctx, value)
	if err != nil {
		return nil, &transport.Error{Err: err}
	}
	if err := k.opened(ctx); err != nil {
		k.end()
		return nil, err
	}
	if err := k.begin(headerText(r)); err != nil {
		k.end()
		return nil, &transport.Error{Err: err}
	}
	return k, nil
}

// construct makes a WebSocket, which opens by itself.
func (s *sockets) construct(url string) (safejs.Value, error) {
	parsed, err := construct("URL", url)
	if err != nil {
		return parsed, err
	}
	href := text(parsed, "href") // its scheme is in small letters
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
		return class, errors.New("there is no global WebSocket, which Node has from version 22 on: " +
			"give a class, such as undici's, by jsbridge.WithWebSocketClass")
	}
	return class.New(href, protocol)
}

// headerText is the request's header as the first message holds it.
func headerText(r *transport.Request) string {
	var b strings.Builder
	for name, value := range r.Header.All() {
		b.WriteString(name + ": " + value + "\r\n")
	}
	return b.String()
}
