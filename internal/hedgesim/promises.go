package hedgesim

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// Report measures what SEMANTICS 8.5 promises and writes it down, beside other rules.
type Report struct {
	To   io.Writer
	Seed uint64 // of all that is random
	// Broken are the promises that did not hold.
	Broken []string
}

func (r *Report) write(format string, args ...any) { fmt.Fprintf(r.To, format+"\n", args...) }

func (r *Report) promise(holds bool, format string, args ...any) {
	if !holds {
		r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
	}
}

// Steady compares the tuned delay with the best fixed one: calls that are independent,
// of which 5 % are ten times slower. The tuned delay may be used with no more than
// maxExtraLoad; of the fixed ones the one counts that sends as many hedges.
func (r *Report) Steady(calls int, loads ...float64) {
	r.write("p99 of %d calls, in ms: lognormal 5 ± 2 ms, 5 %% of attempts ten times slower, seed %d, 4000 calls at a time", calls, r.Seed)
	world := World{Seed: r.Seed, Calls: calls, InFlight: 4000, Slow: 0.05}
	r.write("  %-34s %8s %8s", "rule", "load", "p99")
	none := world.Run(None{}, 1, nil)
	r.write("  %-34s %8.4f %8.2f", "no hedging", none.Load(), none.P99())
	for delay := 8.0; delay <= 14; delay++ {
		fixed := world.Run(After(delay), 1, nil)
		r.write("  %-34s %8.4f %8.2f", fmt.Sprintf("fixed delay of %.0f ms", delay), fixed.Load(), fixed.P99())
	}
	published := world.Run(&Percentile{Fixed: *After(10)}, 1, nil)
	r.write("  %-34s %8.4f %8.2f", `95th percentile (Dean, Barroso)`, published.Load(), published.P99())
	for _, load := range loads {
		tuned := world.Run(Tune(load), load, nil)
		best := world.fixedWith(tuned.Load())
		ratio := tuned.P99() / best.P99()
		r.write("  %-34s %8.4f %8.2f   best fixed delay at this load: %.2f, ratio %.3f (promised: 1.05)",
			fmt.Sprintf("tuned, maxExtraLoad %.2f", load), tuned.Load(), tuned.P99(), best.P99(), ratio)
		r.promise(ratio <= 1.05, "maxExtraLoad %.2f: p99 is %.3f of the best fixed delay's; promised: 1.05", load, ratio)
		r.promise(tuned.Excess <= 2.0001, "maxExtraLoad %.2f: %.2f hedges more than the share of the calls in some window; promised: 2", load, tuned.Excess)
		if load == 0.08 {
			r.promise(tuned.P99() <= 17.2, "maxExtraLoad 0.08: p99 is %.2f ms; promised: 17.2", tuned.P99())
		}
	}
	r.write("  The same with fewer calls at a time. A hedge waits for the next calls to earn it, longer if they are few:")
	for _, flight := range []int{200, 20, 1} {
		world.InFlight = flight
		tuned := world.Run(Tune(0.08), 0.08, nil)
		r.write("  %-34s %8.4f %8.2f", fmt.Sprintf("tuned, maxExtraLoad 0.08, %d at a time", flight), tuned.Load(), tuned.P99())
	}
}

// fixedWith runs the fixed delay that sends as many hedges.
func (w *World) fixedWith(load float64) *Result {
	low, high := 5.0, 25.0
	var fixed *Result
	for range 10 {
		delay := math.Sqrt(low * high)
		if fixed = w.Run(After(delay), 1, nil); fixed.Load() > load {
			low = delay
		} else {
			high = delay
		}
	}
	return fixed
}

