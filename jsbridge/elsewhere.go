//go:build !js

package jsbridge

import (
	"context"
	"errors"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// errNoJavaScript is the failure of every exchange where there is no JavaScript.
var errNoJavaScript = errors.New("jsbridge needs JavaScript, and this program was not built for it: " +
	"build it with GOOS=js GOARCH=wasm, or use grpcweb/httptransport here")

type (
	//lint:ignore U1000 fetcher has one
	requests    struct{}
	socketClass = any
)

func underNode() bool { return false }

func canStream() bool { return false }

// RoundTrip sends nothing, and says why.
func (f *fetcher) RoundTrip(_ context.Context, r *transport.Request) (*transport.Response, error) {
	_ = r.Body.Close() // Nobody reads it.
	return nil, &transport.Error{Invalid: true, Err: errNoJavaScript}
}

// WithWebSocketClass sets the class of the WebSockets. Where there is JavaScript, class is
// a safejs.Value, which exists only there. It is needed where there is no global class,
// as in Node before version 22, and replaces the global one elsewhere. safejs.Safe turns a
// js.Value into its argument. Default: globalThis.WebSocket, looked up for each socket.
func WithWebSocketClass(class any) WebSocketOption {
	return func(s *sockets) { s.class = class }
}
