package hedge

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Tuner is what a channel has learned about a method whose policy has a Tuning, and the
// bucket from which the method's hedges are paid. It says when a hedge may begin
// (SEMANTICS 8.5). All calls of the method share it.
//
// Four things decide. The sketch says how long attempts take. The bucket earns
// MaxExtraLoad with each call and pays one for each hedge, and it holds two: the emptier
// it is, the longer a hedge waits, so that those who have waited longest get what there
// is. If hedges seldom answer first, the bucket earns less. And if what was heard last
// was slow for the most part, the server is busy rather than one attempt unlucky: then
// hedges wait, since they would only add to what it has to do.
type Tuner struct {
	sketch
	begun  plan.Duration // when the latest call began
	usual  float32       // what half of the attempts exceeded over a longer time, in ns
	gap    float32       // from one call to the next, in ns, smoothed; 0: not known
	tokens int32         // in the bucket, in millionths
	heard  uint16        // attempts that were answered, up to enough
	won    uint16        // how often hedges answered first, smoothed, in 1/65536
	slow   uint16        // how much of what was heard last took longer than half of all do, likewise
}

const (
	token    = 1_000_000
	capacity = 2 * token
	enough   = 30               // answers, before the sketch is relied on
	even     = 1 << 15          // a half, in 1/65536
	crowded  = 51_000           // 78 %: chance alone makes so many slow once in a thousand times
	shifted  = 58_000           // 88 %, or 12 %: chance alone does not make so many slow, or quick
	worth    = 1 << 14          // a quarter: hedges that win more rarely earn less
	trial    = 10               // hedges that never win still earn a tenth, since things may change
	stale    = 10 * plan.Second // what was heard longer ago says nothing about now
)

// NewTuner makes a Tuner that knows nothing yet. Its bucket is full.
func NewTuner() *Tuner { return &Tuner{tokens: capacity, won: 1<<16 - 1, slow: even} }

// Begin reports that a call of the method begins. It earns its part of a hedge.
func (t *Tuner) Begin(now plan.Duration, of *Tuning) {
	t.tokens = min(t.tokens+int32(t.earns(of)*token), capacity)
	if t.begun != 0 {
		gap := float32(max(now-t.begun, 0))
		if t.gap == 0 {
			t.gap = gap
		}
		t.gap += (gap - t.gap) / 32
		if now-t.begun > stale {
			t.slow = even
		}
	}
	t.begun = now
}

// earns is what a call puts into the bucket.
func (t *Tuner) earns(of *Tuning) float64 {
	return of.MaxExtraLoad * max(1.0/trial, min(1, float64(t.won)/worth))
}

// Delay is how long after an attempt a hedge may begin at the earliest, with a full
// bucket. Due is asked then.
func (t *Tuner) Delay(of *Policy) plan.Duration { return t.delay(of, capacity) }

// delay is the span which so many attempts exceed as can be paid for: four fifths of
// what is earned with one hedge in the bucket, and twice as many with two.
func (t *Tuner) delay(of *Policy, tokens int32) plan.Duration {
	if t.heard < enough {
		return of.HedgingDelay
	}
	share := 0.8 * t.earns(of.Tuning) * float64(max(tokens, token)) / token
	d := max(t.exceededBy(min(share, of.Tuning.share())), of.Tuning.MinDelay)
	if of.Tuning.MaxDelay > 0 {
		d = min(d, of.Tuning.MaxDelay)
	}
	return d
}

// Due is asked when a hedge could begin, this long after the latest attempt began. It
// takes the hedge from the bucket and returns 0, or else says how long to wait before it
// is asked again. A hedge that a failed attempt has released does not wait for the
// delay, only for the bucket: its predecessor is gone already.
func (t *Tuner) Due(now, waited plan.Duration, released bool, of *Policy) (wait plan.Duration) {
	least := max(waited/256, plan.Millisecond/100)
	if released {
		if wait = t.untilPaid(now, of.Tuning); wait > 0 {
			return max(wait, least)
		}
		t.tokens -= token
		return 0
	}
	if t.slow > crowded {
		return max(waited/2, least)
	}
	wait = t.untilPaid(now, of.Tuning)
	if d := t.delay(of, t.tokens); waited < d {
		// Meanwhile the bucket fills, so the delay shrinks as the wait grows.
		shrinks := float64(d-t.Delay(of)) * t.perCall(of.Tuning)
		wait = max(wait, plan.Duration(float64(d-waited)/(1+shrinks)))
	} else if wait == 0 {
		t.tokens -= token
		return 0
	}
	return max(wait, least)
}