// Shift measures how soon the delay follows a server that becomes four times slower.
func (r *Report) Shift(seeds int) {
	const load, calls = 0.08, 4000
	for _, flight := range []int{1, 20} {
		var soon, later []float64
		for i := range seeds {
			world := World{Seed: r.Seed + uint64(i), Calls: 2 * calls, InFlight: flight, Slow: 0.05, ShiftAt: calls, Shift: 4}
			best := 4 * world.quantile(load)
			rule, first := Tune(load), -1
			world.Run(rule, load, func(call int) {
				off := math.Abs(float64(rule.tuner.Exceeded(load))/float64(best) - 1)
				if call >= calls && first < 0 && off <= 0.1 {
					first = call - calls
				}
				if call >= calls+200 {
					later = append(later, off)
				}
			})
			soon = append(soon, float64(first))
		}
		slices.Sort(soon)
		slices.Sort(later)
		median := soon[len(soon)/2]
		r.write("service time × 4, %d calls at a time: within 10 %% of the best delay after %.0f calls (median of %d seeds; promised one at a time: 200); from the 200th call on %.1f %% off (median)",
			flight, median, seeds, 100*later[len(later)/2])
		r.promise(flight > 1 || median >= 0 && median <= 200, "service time × 4: within 10 %% of the best delay only after %.0f calls; promised: 200", median)
	}
}

// quantile is the span that this share of all attempts exceeds.
func (w *World) quantile(share float64) plan.Duration {
	calm := World{Seed: w.Seed + 1<<32, Calls: 100_000, InFlight: 1, Slow: w.Slow}
	took := calm.Run(None{}, 1, nil).Took
	return took[int(float64(len(took))*(1-share))]
}

// Queue measures that hedging does no harm where calls wait for one another.
func (r *Report) Queue(loads []float64, seeds, calls int) {
	r.write("p99 in ms of %d calls, %d seeds: 16 workers behind one queue, lognormal 5 ± 2 ms, 2 %% of attempts ten times slower, maxExtraLoad 0.05", calls, seeds)
	r.write("  %-6s %12s %8s %8s %12s %8s %18s", "load", "no hedging", "tuned", "ratio", "worst seed", "hedges", "95th percentile")
	rows := make([]queued, len(loads)*seeds)
	var group sync.WaitGroup
	workers := make(chan struct{}, 2)
	for i := range rows {
		group.Add(1)
		workers <- struct{}{}
		go func() {
			defer group.Done()
			rows[i] = queueing(loads[i/seeds], r.Seed+uint64(i%seeds), calls, i%seeds < 5)
			<-workers
		}()
	}
	group.Wait()
	for i, load := range loads {
		r.queue(load, rows[i*seeds:(i+1)*seeds])
	}
}

// queued is what one load and seed gave.
type queued struct{ none, tuned, hedges, published float64 }

func queueing(load float64, seed uint64, calls int, published bool) queued {
	world := World{Seed: seed, Calls: calls, Workers: 16, Slow: 0.02}
	world.PerMilli = load * float64(world.Workers) / world.Mean()
	none, tuned := world.Run(None{}, 1, nil), world.Run(Tune(0.05), 0.05, nil)
	q := queued{none: none.P99(), tuned: tuned.P99(), hedges: tuned.Load()}
	if published {
		q.published = world.Run(&Percentile{Fixed: *After(10)}, 1, nil).P99() / q.none
	}
	return q
}

func (r *Report) queue(load float64, rows []queued) {
	var sum queued
	worst, compared := 0.0, 0.0
	for _, q := range rows {
		sum.none, sum.tuned, sum.hedges = sum.none+q.none, sum.tuned+q.tuned, sum.hedges+q.hedges
		worst = max(worst, q.tuned/q.none)
		if q.published > 0 {
			sum.published += q.published
			compared++
		}
	}
	n := float64(len(rows))
	r.write("  %-6.2f %12.1f %8.1f %8.3f %12.3f %8.4f %11.3f of none", load, sum.none/n, sum.tuned/n, sum.tuned/sum.none, worst, sum.hedges/n, sum.published/compared)
	ratio := sum.tuned / sum.none
	r.promise(ratio <= 1.03, "load %.2f: p99 is %.3f of what it is without hedging; promised: 1.03", load, ratio)
	r.promise(load > 0.6 || worst <= 0.6, "load %.2f: with a seed p99 is %.3f of what it is without hedging; promised: 0.6", load, worst)
}
