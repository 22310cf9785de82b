package hedgesim

import (
	"bytes"
	"testing"
)

// The command run measures the same with more calls and seeds.
func TestPromises(t *testing.T) {
	var text bytes.Buffer
	r := Report{To: &text, Seed: 1}
	r.Steady(50_000, 0.08)
	r.Shift(5)
	r.Queue([]float64{0.6, 0.9}, 2, 50_000)
	for _, broken := range r.Broken {
		t.Error(broken)
	}
	t.Log(text.String())
}

// A rule that hedges what it likes must be found out, or the promises say nothing.
func TestExcess(t *testing.T) {
	w := World{Seed: 1, Calls: 5000, InFlight: 20, Slow: 0.05}
	if got := w.Run(After(5), 0.08, nil); got.Excess < 100 {
		t.Errorf("half of all calls are hedged, and that is only %.1f more than 8 %%", got.Excess)
	}
	if got := w.Run(Tune(0.08), 0.08, nil); got.Excess > 2.0001 || got.Hedges < 200 {
		t.Errorf("%d hedges, %.2f more than 8 %%", got.Hedges, got.Excess)
	}
}
