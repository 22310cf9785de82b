package grpcconn_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// networks are the global fetch, as it is where the tests run, and WebSockets, before
// a server that runs already.
func networks(t *testing.T) []network {
	t.Helper()
	url, tls := os.Getenv("HEDGEROW_SERVER"), os.Getenv("HEDGEROW_SERVER_TLS")
	if url == "" || tls == "" {
		t.Fatal("HEDGEROW_SERVER names no server: run these tests by make test-wasm or make test-browser, which start one")
	}
	if fetch := jsbridge.Fetch(); fetch.(transport.Streamer).StreamsRequests() { // under Node, which does not trust the server's certificate
		return []network{{"fetch", fetch, url, fullDuplex}, {"WebSocket", webSockets(t), url, fullDuplex}}
	}
	return []network{
		{"HTTP/1.1", jsbridge.Fetch(), url, wholeRequests},
		{"HTTP/2", jsbridge.Fetch(jsbridge.WithRequestStreaming()), tls, halfDuplex},
		{"WebSocket", webSockets(t), url, fullDuplex},
		{"WebSocket_over_TLS", webSockets(t), tls, fullDuplex},
	}
}

// webSockets are those of the page, or of undici, where Node has none: the npm
// package's tests have it installed.
func webSockets(t *testing.T) transport.RoundTripper {
	t.Helper()
	global, err := safejs.Global().Get("WebSocket")
	if err == nil && global.Type() == safejs.TypeFunction {
		return jsbridge.WebSocket()
	}
	path, err := filepath.Abs("../../wasm/npm/node_modules/undici")
	if err != nil {
		t.Fatal(err)
	}
	undici, err := safejs.Global().Call("require", path)
	if err != nil {
		t.Fatal(err)
	}
	class, err := undici.Get("WebSocket")
	if err != nil {
		t.Fatal(err)
	}
	return jsbridge.WebSocket(jsbridge.WithWebSocketClass(class))
}
