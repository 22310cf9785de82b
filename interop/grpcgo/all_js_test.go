package grpcgo

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/networks"
)

// all returns fetch and WebSockets, to the server that HEDGEROW_SERVER names: that of the command grpc-server.
func all(t *testing.T) []networks.Network {
	t.Helper()
	return networks.All(t)
}
