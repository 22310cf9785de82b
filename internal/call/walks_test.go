package call_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/walks"
)

// TestWalks: see package walks.
func TestWalks(t *testing.T) { walks.Walk(t, 5000, walks.Direct) }
