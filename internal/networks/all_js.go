package networks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// All are the global fetch, as it is where the tests run, and WebSockets, before a
// server that runs already.
func All(t *testing.T) []Network {
	t.Helper()
	url, tls := os.Getenv("HEDGEROW_SERVER"), os.Getenv("HEDGEROW_SERVER_TLS")
	if url == "" || tls == "" {
		t.Fatal("HEDGEROW_SERVER names no server: run these tests by make test-wasm or make test-browser, which start one")
	}
	if fetch := jsbridge.Fetch(); fetch.(transport.Streamer).StreamsRequests() { // under Node, which does not trust the server's certificate
		return []Network{{"fetch", fetch, url, FullDuplex}, {"WebSocket", webSockets(t), url, FullDuplex}}
	}
	return []Network{
		{"HTTP/1.1", jsbridge.Fetch(), url, WholeRequests},
		{"HTTP/2", jsbridge.Fetch(jsbridge.WithRequestStreaming()), tls, HalfDuplex},
		{"WebSocket", webSockets(t), url, FullDuplex},
		{"WebSocket_over_TLS", webSockets(t), tls, FullDuplex},
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
	undici, err := safejs.Global().Call("require", filepath.Join(root(t), "wasm/npm/node_modules/undici"))
	if err != nil {
		t.Fatal(err)
	}
	class, err := undici.Get("WebSocket")
	if err != nil {
		t.Fatal(err)
	}
	return jsbridge.WebSocket(jsbridge.WithWebSocketClass(class))
}

// root is the module's folder. A test runs in its package's.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	t.Fatal("the tests run outside the module")
	return ""
}
