package hedge

import (
	"math"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// A Tuned plan is bounded as any other, and tells the Tuner which attempts were hedges.
func TestTunedPlan(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.1})
	tn := tuner(p)
	call := NewTuned(p, 3, tn)
	for n, more := range map[int]bool{1: true, 2: true, 3: false, 4: false} {
		if d, ok := call.Started(n); ok != more || d != tn.Delay(p) {
			t.Errorf("after attempt %d: %d, %v", n, d, ok)
		}
	}
	for _, c := range []struct {
		what string
		tell func()
		want float64
	}{
		{"firsts that did not win", func() { call.CutOff(ms, status.KindFirst) }, 0.1},
		{"hedges that did not win", func() { call.CutOff(ms, status.KindHedge) }, 0.01},
		{"firsts that won", func() { call.Answered(ms, status.KindFirst) }, 0.01},
		{"hedges that won", func() { call.Answered(ms, status.KindHedge) }, 0.1},
	} {
		for range 200 {
			c.tell()
		}
		if got := tn.earns(p.Tuning); math.Abs(got-c.want) > 0.001 {
			t.Errorf("after %s a call earns %v; want %v", c.what, got, c.want)
		}
	}
}

// SEMANTICS 8.5a: the given delay holds until 30 attempts have been answered.
func TestTunerRelies(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.25})
	tn := NewTuner()
	for n := range 40 {
		if given := tn.Delay(p) == p.HedgingDelay; given != (n < 30) {
			t.Errorf("after %d answers the delay is %v", n, tn.Delay(p))
		}
		tn.Answered(50*ms, false)
		tn.CutOff(50*ms, false)
	}
}

// SEMANTICS 8.5f: below a quarter, what hedges win decides what calls earn.
func TestEarnsLittleByLittle(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.1})
	tn := tuner(p)
	lost := 0
	lose := func(until int, least, most float64) {
		t.Helper()
		for ; lost < until; lost++ {
			tn.CutOff(ms, true)
		}
		if got := tn.earns(p.Tuning); got < least || got > most {
			t.Errorf("after %d hedges in vain a call earns %v; want %v to %v", until, got, least, most)
		}
	}
	lose(1, 0.1, 0.1)
	lose(20, 0.1, 0.1)
	lose(40, 0.04, 0.06)
	lose(200, 0.01, 0.0101)
	tn.Answered(ms, true)
	if got := tn.earns(p.Tuning); got < 0.015 || got > 0.05 {
		t.Errorf("after one hedge that won a call earns %v", got)
	}
}

// waits compares with a wait that was computed by hand.
func waits(t *testing.T, what string, got, want plan.Duration) {
	t.Helper()
	if math.Abs(float64(got-want)) > float64(want)/100 {
		t.Errorf("%s: %.3f ms to wait; want %.3f", what, milliseconds(got), milliseconds(want))
	}
}

// An empty bucket is full enough for a hedge after as many calls as earn one.
func TestDueWaitsForTheBucket(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.1})
	tn := NewTuner()
	const start = 100 * plan.Second
	tn.Begin(start, p.Tuning)
	tn.Begin(start+100*ms, p.Tuning) // one in 100 ms, so far
	now := start + 100*ms
	for n, free := range []bool{true, true, false} {
		if wait := tn.Due(now, 0, true, p); (wait == 0) != free {
			t.Fatalf("released hedge %d waits %v", n, wait)
		}
	}
	waits(t, "at ten hedges in a hundred calls", tn.Due(now, 0, true, p), plan.Second)
	waits(t, "when no call has come for longer", tn.Due(now+200*ms, 0, true, p), 2*plan.Second)
	waits(t, "at most", tn.Due(now+60*plan.Second, 0, true, p), 10*plan.Second)
	for range 5 {
		now += 100 * ms
		tn.Begin(now, p.Tuning)
	}
	waits(t, "when half is earned", tn.Due(now, 0, true, p), plan.Second/2)
	for range 300 { // now they come faster; the latest thirty or so count for the most part
		now += 10 * ms
		tn.tokens = 0
		tn.Begin(now, p.Tuning)
	}
	tn.tokens = 0
	waits(t, "when calls come faster", tn.Due(now, 0, true, p), 100*ms)
	tn.tokens = token - 1
	if wait := tn.Due(now, 256*plan.Second, true, p); wait != plan.Second {
		t.Errorf("a hedge that is nearly paid, and has waited for long, asks again after %v", wait)
	}
	if wait := tn.Due(now, 0, true, p); wait != ms/100 {
		t.Errorf("a hedge that is nearly paid asks again after %v", wait)
	}
}

