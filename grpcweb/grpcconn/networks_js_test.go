package grpcconn_test

import (
	"os"
	"testing"

	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// networks is the global fetch, before a server that runs already.
func networks(t *testing.T) []network {
	t.Helper()
	url := os.Getenv("HEDGEROW_SERVER")
	if url == "" {
		t.Fatal("HEDGEROW_SERVER names no server: run these tests by make test-wasm, which starts one")
	}
	return []network{{"fetch", jsbridge.Fetch(), url}}
}
