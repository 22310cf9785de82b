//go:build !js

package jsbridge_test

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// Without JavaScript everything compiles, and a call says what is missing.
func TestWithoutJavaScript(t *testing.T) {
	for name, rt := range map[string]transport.RoundTripper{
		"Fetch":     jsbridge.Fetch(jsbridge.WithCredentials(jsbridge.Include), jsbridge.WithRedirect(jsbridge.Follow), jsbridge.WithRequestStreaming()),
		"WebSocket": jsbridge.WebSocket(jsbridge.WithWebSocketClass(nil), jsbridge.WithFetch(jsbridge.WithCredentials(jsbridge.Omit))),
	} {
		ch, err := grpcweb.NewChannel(rt, "https://api.example.com")
		if err != nil {
			t.Fatal(err)
		}
		_, err = ch.Unary(t.Context(), "/s/m", nil)
		if status.CodeOf(err) != status.Internal || !strings.Contains(err.Error(), "GOOS=js GOARCH=wasm") {
			t.Errorf("%s: got %v", name, err)
		}
		if err := ch.Close(); err != nil {
			t.Error(err)
		}
	}
}
