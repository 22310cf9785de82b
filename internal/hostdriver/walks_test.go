package hostdriver

import (
	"flag"
	"os"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/walks"
)

var tapeFile = flag.String("tape", "", "write what TestWalks tells the driver on a tape, in this file (see package abitest)")

// TestWalks runs the walks of package walks through encode and decode: each event is
// written in the bytes that JavaScript would write, and each action is read from the
// bytes that JavaScript would read.
func TestWalks(t *testing.T) {
	var tape []byte
	walks.Walk(t, 2500, func(t *testing.T, s walks.Setup) walks.Subject {
		if tape != nil {
			tape = append(tape, abitest.Fresh)
		}
		return encode(t, s, &tape)
	})
	if *tapeFile != "" {
		if err := os.WriteFile(*tapeFile, tape, 0o644); err != nil {
			t.Error(err)
		}
	}
}
