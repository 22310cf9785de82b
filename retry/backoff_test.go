package retry

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// delays are those after each of a plan's failures, without pushback.
func delays(p Policy, jitter plan.Jitter, random func() float64) []plan.Duration {
	of := NewPlan(&p, p.MaxAttempts, jitter, random)
	var all []plan.Duration
	for n := 1; n < p.MaxAttempts; n++ {
		all = append(all, of.Failed(n, unavailable).After)
	}
	return all
}

func always(random float64) func() float64 { return func() float64 { return random } }

func seconds(s ...plan.Duration) []plan.Duration {
	for i := range s {
		s[i] *= plan.Second
	}
	return s
}

func testBackoffSequence(t *testing.T) {
	p := good()
	p.MaxAttempts, p.InitialBackoff, p.BackoffMultiplier, p.MaxBackoff = 6, 100*plan.Second, 2, 700*plan.Second
	if got, want := delays(p, plan.FullJitter, always(0.5)), seconds(50, 100, 200, 350, 350); !slices.Equal(got, want) {
		t.Errorf("full jitter: got %v, want %v", got, want)
	}
	if got, want := delays(p, plan.PlusMinus20, always(0.5)), seconds(100, 200, 400, 700, 700); !slices.Equal(got, want) {
		t.Errorf("±20 %%: got %v, want %v", got, want)
	}

	// The article's example (SEMANTICS 2.4a, 2.4b).
	article := good()
	of := NewPlan(&article, article.MaxAttempts, plan.FullJitter, always(0))
	for n, want := range []plan.Duration{1000, 1500, 2250, 3375} {
		v := of.Failed(n+1, unavailable)
		if v.Bound != want*plan.Millisecond || v.After != 0 {
			t.Errorf("retry %d: bound %d, delay %d, want %d and 0", n+1, v.Bound, v.After, want*plan.Millisecond)
		}
	}
}

func testDraws(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4)).Float64
	p := good()
	p.InitialBackoff, p.MaxBackoff = 10*plan.Second, 4*plan.Second // V6: capped from the first on
	for _, test := range []struct {
		jitter          plan.Jitter
		lowest, highest plan.Duration
	}{
		{plan.FullJitter, 0, 4 * plan.Second},
		{plan.PlusMinus20, 3200 * plan.Millisecond, 4800 * plan.Millisecond},
	} {
		var tenths [10]int
		of := NewPlan(&p, math.MaxInt, test.jitter, random)
		for n := 1; n <= 10_000; n++ {
			v := of.Failed(n, unavailable)
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
		"a bound that never ends":       func(p *Policy) { p.InitialBackoff, p.MaxBackoff = plan.Never, plan.Never },
		"a multiplier beyond any bound": func(p *Policy) { p.BackoffMultiplier, p.MaxBackoff = math.Inf(1), plan.Never },
		"a backoff that shrinks away":   func(p *Policy) { p.InitialBackoff, p.BackoffMultiplier = 1, math.SmallestNonzeroFloat64 },
	} {
		t.Run(name, func(t *testing.T) {
			p := good()
			p.MaxAttempts = 20
			change(&p)
			for _, jitter := range []plan.Jitter{plan.FullJitter, plan.PlusMinus20} {
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
