package retry

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/call"
)

// delays are those after each of a plan's failures, without pushback.
func delays(p Policy, jitter Jitter, random func() float64) []call.Duration {
	plan := NewPlan(&p, p.MaxAttempts, jitter, random)
	var all []call.Duration
	for n := 1; n < p.MaxAttempts; n++ {
		all = append(all, plan.Failed(n, unavailable).After)
	}
	return all
}

func always(random float64) func() float64 { return func() float64 { return random } }

func seconds(s ...call.Duration) []call.Duration {
	for i := range s {
		s[i] *= call.Second
	}
	return s
}

func testBackoffSequence(t *testing.T) {
	p := good()
	p.MaxAttempts, p.InitialBackoff, p.BackoffMultiplier, p.MaxBackoff = 6, 100*call.Second, 2, 700*call.Second
	if got, want := delays(p, FullJitter, always(0.5)), seconds(50, 100, 200, 350, 350); !slices.Equal(got, want) {
		t.Errorf("full jitter: got %v, want %v", got, want)
	}
	if got, want := delays(p, PlusMinus20, always(0.5)), seconds(100, 200, 400, 700, 700); !slices.Equal(got, want) {
		t.Errorf("±20 %%: got %v, want %v", got, want)
	}

	// The article's example (SEMANTICS 2.4).
	article := good()
	plan := NewPlan(&article, article.MaxAttempts, FullJitter, always(0))
	for n, want := range []call.Duration{1000, 1500, 2250, 3375} {
		v := plan.Failed(n+1, unavailable)
		if v.Bound != want*call.Millisecond || v.After != 0 {
			t.Errorf("retry %d: bound %d, delay %d, want %d and 0", n+1, v.Bound, v.After, want*call.Millisecond)
		}
	}
}

func testDraws(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4)).Float64
	p := good()
	p.InitialBackoff, p.MaxBackoff = 10*call.Second, 4*call.Second // V6: capped from the first on
	for _, test := range []struct {
		jitter          Jitter
		lowest, highest call.Duration
	}{
		{FullJitter, 0, 4 * call.Second},
		{PlusMinus20, 3200 * call.Millisecond, 4800 * call.Millisecond},
	} {
		var tenths [10]int
		plan := NewPlan(&p, math.MaxInt, test.jitter, random)
		for n := 1; n <= 10_000; n++ {
			v := plan.Failed(n, unavailable)
			if v.Bound > p.MaxBackoff || v.After < test.lowest || v.After >= test.highest {
				t.Fatalf("draw %d: delay %d, bound %d", n, v.After, v.Bound)
			}
			tenths[10*(v.After-test.lowest)/(test.highest-test.lowest)]++
		}
		for i, n := range tenths {
			if n < 850 || n > 1150 {
				t.Errorf("jitter %d: %d of 10,000 draws in tenth %d", test.jitter, n, i)
			}
		}
	}
}

// TestBackoffExtremes keeps every delay in [0, Never] whatever a policy says.
func TestBackoffExtremes(t *testing.T) {
	for name, change := range map[string]func(*Policy){
		"a bound that never ends":       func(p *Policy) { p.InitialBackoff, p.MaxBackoff = call.Never, call.Never },
		"a multiplier beyond any bound": func(p *Policy) { p.BackoffMultiplier, p.MaxBackoff = math.Inf(1), call.Never },
		"a backoff that shrinks away":   func(p *Policy) { p.InitialBackoff, p.BackoffMultiplier = 1, math.SmallestNonzeroFloat64 },
	} {
		t.Run(name, func(t *testing.T) {
			p := good()
			p.MaxAttempts = 20
			change(&p)
			for _, jitter := range []Jitter{FullJitter, PlusMinus20} {
				for _, random := range []float64{0, 0.5, math.Nextafter(1, 0)} {
					for _, d := range delays(p, jitter, always(random)) {
						if d < 0 {
							t.Fatalf("jitter %d, random %v: delay %d", jitter, random, d)
						}
					}
				}
			}
		})
	}
}
