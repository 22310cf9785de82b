package transporttest

import (
	"os"
	"testing"

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
		return []network{{"fetch", fetch, url}, {"WebSocket", webSockets(t), url}}
	}
	return []network{
		{"HTTP/1.1", jsbridge.Fetch(), url},
		{"HTTP/2", jsbridge.Fetch(jsbridge.WithRequestStreaming()), tls},
		{"WebSocket", webSockets(t), url},
		{"WebSocket_over_TLS", webSockets(t), tls},
	}
}
