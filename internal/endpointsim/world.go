// Package endpointsim simulates a channel with three endpoints in virtual time, with the
// machines that also take the real calls through their attempts: one endpoint dies, and
// another becomes twenty times slower. It measures what SEMANTICS 8.6 is for, beside what
// other rules do with the same calls.
package endpointsim

import (
	"math"
	"math/rand/v2"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/agenda"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/endpoints"
)

const count = 3 // endpoints

// Rule is where attempts go.
type Rule uint8

// The rules.
const (
	Pool       Rule = iota // Hedgerow's: SEMANTICS 8.6
	RoundRobin             // each attempt to the next one
	One                    // all to the first one, as with one base URL
)

// Fault is what is wrong with an endpoint.
type Fault uint8

// The faults.
const (
	Refuses Fault = iota + 1 // no connection can be made
	Hangs                    // it takes requests and never answers
	Slow                     // it takes twenty times as long
)

// World is what calls meet.
type World struct {
	Seed   uint64
	Rate   float64 // calls that begin in a second, at random
	Policy func() plan.Plan
	Silent plan.Duration // perAttemptRecvTimeout
	Rule   Rule
	Faults []Change
	End    plan.Duration
}

// Change is that something happens to the endpoint that most calls go to. One that is
// broken already stays broken.
type Change struct {
	At    plan.Duration
	Fault Fault
}

// Call is how a call went.
type Call struct {
	Begun, Took plan.Duration // Took: Never if it did not end
	OK          bool
}

// The ordinary attempts' time is lognormal: 5 ± 2 ms.
const mean, deviation, slowdown, refusal = 5, 2, 20, plan.Millisecond

var (
	sigma = math.Sqrt(math.Log(1 + float64(deviation*deviation)/(mean*mean)))
	mu    = math.Log(mean) - sigma*sigma/2
)

// Run returns the calls in the order in which they began.
func (w *World) Run() []Call {
	r := &run{
		World: w, arrivals: rand.New(rand.NewPCG(w.Seed, 1)), service: rand.New(rand.NewPCG(w.Seed, 2)),
		ok: status.New(status.OK, ""), lost: status.New(status.Unavailable, ""),
	}
	if w.Rule == Pool {
		r.pool = endpoints.New(make([]string, count))
	}
	r.agenda.Add(0, event{kind: arrival})
	for i, c := range w.Faults {
		r.agenda.Add(c.At, event{kind: change, attempt: i})
	}
	for r.agenda.Len() > 0 {
		at, e := r.agenda.Next()
		r.now = at
		r.happen(e)
	}
	calls := make([]Call, len(r.calls))
	for i, c := range r.calls {
		calls[i] = c.Call
	}
	return calls
}

type run struct {
	*World
	arrivals, service *rand.Rand
	ok, lost          *status.Status
	pool              *endpoints.Pool
	usual             float32
	turn              int
	faults            [count]Fault
	busy              [count]int // attempts since the last change

	now    plan.Duration
	agenda agenda.Agenda[event]
	calls  []*call
}

type call struct {
	Call
	machine attempts.Machine
	armed   plan.Duration
	ended   bool
}

type event struct {
	call, attempt int
	kind          uint8
	ok            bool
}

const (
	arrival uint8 = iota
	answer
	timer
	change
)

func (r *run) happen(e event) {
	switch e.kind {
	case arrival:
		if r.now < r.End {
			r.begin()
			r.agenda.Add(r.now+plan.Duration(r.arrivals.ExpFloat64()*float64(plan.Second)/r.Rate), event{kind: arrival})
		}
	case change:
		r.change(r.Faults[e.attempt].Fault)
	case timer:
		if c := r.calls[e.call]; !c.ended && c.armed == r.now {
			c.armed = plan.Never
			c.machine.Timer(r.now)
			r.carryOut(e.call)
		}
	case answer:
		c := r.calls[e.call]
		if e.ok {
			c.machine.Head(r.now, e.attempt, 200)
			c.machine.Commit(r.now, e.attempt)
			c.machine.Ended(r.now, e.attempt, plan.Outcome{Status: r.ok, Pushback: plan.NoPushback})
		} else {
			c.machine.Ended(r.now, e.attempt, plan.Outcome{Status: r.lost, Pushback: plan.NoPushback})
		}
		r.carryOut(e.call)
	}
}

// change breaks the endpoint that most attempts went to of those that are not broken.
func (r *run) change(to Fault) {
	most := -1
	for i, n := range r.busy {
		if r.faults[i] == 0 && (most < 0 || n > r.busy[most]) {
			most = i
		}
	}
	r.faults[most], r.busy = to, [count]int{}
}

func (r *run) begin() {
	p, at := r.Policy(), len(r.calls)
	c := &call{Call: Call{Begun: r.now, Took: plan.Never}, armed: plan.Never}
	r.calls = append(r.calls, c)
	c.machine.Init(attempts.Settings{
		Plan: p, Deadline: plan.Never, MaxAttempts: 4, RecvTimeout: r.Silent, Endpoints: r.pool, Usual: &r.usual,
		Quota: attempts.NewQuota(attempts.Unlimited, attempts.Unlimited),
	})
	c.machine.HalfClose(r.now)
	c.machine.Begin(r.now)
	r.carryOut(at)
}

// carryOut does what a call asks for.
func (r *run) carryOut(at int) {
	c := r.calls[at]
	for _, a := range c.machine.Take() {
		switch a.Op {
		case attempts.Open:
			r.open(at, a.Attempt)
		case attempts.Timer:
			if c.armed = a.At; a.At != plan.Never {
				r.agenda.Add(a.At, event{kind: timer, call: at})
			}
		case attempts.End:
			c.ended, c.Took, c.OK = true, r.now-c.Begun, c.machine.Status().Code == status.OK
		}
	}
}

// open has an attempt answered when the time has come, or never.
func (r *run) open(at, attempt int) {
	to := 0
	switch r.Rule {
	case Pool:
		to = r.calls[at].machine.Endpoint(attempt)
	case RoundRobin:
		to = r.turn % count
		r.turn++
	}
	r.busy[to]++
	took := plan.Duration(math.Exp(mu+sigma*r.service.NormFloat64()) * float64(plan.Millisecond))
	switch r.faults[to] {
	case Hangs:
		return
	case Refuses:
		r.agenda.Add(r.now+refusal, event{kind: answer, call: at, attempt: attempt})
		return
	case Slow:
		took *= slowdown
	}
	r.agenda.Add(r.now+took, event{kind: answer, call: at, attempt: attempt, ok: true})
}
