package hostdriver

import (
	"math"
	"math/rand"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

func TestInstants(t *testing.T) {
	d := New(abi.NewBuffers())
	d.now = 7 * plan.Second
	for ms, want := range map[float64]plan.Duration{
		0:              0,
		1.5:            1500 * 1000,
		0.0000004:      0,
		0.0000006:      1,
		-2.5:           -2500 * 1000,
		-0.0000006:     -1,
		1.7e12:         1_700_000_000 * plan.Second, // a clock that counts from 1970
		math.NaN():     7 * plan.Second,
		math.Inf(1):    latest,
		math.Inf(-1):   -latest,
		math.MaxInt64:  latest,
		-math.MaxInt64: -latest,
	} {
		if got := d.instant(ms); got != want {
			t.Errorf("the instant %v ms is %d ns; want %d", ms, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	for ms, want := range map[float64]plan.Duration{
		250:          250 * plan.Millisecond,
		-1:           -plan.Millisecond,
		math.NaN():   plan.Never,
		math.Inf(1):  plan.Never,
		math.Inf(-1): -longest,
		1e15:         plan.Never,
	} {
		if got := span(ms); got != want {
			t.Errorf("a span of %v ms is %d ns; want %d", ms, got, want)
		}
	}
}

func TestLengths(t *testing.T) {
	for n, want := range map[float64]int64{
		0: 0, 7: 7, -7: 0, math.NaN(): 0, math.Inf(-1): 0, 1 << 53: 1 << 53, 1 << 60: 1 << 53, math.Inf(1): 1 << 53,
	} {
		if got := byteCount(n); got != want {
			t.Errorf("%v bytes are %d; want %d", n, got, want)
		}
	}
	for n, want := range map[float64]int64{0: 0, 7: 7, math.NaN(): 0, -1: 0, math.Inf(1): channel.Unlimited} {
		if got := limit(n); got != want {
			t.Errorf("a limit of %v bytes is %d; want %d", n, got, want)
		}
	}
	for n, want := range map[uint32]int{0: 0, 7: 7, math.MaxInt32: math.MaxInt32, math.MaxUint32: math.MaxInt32} {
		if got := count(n); got != want {
			t.Errorf("%d things are %d; want %d", n, got, want)
		}
	}
}

// An instant that JavaScript was given comes back unchanged. When it was truncated, two
// of a hundred came back a nanosecond early, and their timers were set again.
func TestInstantsComeBack(t *testing.T) {
	d := New(abi.NewBuffers())
	random := rand.New(rand.NewSource(1))
	for range 100_000 {
		at := plan.Duration(random.Int63n(int64(1000 * plan.Second)))
		if back := d.instant(milliseconds(at)); back != at {
			t.Fatalf("%d ns come back as %d", at, back)
		}
	}
}

// Whatever clock JavaScript has, a timer is due when the clock shows the instant that the
// timer was set to.
func TestTimersAreDueWhenTheyFire(t *testing.T) {
	d := New(abi.NewBuffers())
	random := rand.New(rand.NewSource(2))
	for range 100_000 {
		at := plan.Duration(random.Int63()>>random.Intn(40)) % latest
		if random.Intn(4) == 0 {
			at = -at
		}
		ms := due(at)
		if back := d.instant(ms); back < at {
			t.Fatalf("the timer for %d ns is set for %v ms, which is %d ns", at, ms, back)
		}
		early := ms
		for range 4 {
			early = math.Nextafter(early, math.Inf(-1))
		}
		if d.instant(early) > at {
			t.Fatalf("the timer for %d ns is set for %v ms, and %v would do", at, ms, early)
		}
	}
	if due(plan.Never) != math.Inf(1) {
		t.Error("never is an instant")
	}
}
