package hedgesim

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// open has an attempt worked on, at once or when a worker is free.
func (r *run) open(at int32, attempt uint8) {
	t := &r.calls[at].attempts[attempt]
	r.calls[at].left++
	if r.Workers > 0 && r.busy == r.Workers {
		t.state = waiting
		r.queue.Add(event{call: at, attempt: attempt})
		return
	}
	r.work(at, attempt)
}

func (r *run) work(at int32, attempt uint8) {
	t := &r.calls[at].attempts[attempt]
	t.state = worked
	r.busy++
	r.agenda.Add(r.now+t.work, event{kind: done, call: at, attempt: attempt})
}

// finish answers an attempt. If its call has been answered already, nobody hears it.
func (r *run) finish(at int32, attempt uint8) {
	c := r.calls[at]
	c.attempts[attempt].state = over
	r.busy--
	for r.queue.Len() > 0 && r.busy < max(r.Workers, 1) {
		next := r.queue.Next()
		if r.calls[next.call].attempts[next.attempt].state == waiting {
			r.work(next.call, next.attempt)
		} else {
			r.leave(next.call)
		}
	}
	if !c.ended {
		id := int(attempt)
		c.machine.Head(r.now, id, 200)
		c.machine.Commit(r.now, id)
		c.machine.Ended(r.now, id, plan.Outcome{Status: r.ok, Pushback: plan.NoPushback})
		r.carryOut(at)
	}
	r.leave(at)
}

// release gives up the hold that a running call has on its place.
func (r *run) release(at int32) {
	if c := r.calls[at]; c.left > 0 {
		r.leave(at)
	}
}

// leave says that one thing less means this call. When nothing does, its place is free.
func (r *run) leave(at int32) {
	c := r.calls[at]
	if c.left--; c.left == 0 {
		r.free = append(r.free, at)
	}
}

type event struct {
	call    int32
	kind    uint8
	attempt uint8
}

const (
	arrival uint8 = iota
	done
	timer
)
