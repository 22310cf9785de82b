package endpointsim

import (
	"fmt"
	"io"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Report measures what several endpoints are for, and writes it down.
type Report struct {
	To   io.Writer
	Seed uint64
	// Broken are the promises that did not hold.
	Broken []string
}

// What is promised of the calls that begin after the first twenty since a fault.
const (
	until    = 20
	promised = 1.5
)

// policy is what the calls have.
type policy struct {
	name   string
	make   func(seed uint64) func() plan.Plan
	silent plan.Duration
}

var policies = []policy{
	{"retry, perAttemptRecvTimeout 0.1 s", func(seed uint64) func() plan.Plan {
		of := &retry.Policy{MaxAttempts: 4, InitialBackoff: 10 * plan.Millisecond, MaxBackoff: plan.Second, BackoffMultiplier: 2, RetryableStatusCodes: status.Codes(status.Unavailable)}
		return func() plan.Plan { return retry.NewPlan(of, 4, plan.FullJitter, func() float64 { return 0.5 }) }
	}, 100 * plan.Millisecond},
	{"hedging after 30 ms", func(uint64) func() plan.Plan {
		of := &hedge.Policy{MaxAttempts: 4, HedgingDelay: 30 * plan.Millisecond, NonFatalStatusCodes: status.Codes(status.Unavailable)}
		return func() plan.Plan { return hedge.NewPlan(of, 4) }
	}, 0},
}

// All has one endpoint die, and the next one slow down, with each policy, and with each way
// to die.
func (r *Report) All(each plan.Duration) {
	r.write("three endpoints, lognormal 5 ± 2 ms, 100 calls a second, seed %d; of each fault, the calls after the first %d.", r.Seed, until)
	r.write("The fault is that of the endpoint that most calls go to: first it dies, then the next one becomes twenty times slower.")
	for _, p := range policies {
		for _, dies := range []Fault{Refuses, Hangs} {
			r.write("%s; the first %s", p.name, [...]string{Refuses: "refuses connections", Hangs: "takes requests and never answers"}[dies])
			r.write("  %-16s %10s %10s %10s %10s %14s", "", "healthy", "one dead", "one slow", "failures", "first 20, p99")
			for rule, name := range []string{"Hedgerow", "round robin", "one endpoint"} {
				w := World{
					Seed: r.Seed, Rate: 100, Policy: p.make(r.Seed), Silent: p.silent, Rule: Rule(rule), End: 3 * each,
					Faults: []Change{{each, dies}, {2 * each, Slow}},
				}
				r.judge(Rule(rule), name, p.name, w.Run(), each)
			}
		}
	}
}

func (r *Report) judge(rule Rule, name, policy string, calls []Call, each plan.Duration) {
	var p99 [3]float64
	failures, soon := 0, 0.0
	for phase := range p99 {
		from, to := plan.Duration(phase)*each, plan.Duration(phase+1)*each
		var of []Call
		for _, c := range calls {
			if c.Begun >= from && c.Begun < to {
				of = append(of, c)
			}
			if c.Begun >= from && c.Begun < to && !c.OK {
				failures++
			}
		}
		if phase > 0 {
			soon = max(soon, quantile(of[:until]))
			of = of[until:]
		}
		p99[phase] = quantile(of)
	}
	if rule != Pool {
		r.write("  %-16s %10s %10s %10s %10d %14s", name, shown(p99[0]), shown(p99[1]), shown(p99[2]), failures, shown(soon))
		return
	}
	r.write("  %-16s %10.1f %10.1f %10.1f %10d %14.1f  p99 in ms; promised: %.1f, no failure", name, p99[0], p99[1], p99[2], failures, soon, promised*p99[0])
	r.promise(failures == 0, "%s: %d calls failed", policy, failures)
	for phase := 1; phase < 3; phase++ {
		ratio := p99[phase] / p99[0]
		r.promise(ratio <= promised, "%s: after fault %d p99 is %.2f of what it is without; promised: %.1f", policy, phase, ratio, promised)
	}
}

// quantile is the time that 99 % of the calls took at most, in ms.
func quantile(of []Call) float64 {
	took := make([]plan.Duration, len(of))
	for i, c := range of {
		took[i] = c.Took
	}
	slices.Sort(took)
	return float64(took[len(took)*99/100]) / float64(plan.Millisecond)
}

func shown(ms float64) string {
	if ms > 1e9 {
		return "never ends"
	}
	return fmt.Sprintf("%.1f", ms)
}

func (r *Report) write(format string, args ...any) { fmt.Fprintf(r.To, format+"\n", args...) }

func (r *Report) promise(holds bool, format string, args ...any) {
	if !holds {
		r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
	}
}