// untilPaid is how long it takes until the bucket can pay for a hedge, at the rate at
// which calls have begun, or at a lower one if none has begun for longer than usual.
func (t *Tuner) untilPaid(now plan.Duration, of *Tuning) plan.Duration {
	if t.tokens >= token {
		return 0
	}
	wait := float64(token-t.tokens) / token / t.earns(of) * max(float64(t.gap), float64(now-t.begun))
	return plan.Duration(min(max(wait, 1), float64(stale)))
}

// perCall is how many hedges are earned in a nanosecond.
func (t *Tuner) perCall(of *Tuning) float64 {
	if t.gap == 0 {
		return 0
	}
	return t.earns(of) / float64(t.gap)
}

// Answered reports that an attempt was answered, this long after it began.
func (t *Tuner) Answered(took plan.Duration, isHedge bool) {
	t.compare(took, true)
	t.answered(took, t.changed())
	if t.heard < enough {
		t.heard++
	}
	if isHedge {
		t.won += (1<<16 - 1 - t.won) / 20
	}
}

// CutOff reports that an attempt was given up, this long after it began, and had not been
// answered: another one won, it failed, or the call ended.
func (t *Tuner) CutOff(after plan.Duration, isHedge bool) {
	t.compare(after, false)
	t.cutOff(after, t.changed())
	if isHedge {
		t.won -= t.won / 20
	}
}

// changed reports whether nearly all of what was heard last was slower than half of what
// is remembered, or quicker. That is no chance: the server has become another, and what
// was learned of the old one is soon forgotten.
func (t *Tuner) changed() bool { return t.slow > shifted || t.slow < 1<<16-1-shifted }

// compare notes whether an attempt took longer than usual. What is usual follows the
// median of all attempts, slowly. Of one that was cut off before, nobody knows.
func (t *Tuner) compare(took plan.Duration, answered bool) {
	if t.heard < enough {
		t.usual = float32(t.exceededBy(0.5))
		return
	}
	longer := float32(took) / t.usual
	switch {
	case longer > 1:
		t.usual *= 1.0025
	case answered:
		t.usual /= 1.0025
	}
	switch {
	case longer > 1.02:
		t.lean(1<<16 - 1)
	case !answered:
	case longer < 0.98:
		t.lean(0)
	default:
		t.lean(even)
	}
}

// lean smooths how much of what was heard last was slow. The last sixteen
// attempts count for the most part.
func (t *Tuner) lean(to uint16) {
	switch {
	case t.heard < enough:
	case to > t.slow:
		t.slow += (to - t.slow) / 16
	default:
		t.slow -= (t.slow - to) / 16
	}
}

// Text is what the Tuner knows, to be kept beyond the page (SEMANTICS 8.5h); "" if that is
// too little.
func (t *Tuner) Text() string {
	if t.heard < enough {
		return ""
	}
	return text.Decimal(int(t.tokens)) + " " + t.text()
}

// Restore reads what Text has written. Anything else is as if nothing were known.
func (t *Tuner) Restore(kept string) {
	tokens, bars, ok := text.Cut(kept, ' ')
	if !ok || len(tokens) > len(text.Decimal(capacity)) {
		return
	}
	n := int32(0)
	for _, c := range []byte(tokens) {
		if c < '0' || c > '9' {
			return
		}
		n = n*10 + int32(c-'0')
	}
	if t.read(bars) {
		t.tokens, t.heard, t.usual = min(n, capacity), enough, float32(t.exceededBy(0.5))
	}
}

// Exceeded is the span that this share of the attempts exceeds, as far as is known.
func (t *Tuner) Exceeded(share float64) plan.Duration { return t.exceededBy(share) }
