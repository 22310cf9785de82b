package fleetsim

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// arrives has an attempt wait for the server, or refuses it.
func (r *run) arrives(e event) {
	if r.queue.Len() >= r.Backlog {
		r.agenda.Add(r.now+network, event{kind: fault, call: e.call, attempt: e.attempt})
		return
	}
	r.queue.Add(e)
	r.work()
}

// work has the server take what waits, one at a time, while it is up.
func (r *run) work() {
	if r.working || r.queue.Len() == 0 {
		return
	}
	r.working = true
	next := r.now + plan.Second/plan.Duration(r.Capacity)
	if r.now >= r.Down && r.now < r.Up {
		next = r.Up
	}
	r.agenda.Add(next, event{kind: serve})
}

func (r *run) serve() {
	r.working = false
	if r.now >= r.Down && r.now < r.Up {
		r.work()
		return
	}
	e := r.queue.Next()
	e.kind = answer
	if r.faults.Float64() < r.FailShare {
		e.kind = fault
	}
	r.agenda.Add(r.now+network, e)
	r.work()
}

// answered gives an attempt its answer, if somebody still waits for it.
func (r *run) answered(e event) {
	c := r.calls[e.call]
	if id := int(e.attempt); !c.ended && c.machine.Live(id) {
		c.machine.Head(r.now, id, 200)
		outcome := plan.Outcome{Status: r.ok, Pushback: plan.NoPushback}
		if e.kind == fault {
			outcome.Status = r.failure
		} else {
			c.machine.Commit(r.now, id)
		}
		c.machine.Ended(r.now, id, outcome)
		r.carryOut(e.call)
	}
	r.leave(e.call)
}
