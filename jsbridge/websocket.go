package jsbridge

import "github.com/hedgerow-web/hedgerow/grpcweb/transport"

// WebSocketOption is an option of WebSocket.
type WebSocketOption func(*sockets)

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
	class socketClass // its zero value means the global class
}
