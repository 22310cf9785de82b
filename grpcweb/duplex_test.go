package grpcweb_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/internal/networks"
)

// A network makes channels as these tests want them.
type network struct{ networks.Network }

func reached(t *testing.T) []network {
	t.Helper()
	var all []network
	for _, n := range networks.All(t) {
		all = append(all, network{n})
	}
	return all
}

// open makes a channel to the server. Its method configs are for Chaos: what is
// reported must not be retried.
func (n network) open(t *testing.T, policy string) *grpcweb.Channel {
	t.Helper()
	ch, err := grpcweb.NewChannel(n.Transport, n.URL, grpcweb.WithServiceConfigJSON(
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
