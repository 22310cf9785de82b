package networks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// All returns the global fetch, with what it can do where the tests run, and
// WebSockets. They share the server that the environment names.
func All(t *testing.T) []Network {
	t.Helper()
	url, tls := os.Getenv("HEDGEROW_SERVER"), os.Getenv("HEDGEROW_SERVER_TLS")
	if url == "" || tls == "" {
		t.Fatal("HEDGEROW_SERVER and HEDGEROW_SERVER_TLS are not set: run these tests with make test-wasm or make test-browser, which start a server")
	}
	// Fetch streams under Node, which does not trust the server's certificate.
	if fetch := jsbridge.Fetch(); fetch.(transport.Streamer).StreamsRequests() {
		return []Network{
			{Name: "fetch", Transport: fetch, URL: url, Duplex: FullDuplex},
			{Name: "WebSocket", Transport: webSockets(t), URL: url, Duplex: FullDuplex},
		}
	}
	streaming := jsbridge.Fetch(jsbridge.WithRequestStreaming())
	can := WholeRequests
	if streaming.(transport.Streamer).StreamsRequests() {
		can = HalfDuplex
	}
	return []Network{
		{Name: "HTTP/1.1", Transport: jsbridge.Fetch(), URL: url, Duplex: WholeRequests, LateHeads: inFirefox()},
		{Name: "HTTP/2", Transport: streaming, URL: tls, Duplex: can, LateHeads: inFirefox()},
		{Name: "WebSocket", Transport: webSockets(t), URL: url, Duplex: FullDuplex},
		{Name: "WebSocket_over_TLS", Transport: webSockets(t), URL: tls, Duplex: FullDuplex},
	}
}

func inFirefox() bool {
	navigator, err := safejs.Global().Get("navigator")
	if err != nil {
		return false
	}
	agent, err := navigator.Get("userAgent")
	if err != nil {
		return false
	}
	name, err := agent.String()
	return err == nil && strings.Contains(name, "Firefox")
}

// webSockets returns a transport over the global WebSocket, or over undici's where Node
// has none. The npm package's tests depend on undici, so it is installed.
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

// root returns the repository's folder: the one with the npm package, above the folder
// of the Go package, in which tests run.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "wasm", "npm", "package.json")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	t.Fatal("the tests run outside the repository")
	return ""
}
