package fleetsim

import (
	"fmt"
	"io"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// Report measures what SEMANTICS 8.7 promises and writes it down, beside other rules.
type Report struct {
	To   io.Writer
	Seed uint64
	// Broken are the promises that did not hold.
	Broken []string
	// Curves are what each rule did to the server, to be drawn.
	Curves []Curve
}

// Curve is what one rule did.
type Curve struct {
	Name    string
	Fleet   Fleet
	Seconds []Second
}

func (r *Report) promise(holds bool, format string, args ...any) {
	if !holds {
		r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
	}
}

// All takes the fleet through all rules. Pages is how many there are: 100,000, or fewer
// for a quick look, with a server that is smaller in proportion.
func (r *Report) All(pages int) {
	shared, single := Standard(r.Seed, tabs).scaled(pages), Standard(r.Seed, 1).scaled(pages)
	fmt.Fprintf(r.To, "%d pages, a call in ten seconds each; the server is down for 30 s; 3 %% of attempts fail at random; a fifth of the users reload every 5 s; seed %d\n", pages, r.Seed)
	fmt.Fprintf(r.To, "  %-44s %10s %14s %16s %16s\n", "rule", "healed", "attempts/call", "goodput 5–10 s", "goodput 25–30 s")
	fmt.Fprintf(r.To, "  %-44s %10s %14s %16s %16s\n", "", "", "in the outage", "after", "after")
	r.run("no retries", shared, None{})
	naive := r.run("three tries, at once", shared, Thrice(r.Seed))
	r.run("gRPC's throttle (10, 0.1), per page", shared, Throttle(r.Seed, pages))
	r.run("Finagle's RetryBudget (20 %, 10/s), per page", shared, Window(r.Seed))
	budget := r.run(fmt.Sprintf("retryBudget 0.1, users with %d tabs", tabs), shared, Budget(r.Seed, pages, tabs))
	r.run("retryBudget 0.1, users with one tab", single, Budget(r.Seed, pages, 1))
	r.promise(naive.late < 0.5, "three naive tries recover by themselves (%.3f): the simulation has no teeth", naive.late)
	r.promise(budget.attempts <= 1.10, "%.3f attempts a call in the outage; promised: 1.10", budget.attempts)
	r.promise(budget.soon >= 0.99, "%.4f of the goodput from 5 s after the outage on; promised: 0.99", budget.soon)
	r.promise(budget.healed >= 0.9999, "%.6f of the calls survive 3 %% random failures; promised: 0.9999", budget.healed)
}

// tabs is how many pages share a user's budget.
const tabs = 8

// scaled is the same with another number of pages.
func (f Fleet) scaled(pages int) Fleet {
	f.Capacity = f.Capacity * pages / f.Pages
	f.Backlog = f.Backlog * pages / f.Pages
	f.Pages = pages
	return f
}

// figures are what a rule did: shares of the goodput before the outage, and of all calls.
type figures struct{ healed, attempts, soon, late float64 }

func (r *Report) run(name string, f Fleet, rule Rule) figures {
	seconds := f.Run(rule)
	r.Curves = append(r.Curves, Curve{name, f, seconds})
	up := f.Up
	calm, outage := sum(seconds, f.Down-60*plan.Second, f.Down-15*plan.Second), sum(seconds, f.Down, up)
	before := float64(calm.Answered) / 45
	x := figures{
		healed: float64(calm.OK) / float64(calm.Calls), attempts: float64(outage.Attempts) / float64(outage.Calls),
		soon: float64(sum(seconds, up+5*plan.Second, up+10*plan.Second).Answered) / 5 / before,
		late: float64(sum(seconds, up+25*plan.Second, up+30*plan.Second).Answered) / 5 / before,
	}
	fmt.Fprintf(r.To, "  %-44s %9.4f%% %14.3f %15.1f%% %15.1f%%\n", name, 100*x.healed, x.attempts, 100*x.soon, 100*x.late)
	return x
}

func sum(seconds []Second, from, to plan.Duration) (all Second) {
	for _, s := range seconds[from/plan.Second : to/plan.Second] {
		all.Calls += s.Calls
		all.OK += s.OK
		all.Attempts += s.Attempts
		all.Answered += s.Answered
	}
	return all
}
