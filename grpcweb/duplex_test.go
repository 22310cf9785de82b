package grpcweb_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
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

// open makes a channel to the server. Its method configs are for Chaos: what is
// reported must not be retried.
func (n network) open(t *testing.T, policy string) *grpcweb.Channel {
	t.Helper()
	ch, err := grpcweb.NewChannel(n.rt, n.url, grpcweb.WithServiceConfigJSON(
		`{"methodConfig": [{"name": [{"service": "hedgerow.chaos.v1.Chaos", "method": "Do"}]`+policy+`}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		want(t, "bytes held for replay", ch.Buffered(), 0)
		want(t, "calls under way", ch.Running(), 0)
		ch.Close()
	})
	return ch
}
