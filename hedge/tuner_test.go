package hedge

import (
	"testing"
	"unsafe"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// SEMANTICS 8.5a.
func TestTunerSize(t *testing.T) {
	if size := unsafe.Sizeof(Tuner{}); size > 200 {
		t.Errorf("a method takes %d bytes; at most 200 are promised", size)
	}
}

const ms = plan.Millisecond

// tuner has heard a hundred attempts that took from 1 to 100 ms.
func tuner(p *Policy) *Tuner {
	t := NewTuner()
	for i := range 100 {
		t.Begin(plan.Duration(i)*10*ms, p.Tuning)
		t.Answered(plan.Duration((i*37)%100+1)*ms, false)
	}
	t.tokens, t.slow = capacity, even
	return t
}

func policy(tuning Tuning) *Policy {
	return &Policy{MaxAttempts: 2, HedgingDelay: 7 * ms, Tuning: &tuning}
}

func TestDelayIsTheGivenOneAtFirst(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.05, MinDelay: 50 * ms})
	if d := NewTuner().Delay(p); d != 7*ms {
		t.Errorf("the first delay is %v", d)
	}
}

func TestDelayBounds(t *testing.T) {
	for _, c := range []struct {
		name   string
		tuning Tuning
		want   float64
	}{
		{"by the budget: 0.8 × 2 × 0.05", Tuning{MaxExtraLoad: 0.05}, 92},
		{"by a larger budget", Tuning{MaxExtraLoad: 0.25}, 60},
		{"the percentile is a floor", Tuning{MaxExtraLoad: 0.25, DelayPercentile: 90}, 90},
		{"the floor as a fraction", Tuning{MaxExtraLoad: 0.25, DelayPercentile: 0.9}, 90},
		{"one percent is no fraction", Tuning{MaxExtraLoad: 0.25, DelayPercentile: 1}, 60},
		{"the percentile does not raise the budget", Tuning{MaxExtraLoad: 0.05, DelayPercentile: 50}, 92},
		{"at least", Tuning{MaxExtraLoad: 0.25, MinDelay: 300 * ms}, 300},
		{"at most", Tuning{MaxExtraLoad: 0.05, MaxDelay: 30 * ms}, 30},
	} {
		p := policy(c.tuning)
		near(t, c.name, tuner(p).Delay(p), c.want)
	}
}

// A late timer fires no herd: the bucket holds two.
func TestDueTakesFromTheBucket(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.25})
	tn := tuner(p)
	hedges := 0
	for range 50 {
		if tn.Due(2*plan.Second, plan.Second, false, p) == 0 {
			hedges++
		}
	}
	if hedges != 2 {
		t.Errorf("%d hedges begin at once", hedges)
	}
	for range 4 {
		tn.Begin(3*plan.Second, p.Tuning)
	}
	if tn.Due(3*plan.Second, plan.Second, false, p) != 0 {
		t.Error("four calls at 0.25 do not pay for a hedge")
	}
	if wait := tn.Due(3*plan.Second, plan.Second, true, p); wait <= 0 {
		t.Error("a hedge that a failure released is not paid for")
	}
}

func TestDueWaitsWhileAllIsSlow(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.25})
	tn := tuner(p)
	for range 40 {
		tn.Answered(90*ms, false)
	}
	if wait := tn.Due(plan.Second, 200*ms, false, p); wait != 100*ms {
		t.Errorf("while all is slow a hedge waits %v", wait)
	}
	if wait := tn.Due(plan.Second, 200*ms, true, p); wait != 0 {
		t.Error("a hedge in place of a failed attempt waits too")
	}
	tn.Begin(20*plan.Second, p.Tuning)
	if tn.Due(20*plan.Second, 200*ms, false, p) != 0 {
		t.Error("what was slow long ago holds hedges back")
	}
}

