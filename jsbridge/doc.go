// Package jsbridge lets Go programs that are compiled to js/wasm use the
// browser's own network, in a page, a worker or Node: Fetch is a
// transport.RoundTripper over the global fetch, to be given to
// grpcweb.NewChannel, and WebSocket is one that carries calls which send several
// messages over WebSockets, full duplex.
//
//	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
//
// # Fetch
//
// A browser's fetch shows no answer before the request is sent, so streams of
// requests go out as a whole, at their half-close. WithRequestStreaming sends them as
// they come: Chromium can, over HTTP/2, and Node. WithCredentials is fetch's own
// option; cookies go to another origin only with Include.
//
// # WebSocket
//
// For client and bidirectional streams WebSocket opens a socket for each attempt, full
// duplex in every browser. What goes out whole is fetched: unary calls, and streams with
// grpcweb.WithWholeRequest, which stubs over grpcconn give to server streaming. The
// server is the wrapper github.com/improbable-eng/grpc-web, with WithWebsockets(true)
// and a WithWebsocketOriginFunc of its own, for CORS has no say there.
//
//	ch, err := grpcweb.NewChannel(jsbridge.WebSocket(), "https://api.example.com")
//
// Retries, hedging and limits are the channel's over either: see package grpcweb. So
// are grpcweb.WithFormat and both compressions; over WebSockets, which carry bytes, the
// text format is not used.
//
// Everything but this text is there for GOOS=js only. JavaScript is touched
// through package safejs alone, which turns exceptions into errors.
package jsbridge
