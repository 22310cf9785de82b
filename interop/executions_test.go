package interop_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/networks"
	"github.com/hedgerow-web/hedgerow/interop"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// The lines are what make chaos compares with the attempts that clients made.
func TestExecutionsAreWritten(t *testing.T) {
	var lines bytes.Buffer // The attempts of one call do not overlap.
	b := backend{networks.Serve(t, t.Name(), interop.New(&lines), false), true, false}
	busy := &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: 14}}}
	s := play(t, busy, busy, &chaosv1.Step{})
	if _, err := b.open(t, retries).Unary(t.Context(), chaos+"Do", s.bytes); err != nil {
		t.Fatal(err)
	}
	want(t, "lines", lines.String(), fmt.Sprintf("%[1]s 0\n%[1]s 1\n%[1]s 2\n", s.id))
}