// Hedges that never answer first earn a tenth.
func TestEarnsByWhatHedgesWin(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.1})
	tn := tuner(p)
	if got := tn.earns(p.Tuning); got != 0.1 {
		t.Errorf("at first a call earns %v", got)
	}
	for range 200 {
		tn.CutOff(ms, true)
	}
	if got := tn.earns(p.Tuning); got > 0.0101 {
		t.Errorf("after 200 hedges in vain a call earns %v", got)
	}
	for range 20 {
		tn.Answered(ms, true)
	}
	if got := tn.earns(p.Tuning); got != 0.1 {
		t.Errorf("after hedges that won a call earns %v", got)
	}
}

// SEMANTICS 8.5b.
func TestTuningValidate(t *testing.T) {
	for _, c := range []struct {
		tuning Tuning
		want   string
	}{
		{Tuning{MaxExtraLoad: 0.05}, ""},
		{Tuning{MaxExtraLoad: 1, DelayPercentile: 99.9, MinDelay: 1, MaxDelay: 1}, ""},
		{Tuning{MaxExtraLoad: 1, MinDelay: 1}, ""},
		{Tuning{}, "maxExtraLoad"},
		{Tuning{MaxExtraLoad: 1.5}, "maxExtraLoad"},
		{Tuning{MaxExtraLoad: 0.05, DelayPercentile: 100}, "delayPercentile"},
		{Tuning{MaxExtraLoad: 0.05, DelayPercentile: -1}, "delayPercentile"},
		{Tuning{MaxExtraLoad: 0.05, MinDelay: -1}, "minDelay"},
		{Tuning{MaxExtraLoad: 0.05, MinDelay: 2, MaxDelay: 1}, "maxDelay"},
		{Tuning{MaxExtraLoad: 0.05, MaxDelay: -1}, "maxDelay"},
	} {
		got := ""
		c.tuning.Validate(func(field, _ string) { got += field })
		if got != c.want {
			t.Errorf("%+v: %q is wrong; want %q", c.tuning, got, c.want)
		}
	}
}

// SEMANTICS 8.5h.
func TestTunerText(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.25})
	tn := tuner(p)
	if NewTuner().Text() != "" {
		t.Error("who knows nothing has something to keep")
	}
	tn.tokens = 1_234_567
	again := NewTuner()
	again.Restore(tn.Text())
	if again.tokens != tn.tokens {
		t.Errorf("%d of %d tokens come back", again.tokens, tn.tokens)
	}
	if again.usual < float32(ms) {
		t.Error("what is usual does not come back")
	}
	near(t, "the delay that comes back", again.Delay(p), milliseconds(tn.Delay(p)))
	for _, bad := range []string{"", "x", "5", "-5 0~", "99999999 0~", "5 ", "5 \x7f"} {
		again := NewTuner()
		again.Restore(bad)
		if *again != *NewTuner() {
			t.Errorf("%q is read", bad)
		}
	}
	again.Restore("9000000 0~")
	if again.tokens != capacity {
		t.Errorf("%d tokens", again.tokens)
	}
}

// FuzzTuner checks that a tuner takes over only what a tuner writes, and that whatever it
// was given, its delay stays within its bounds.
func FuzzTuner(f *testing.F) {
	f.Add(tuner(policy(Tuning{})).Text())
	for _, text := range []string{"", "0 ", "0 5aBcD", "99999999999 5a", "-1 5a", "1000000 !~", "5 5a ", "0 \x7f"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		restored := NewTuner()
		restored.Restore(text)
		p := policy(Tuning{MaxExtraLoad: 0.5})
		first := restored.Text()
		if delay := restored.Delay(p); delay < 0 {
			t.Errorf("%q makes a delay of %d", text, delay)
		}
		again := NewTuner()
		again.Restore(first)
		if (again.Text() == "") != (first == "") || again.tokens != restored.tokens {
			t.Errorf("%q is written as %q and, read again, as %q", text, first, again.Text())
		}
	})
}
