package hedge

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

func milliseconds(d plan.Duration) float64 { return float64(d) / float64(plan.Millisecond) }

func near(t *testing.T, what string, got plan.Duration, want float64) {
	t.Helper()
	if ms := milliseconds(got); math.Abs(ms/want-1) > 0.25 {
		t.Errorf("%s is %.1f ms; want about %.1f", what, ms, want)
	}
}

func TestSketchQuantiles(t *testing.T) {
	var s sketch
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 { // evenly from 10 to 110 ms
		s.answered(plan.Duration((10+100*r.Float64())*float64(plan.Millisecond)), false)
	}
	near(t, "what 10 % exceed", s.exceededBy(0.1), 100)
	near(t, "what half exceed", s.exceededBy(0.5), 60)
	near(t, "what 90 % exceed", s.exceededBy(0.9), 20)
}

// What was cut off counts as longer than that, by nobody knows how much. Here all that
// take more than 50 ms are cut off after 50 to 60: they must neither be forgotten nor be
// taken for answers.
func TestSketchCutOff(t *testing.T) {
	var s sketch
	r := rand.New(rand.NewPCG(1, 1))
	for range 4000 {
		took, patience := 10+100*r.Float64(), 50+10*r.Float64()
		if r.Float64() < 0.3 { // the others are waited for
			patience = 1000
		}
		if took <= patience {
			s.answered(plan.Duration(took*float64(plan.Millisecond)), false)
		} else {
			s.cutOff(plan.Duration(patience*float64(plan.Millisecond)), false)
		}
	}
	near(t, "what 10 % exceed", s.exceededBy(0.1), 100)
	near(t, "what 30 % exceed", s.exceededBy(0.3), 80)
	near(t, "what half exceed", s.exceededBy(0.5), 60)
}

// If nothing longer is known, what was cut off is taken to end soon after that.
func TestSketchCutOffBeyondAll(t *testing.T) {
	var s sketch
	for range 10 {
		s.answered(10*plan.Millisecond, false)
	}
	s.cutOff(plan.Second, false)
	if got := s.exceededBy(0.05); got < plan.Second || got > 2*plan.Second {
		t.Errorf("what 5 %% exceed is %.1f ms", milliseconds(got))
	}
	var longest sketch
	for n := range 3 {
		longest.cutOff(1000*plan.Second, false)
		if got := longest.bars[bars-1]; int(got) < (n+1)*firstWeight>>16 {
			t.Errorf("the last bar holds %d after %d", got, n+1)
		}
	}
}

// What a bar holds lies evenly in it.
func TestSketchAbove(t *testing.T) {
	const bar = 30
	s := sketch{}
	s.bars[bar] = 1000
	from, to := edge(bar), edge(bar+1)
	for span, want := range map[plan.Duration]uint32{from / 2: 1000, from: 1000, (3*from + to) / 4: 750, (from + to) / 2: 500, to: 0, 2 * to: 0} {
		if got := s.above(bar, span); got != want {
			t.Errorf("%d of 1000 lie above %d, in a bar from %d to %d; want %d", got, span, from, to, want)
		}
	}
}

// All exceed the shortest span that is known, and none the longest.
func TestSketchEnds(t *testing.T) {
	for _, took := range []plan.Duration{plan.Millisecond / 1000, 10 * plan.Millisecond} {
		var s sketch
		s.answered(took, false)
		low, high := edge(bar(took)), edge(bar(took)+1)
		if all, half, none := s.exceededBy(1), s.exceededBy(0.5), s.exceededBy(0); all != low || half != (low+high)/2 || none != high {
			t.Errorf("%d: all exceed %d, half %d, none %d; the bar is from %d to %d", took, all, half, none, low, high)
		}
	}
}

// No attempt weighs nothing.
func TestSketchCountsAll(t *testing.T) {
	var s sketch
	for n := range 1000 {
		before := s.bars[0] / 2 // if they are halved just now
		if s.answered(0, n%3 == 0); s.bars[0] < before+firstWeight>>16 {
			t.Fatalf("attempt %d: %d after 2 × %d", n, s.bars[0], before)
		}
	}
}

func TestSketchForgets(t *testing.T) {
	var s sketch
	for range 1000 {
		s.answered(10*plan.Millisecond, false)
	}
	for range 3 * memory {
		s.answered(80*plan.Millisecond, false)
	}
	near(t, "what 90 % exceed", s.exceededBy(0.9), 80)
}

// The bars must not overflow, whatever comes.
func TestSketchBounds(t *testing.T) {
	var s sketch
	spans := []plan.Duration{-plan.Second, 0, 1, plan.Millisecond, plan.Second, 1000 * plan.Second, plan.Never}
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 20_000 {
		d := spans[r.IntN(len(spans))]
		if i < 5000 {
			d = plan.Millisecond // all into one bar
		}
		before := s.total()
		if r.IntN(2) == 0 {
			s.answered(d, i%3 == 0)
		} else {
			s.cutOff(d, i%3 == 0)
		}
		if got := s.total(); got > 1<<16-1 || got < before/3 {
			t.Fatalf("after attempt %d the bars hold %d, before %d", i, got, before)
		}
	}
}

func TestSketchText(t *testing.T) {
	var s, read sketch
	if s.text() != "" {
		t.Errorf("an empty sketch is written as %q", s.text())
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		ms := math.Exp(1.5 + 0.4*r.NormFloat64())
		if r.Float64() < 0.05 {
			ms *= 10
		}
		s.answered(plan.Duration(ms*float64(plan.Millisecond)), false)
	}
	text := s.text()
	if len(text) > 60 || !read.read(text) {
		t.Fatalf("cannot read %q", text)
	}
	for _, share := range []float64{0.02, 0.05, 0.1, 0.5, 0.9} {
		near(t, "what is read", read.exceededBy(share), milliseconds(s.exceededBy(share)))
	}
	var short, again sketch // from the first bar on
	short.answered(plan.Millisecond/1000, false)
	short.answered(10*plan.Millisecond, false)
	if written := short.text(); written[0] != firstLetter || written[1] != lastLetter || !again.read(written) || again.exceededBy(0.6) != short.exceededBy(0.6) {
		t.Errorf("%q is read as %v", written, again)
	}
	for _, bad := range []string{"", "!", "x", "q~", "p~~", "!\x7f", "~~~~~~", "!!!", "! a", "!é"} {
		var s sketch
		if s.read(bad) {
			t.Errorf("%q is read as a sketch", bad)
		}
	}
}

func FuzzSketchText(f *testing.F) {
	f.Add("5aBcD")
	f.Fuzz(func(t *testing.T, text string) {
		var s sketch
		if s.read(text) && (s.total() == 0 || s.total() > 1<<16-1) {
			t.Errorf("%q makes bars of %d", text, s.total())
		}
	})
}
