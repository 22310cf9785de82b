// Package jsbridge lets Go programs that are compiled to js/wasm use the
// browser's own network, in a page, a worker or Node: Fetch is a
// transport.RoundTripper over the global fetch, to be given to
// grpcweb.NewChannel, and WebSocket is one that carries calls which send several
// messages over WebSockets, full duplex.
//
//	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
//
// Everything but this text is there for GOOS=js only. JavaScript is touched
// through package safejs alone, which turns exceptions into errors.
package jsbridge
