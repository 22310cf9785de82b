// Package hedgesim simulates hedging in virtual time, with the machines that also take
// the real calls through their attempts. It measures what SEMANTICS 8.5 promises, beside
// what other rules do with the same calls.
package hedgesim

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/agenda"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// World is what calls meet. Two runs of the same World differ in nothing but the rule.
type World struct {
	Seed  uint64
	Calls int // that are measured; more follow until these have ended, since calls pay for hedges

	// InFlight calls at a time; the next begins when one ends. Or else they begin at
	// random, at this many in a millisecond.
	InFlight int
	PerMilli float64

	Workers int     // 0: every attempt is worked on at once; else one queue is before them
	Slow    float64 // the share of attempts that take ten times as long

	ShiftAt int     // from this call on
	Shift   float64 // all take so many times as long
}

// Mean is how long the work on an attempt takes, in milliseconds.
func (w *World) Mean() float64 { return ordinaryMean * (1 + 9*w.Slow) }

// The ordinary attempts' time is lognormal: 5 ± 2 ms.
const ordinaryMean, ordinaryDeviation = 5, 2

var (
	sigma = math.Sqrt(math.Log(1 + float64(ordinaryDeviation*ordinaryDeviation)/(ordinaryMean*ordinaryMean)))
	mu    = math.Log(ordinaryMean) - sigma*sigma/2
)

// Rule makes the plan of a call that is about to begin.
type Rule interface {
	Plan() (plan.Plan, plan.Pacer)
	// Ended is told how long a call took.
	Ended(took plan.Duration)
}

// Result is how the calls of a World ended.
type Result struct {
	Took   []plan.Duration // sorted
	Hedges int
	Excess float64 // how far hedges ever exceeded the share of the calls in any window, given to Run
}

// Load is how many hedges there were for each call.
func (r *Result) Load() float64 { return float64(r.Hedges) / float64(len(r.Took)) }

// P99 is what 99 % of the calls took at most, in milliseconds.
func (r *Result) P99() float64 {
	return float64(r.Took[len(r.Took)*99/100]) / float64(plan.Millisecond)
}

// Run takes the calls of a World through a rule. Before each call, each is told its number.
func (w *World) Run(rule Rule, share float64, each func(call int)) *Result {
	r := &run{
		World: w, rule: rule, each: each, share: share,
		arrivals: rand.New(rand.NewPCG(w.Seed, 1)), ok: status.New(status.OK, ""),
		result: &Result{Took: make([]plan.Duration, 0, w.Calls)},
	}
	for i := range r.services {
		r.services[i] = rand.New(rand.NewPCG(w.Seed, uint64(2+i)))
	}
	r.agenda.Add(0, event{kind: arrival})
	for i := range w.InFlight - 1 { // the first ones do not begin all at once
		r.agenda.Add(span(w.Mean()*float64(i+1)/float64(w.InFlight)), event{kind: arrival})
	}
	for len(r.result.Took) < w.Calls {
		r.happen(r.agenda.Next())
	}
	slices.Sort(r.result.Took)
	return r.result
}

type run struct {
	*World
	rule     Rule
	each     func(call int)
	arrivals *rand.Rand
	services [2]*rand.Rand // of the first attempts, and of the hedges
	ok       *status.Status

	now    plan.Duration
	begun  int
	agenda agenda.Agenda[event]
	calls  []*call // of which some are free
	free   []int32
	queue  agenda.Queue[event]
	busy   int
	result *Result

	share  float64
	margin float64 // how many hedges less than the share of the calls there were since the worst window began
}

// call is a call, or a place for one.
type call struct {
	machine  attempts.Machine
	begun    plan.Duration
	attempts [2]attempt
	armed    plan.Duration // of its timer, the latest
	ended    bool
	measured bool
	left     int // events and attempts that still mean this call
}

type attempt struct {
	work  plan.Duration
	state uint8
}

const (
	waiting uint8 = iota + 1 // in the queue
	worked                   // a worker is at it
	over
)

func (r *run) happen(at plan.Duration, e event) {
	r.now = at
	switch e.kind {
	case arrival:
		r.begin()
	case done:
		r.finish(e.call, e.attempt)
	case timer:
		c := r.calls[e.call]
		if !c.ended && c.armed == at {
			c.armed = plan.Never
			c.machine.Timer(r.now)
			r.carryOut(e.call)
		}
		r.leave(e.call)
	}
}

func (r *run) begin() {
	if r.each != nil {
		r.each(r.begun)
	}
	at := int32(len(r.calls))
	if n := len(r.free); n > 0 {
		at, r.free = r.free[n-1], r.free[:n-1]
	} else {
		r.calls = append(r.calls, new(call))
	}
	c := r.calls[at]
	p, pacer := r.rule.Plan()
	most := 1
	if p.Kind() == status.KindHedge {
		most = 2
	}
	*c = call{begun: r.now, measured: r.begun < r.Calls, armed: plan.Never, left: 1}
	c.machine.Init(attempts.Settings{Plan: p, Pacer: pacer, Deadline: plan.Never, MaxAttempts: most})
	for i := range c.attempts {
		c.attempts[i].work = r.draw(i)
	}
	r.begun++
	r.margin = min(r.margin+r.share, 0)
	c.machine.HalfClose(r.now)
	c.machine.Begin(r.now)
	r.carryOut(at)
	if r.PerMilli > 0 {
		r.agenda.Add(r.now+span(r.arrivals.ExpFloat64()/r.PerMilli), event{kind: arrival})
	}
}

func (r *run) draw(attempt int) plan.Duration {
	random := r.services[attempt]
	ms := math.Exp(mu + sigma*random.NormFloat64())
	if random.Float64() < r.Slow {
		ms *= 10
	}
	if r.ShiftAt > 0 && r.begun >= r.ShiftAt {
		ms *= r.Shift
	}
	return span(ms)
}

func span(ms float64) plan.Duration { return plan.Duration(ms * float64(plan.Millisecond)) }

// carryOut does what a call asks for.
func (r *run) carryOut(at int32) {
	c := r.calls[at]
	for _, a := range c.machine.Take() {
		switch a.Op {
		case attempts.Open:
			if a.Attempt > 0 {
				if c.measured {
					r.result.Hedges++
				}
				r.margin--
				r.result.Excess = max(r.result.Excess, -r.margin)
			}
			r.open(at, uint8(a.Attempt))
		case attempts.Abort:
			if t := &c.attempts[a.Attempt]; t.state == waiting { // one that is worked on goes on
				t.state = over
			}
		case attempts.Timer:
			if c.armed = a.At; a.At != plan.Never {
				c.left++
				r.agenda.Add(a.At, event{kind: timer, call: at})
			}
		case attempts.End:
			c.ended = true
			if c.measured {
				r.result.Took = append(r.result.Took, r.now-c.begun)
			}
			r.rule.Ended(r.now - c.begun)
			if r.InFlight > 0 {
				r.agenda.Add(r.now, event{kind: arrival})
			}
		}
	}
	if c.ended {
		r.release(at)
	}
}
