// Package networks lists the transports over which tests reach the real server:
// natively net/http, with a server that the test starts; in JavaScript the global fetch
// and WebSockets, with a server that runs already.
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
	LateHeads bool // a response's head is told with the first byte of its body, as by Firefox's fetch
}

// Duplex is how much of an exchange can happen before its request is complete.
type Duplex int

const (
	WholeRequests Duplex = iota // Nothing: requests are sent when they are complete, as by a browser's fetch.
	HalfDuplex                  // Messages are sent, but a response may be seen only when it is complete, as by Chromium's fetch over HTTP/2.
	FullDuplex                  // Messages are sent and received.
)

// Needs skips a test that needs more than the network can do.
func (n Network) Needs(t *testing.T, d Duplex) {
	t.Helper()
	if n.Duplex < d {
		t.Skip([]string{
			HalfDuplex: "this network sends requests only when they are complete",
			FullDuplex: "this network shows a response only when it or the request is complete",
		}[d])
	}
}

// OpensSockets reports whether requests that stream are sent over WebSockets.
func (n Network) OpensSockets() bool {
	of, ok := n.Transport.(transport.Socket)
	return ok && of.OpensSockets()
}
