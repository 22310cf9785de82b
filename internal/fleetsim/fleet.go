// Package fleetsim simulates many pages whose one server goes away and comes back, in
// virtual time, with the machines that also take the real calls through their attempts.
// It measures what SEMANTICS 8.7 promises, beside what other rules do to the same server.
package fleetsim

import (
	"math/rand/v2"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/agenda"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// Fleet is what happens: users with so many pages open, which call one server.
type Fleet struct {
	Seed    uint64
	Pages   int
	PerUser int     // pages of a user
	Rate    float64 // calls a second of a page

	Down, Up, End plan.Duration // when the server goes, when it is back, and when all is over
	FailShare     float64       // of the attempts that it answers: UNAVAILABLE, at random

	// Capacity is how many attempts the server works on in a second. Up to Backlog wait
	// for that; further ones are refused at once. It does not notice that a client has
	// given an attempt up.
	Capacity, Backlog int

	// Reloaders is the share of the users who reload a page every ReloadEvery while the
	// server is down. A page that is loaded makes a call.
	Reloaders   float64
	ReloadEvery plan.Duration
}

// Standard is the fleet of the promises: 100,000 pages that make 10,000 calls a second
// together, and a server that could answer twice as many.
func Standard(seed uint64, perUser int) Fleet {
	return Fleet{
		Seed: seed, Pages: 100_000, PerUser: perUser, Rate: 0.1,
		Down: 180 * plan.Second, Up: 210 * plan.Second, End: 240 * plan.Second, FailShare: 0.03,
		Capacity: 20_000, Backlog: 64_000, Reloaders: 0.2, ReloadEvery: 5 * plan.Second,
	}
}

const (
	network  = 10 * plan.Millisecond // one way
	patience = 2 * plan.Second       // of an attempt
	timeout  = 10 * plan.Second      // of a call
)

// Second is what happened in one second. Calls are counted when they begin.
type Second struct {
	Calls, OK, Attempts int
	Answered            int // calls that ended OK in this second
}

// Run takes the fleet through a rule, and returns what happened in each second.
func (f Fleet) Run(rule Rule) []Second {
	r := &run{
		Fleet: f, rule: rule, random: rand.New(rand.NewPCG(f.Seed, 1)), faults: rand.New(rand.NewPCG(f.Seed, 2)),
		seconds: make([]Second, f.End/plan.Second+1), ok: status.New(status.OK, ""), failure: status.New(status.Unavailable, ""),
		pages: make([][]int32, f.Pages),
	}
	r.agenda.Add(0, event{kind: arrival})
	for user := range int(f.Reloaders * float64(f.Pages/f.PerUser)) {
		first := f.Down + plan.Duration(r.random.Float64()*float64(f.ReloadEvery))
		r.agenda.Add(first, event{kind: reload, call: int32(user)})
	}
	for r.agenda.Len() > 0 {
		at, e := r.agenda.Next()
		if r.now = at; at >= f.End {
			break
		}
		r.happen(e)
	}
	return r.seconds
}

type run struct {
	Fleet
	rule           Rule
	random, faults *rand.Rand
	ok, failure    *status.Status
	seconds        []Second

	now     plan.Duration
	agenda  agenda.Agenda[event]
	calls   []*call
	free    []int32
	pages   [][]int32 // the calls of each page
	queue   agenda.Queue[event]
	working bool // a serve event is to come
}

type call struct {
	machine attempts.Machine
	page    int
	second  int // in which it began
	armed   plan.Duration
	ended   bool
	left    int // events that still mean this call
}

type event struct {
	call    int32
	kind    uint8
	attempt uint8
}

const (
	arrival uint8 = iota
	reload        // call is a user
	arrives       // an attempt, at the server
	serve
	answer
	fault // the answer is a failure
	timer
)

func (r *run) happen(e event) {
	switch e.kind {
	case arrival:
		r.begin(r.random.IntN(r.Pages))
		r.agenda.Add(r.now+plan.Duration(r.random.ExpFloat64()*float64(plan.Second)/(r.Rate*float64(r.Pages))), event{kind: arrival})
	case reload:
		if r.now < r.Up {
			r.reload(int(e.call))
			r.agenda.Add(r.now+r.ReloadEvery, e)
		}
	case arrives:
		r.arrives(e)
	case serve:
		r.serve()
	case answer, fault:
		r.answered(e)
	case timer:
		c := r.calls[e.call]
		if !c.ended && c.armed <= r.now {
			c.armed = plan.Never
			c.machine.Timer(r.now)
			r.carryOut(e.call)
		}
		r.leave(e.call)
	}
}

// reload ends what the page does, and loads it anew.
func (r *run) reload(user int) {
	page := user * r.PerUser
	for _, at := range r.pages[page] {
		c := r.calls[at]
		if !c.ended {
			c.machine.Finish(r.now, status.New(status.Canceled, ""), status.ReasonCanceled)
			r.carryOut(at)
		}
	}
	r.rule.Reload(page)
	r.begin(page)
}

func (r *run) begin(page int) {
	at := int32(len(r.calls))
	if n := len(r.free); n > 0 {
		at, r.free = r.free[n-1], r.free[:n-1]
	} else {
		r.calls = append(r.calls, new(call))
	}
	c := r.calls[at]
	*c = call{page: page, second: int(r.now / plan.Second), armed: plan.Never, left: 1}
	settings := attempts.Settings{
		Deadline: r.now + timeout, RecvTimeout: patience, Restarts: true,
		Quota: attempts.NewQuota(attempts.Unlimited, attempts.Unlimited),
	}
	r.rule.Settle(page, &settings)
	c.machine.Init(settings)
	r.pages[page] = append(r.pages[page], at)
	r.seconds[c.second].Calls++
	c.machine.HalfClose(r.now)
	c.machine.Begin(r.now)
	r.carryOut(at)
}

// carryOut does what a call asks for.
func (r *run) carryOut(at int32) {
	c := r.calls[at]
	for _, a := range c.machine.Take() {
		switch a.Op {
		case attempts.Open:
			r.seconds[r.now/plan.Second].Attempts++
			c.left++
			r.agenda.Add(r.now+network, event{kind: arrives, call: at, attempt: uint8(a.Attempt)})
		case attempts.Timer:
			if c.armed = a.At; a.At != plan.Never {
				c.left++
				r.agenda.Add(a.At, event{kind: timer, call: at})
			}
		case attempts.End:
			c.ended = true
			if c.machine.Status().Code == status.OK {
				r.seconds[c.second].OK++
				r.seconds[r.now/plan.Second].Answered++
			}
		}
	}
	if c.ended && c.page >= 0 {
		r.close(at)
	}
}

// close takes a call that has ended from its page.
func (r *run) close(at int32) {
	c := r.calls[at]
	of := r.pages[c.page]
	for i := range of {
		if of[i] == at {
			of[i] = of[len(of)-1]
			r.pages[c.page] = of[:len(of)-1]
			break
		}
	}
	c.page = -1
	r.leave(at)
}

func (r *run) leave(at int32) {
	c := r.calls[at]
	if c.left--; c.left == 0 {
		r.free = append(r.free, at)
	}
}
