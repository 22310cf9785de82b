package fleetsim

import (
	"bytes"
	"testing"
)

// The command run measures the same with all pages.
func TestPromises(t *testing.T) {
	var text bytes.Buffer
	r := Report{To: &text, Seed: 1}
	r.All(10_000)
	for _, broken := range r.Broken {
		t.Error(broken)
	}
	t.Log(text.String())
}
