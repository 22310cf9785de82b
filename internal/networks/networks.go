// Package networks has what tests reach the real server over: natively net/http,
// with a server of the test's own; in JavaScript the global fetch and WebSockets,
// with a server that runs already.
package networks

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// Network is a transport and a real server that it reaches.
type Network struct {
	Name      string
	Transport transport.RoundTripper
	URL       string
	Duplex    Duplex
}

// Duplex is what of an exchange happens while its request is being made.
type Duplex int

// The degrees.
const (
	WholeRequests Duplex = iota // nothing: a browser's fetch
	HalfDuplex                  // messages are sent, and an answer is heard once it is complete: Chromium's fetch over HTTP/2
	FullDuplex
)

// Needs skips a test of what the network cannot do.
func (n Network) Needs(t *testing.T, d Duplex) {
	t.Helper()
	if n.Duplex < d {
		t.Skip([]string{HalfDuplex: "here requests are sent when they are complete", FullDuplex: "here an answer is heard when it or the request is complete"}[d])
	}
}

// OpensSockets reports whether what streams goes over WebSockets.
func (n Network) OpensSockets() bool {
	of, ok := n.Transport.(transport.Socket)
	return ok && of.OpensSockets()
}
