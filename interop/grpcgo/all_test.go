//go:build !js

package grpcgo

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/networks"
)

// all returns net/http with HTTP/1.1 and with HTTP/2, each with a server of its own.
func all(t *testing.T) []networks.Network {
	t.Helper()
	return []networks.Network{networks.Serve(t, "HTTP/1.1", NewServer(), false), networks.Serve(t, "HTTP/2", NewServer(), true)}
}
