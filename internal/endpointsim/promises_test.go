package endpointsim

import (
	"bytes"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// The command run measures the same for longer.
func TestPromises(t *testing.T) {
	for seed := range uint64(5) {
		var text bytes.Buffer
		r := Report{To: &text, Seed: seed}
		r.All(20 * plan.Second)
		for _, broken := range r.Broken {
			t.Errorf("seed %d: %s", seed, broken)
		}
		t.Log(text.String())
	}
}
