// Package jsbridge gives Go programs that are compiled to js/wasm the network of the
// runtime they run in: a page, a worker or Node. Fetch returns a
// transport.RoundTripper over the global fetch, to be passed to grpcweb.NewChannel.
// WebSocket returns one that also carries calls which send several messages, over
// WebSockets, which are full duplex.
//
//	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
//
// # Fetch
//
// A browser's fetch returns no response before the whole request has been sent, so
// the messages of a client or bidirectional stream are sent together, at its
// half-close. WithRequestStreaming sends each message as soon as there is one: in
// browsers, Chromium alone can do so, and only over HTTP/2. Node always does.
// WithCredentials is fetch's option of the same name; cookies are sent to another
// origin only with Include. A redirect ends the call, because it most often leads to a
// login page; WithRedirect(Follow) has fetch follow it.
//
// # WebSocket
//
// For client and bidirectional streams, WebSocket opens a socket for each attempt,
// which is full duplex in every browser. Requests that are sent whole are fetched:
// those of unary calls, and of streams with grpcweb.WithWholeRequest, which stubs over
// grpcconn set for server streaming. The server must be the wrapper
// github.com/improbable-eng/grpc-web, with WithWebsockets(true) and with a
// WithWebsocketOriginFunc, because CORS does not apply to WebSockets.
//
//	ch, err := grpcweb.NewChannel(jsbridge.WebSocket(), "https://api.example.com")
//
// Retries, hedging and limits are the channel's, and work over both: see package
// grpcweb. So do grpcweb.WithFormat and compression in both directions. WebSockets
// carry bytes, so the text format is not used over them.
//
// # Without JavaScript
//
// The package also compiles where GOOS is not js, so that go vet, gopls and go doc work in
// a module that has both kinds of code. There, each call ends with INTERNAL and a message
// that says so; use package grpcweb/httptransport. JavaScript is touched only through
// package safejs, which turns exceptions into errors.
package jsbridge