// A hedge is due at the delay, to the nanosecond; and with less in the bucket as soon as
// the delay, which shrinks while the bucket fills, is no longer than the wait.
func TestDueAtTheDelay(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.25})
	tn := tuner(p) // a call in 10 ms
	now := plan.Second
	full, one := tn.Delay(p), tn.delay(p, token)
	if wait := tn.Due(now, full-1, false, p); wait <= 0 {
		t.Error("a hedge begins before its time")
	}
	if wait := tn.Due(now, full, false, p); wait != 0 {
		t.Errorf("a hedge waits %v more", wait)
	}
	tn.tokens = token
	shrinks := float64(one-full) * 0.25 / float64(10*ms) // in the time that earns one
	if shrinks < 0.2 {
		t.Fatalf("the delay shrinks from %v to %v, which shows nothing", one, full)
	}
	waits(t, "with one in the bucket", tn.Due(now, full, false, p), plan.Duration(float64(one-full)/(1+shrinks)))
}

// What is slow is smoothed over sixteen attempts.
func TestLean(t *testing.T) {
	tn := tuner(policy(Tuning{MaxExtraLoad: 0.25}))
	for _, c := range []struct{ from, to, want uint16 }{
		{32_000, 48_000, 33_000}, {32_000, 16_000, 31_000}, {16_000, 0, 15_000}, {0, 65_535, 4_095}, {65_535, 32_768, 63_488}, {40_000, 40_000, 40_000},
	} {
		tn.slow = c.from
		if tn.lean(c.to); tn.slow+1 < c.want || tn.slow > c.want+1 {
			t.Errorf("from %d to %d: %d; want %d", c.from, c.to, tn.slow, c.want)
		}
	}
}

// held reports whether hedges wait because the server is busy.
func held(tn *Tuner, p *Policy) bool {
	tn.tokens = capacity
	return tn.Due(tn.begun, 100*plan.Second, false, p) != 0
}

// SEMANTICS 8.5f: it takes more than a few slow answers in a row to hold hedges back, and
// one quick answer does not let them go. After a long time what was slow is usual.
func TestHeldWhileMostIsSlow(t *testing.T) {
	p := policy(Tuning{MaxExtraLoad: 0.25})
	tn := tuner(p)
	now := 100 * plan.Second
	tn.Begin(now, p.Tuning) // what was heard before that is long ago
	answer := func(n int, took plan.Duration) {
		for range n {
			now += 10 * ms
			tn.Begin(now, p.Tuning)
			tn.Answered(took, false)
		}
	}
	answer(5, 200*ms)
	if held(tn, p) {
		t.Error("five slow answers hold hedges back")
	}
	for n := 15; n < 100; n++ {
		answer(10, 200*ms)
		tn.CutOff(200*ms, false) // which is slow too
		tn.CutOff(ms, false)     // which says nothing
		if n < 40 && !held(tn, p) {
			t.Fatal("hedges go out to a busy server")
		}
	}
	if held(tn, p) {
		t.Error("what is slow never becomes usual")
	}
	answer(100, 20*ms)
	if held(tn, p) {
		t.Error("a quick server gets no hedges")
	}
	answer(2000, 20*ms) // now that is usual
	if answer(40, 30*ms); !held(tn, p) {
		t.Error("hedges go out to a server that takes half as long again as usual")
	}
	if answer(1, ms); !held(tn, p) {
		t.Error("one quick answer lets hedges go")
	}
	tn.Begin(now+10*plan.Second, p.Tuning)
	if !held(tn, p) {
		t.Error("what was heard ten seconds ago is forgotten")
	}
	tn.Begin(now+20*plan.Second+1, p.Tuning)
	if held(tn, p) {
		t.Error("what was heard longer ago holds hedges back")
	}
}

// SEMANTICS 8.5e: what is older is forgotten sooner if nearly all that is new differs, and
// only then.
func TestForgetsSoonerWhatChanged(t *testing.T) {
	usual := func(tn *Tuner, n int) { // from 1 to 100 ms
		for i := range n {
			tn.Answered(plan.Duration((i*37)%100+1)*ms, false)
		}
	}
	for _, took := range []plan.Duration{plan.Second, 300 * ms / 1000} {
		tn := tuner(policy(Tuning{MaxExtraLoad: 0.25}))
		usual(tn, 400)
		for range 110 { // without haste, half of all is as new only after 139
			tn.Answered(took, false)
		}
		near(t, "what half exceed after a change", tn.Exceeded(0.5), milliseconds(took))
	}
	tn := tuner(policy(Tuning{MaxExtraLoad: 0.25}))
	for range 10 {
		tn.Answered(plan.Second, false)
	}
	usual(tn, 200) // with haste, what came before would be a few thousandths
	near(t, "what was rare and stays remembered", tn.Exceeded(0.01), 1000)
}
