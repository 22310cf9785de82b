package grpcconn_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// A network is a transport and a real server that it reaches.
type network struct {
	name   string
	rt     transport.RoundTripper
	url    string
	duplex duplex
}

// A duplex is what of an exchange happens while its request is being made.
type duplex int

const (
	wholeRequests duplex = iota // nothing: a browser's fetch
	halfDuplex                  // messages are sent, and an answer is heard once it is complete: Chromium's fetch over HTTP/2
	fullDuplex
)

// needs skips a test of what the network cannot do.
func (n network) needs(t *testing.T, d duplex) {
	t.Helper()
	if n.duplex < d {
		t.Skip([]string{halfDuplex: "here requests are sent when they are complete", fullDuplex: "here an answer is heard when it or the request is complete"}[d])
	}
}
