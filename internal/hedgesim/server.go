package hedgesim

import "github.com/hedgerow-web/hedgerow/internal/plan"

// open has an attempt worked on, at once or when a worker is free.
func (r *run) open(at int32, attempt uint8) {
	t := &r.calls[at].attempts[attempt]
	r.calls[at].left++
	if r.Workers > 0 && r.busy == r.Workers {
		t.state = waiting
		r.queue.add(event{call: at, attempt: attempt})
		return
	}
	r.work(at, attempt)
}

func (r *run) work(at int32, attempt uint8) {
	t := &r.calls[at].attempts[attempt]
	t.state = worked
	r.busy++
	r.agenda.add(event{at: r.now + t.work, kind: done, call: at, attempt: attempt})
}

// finish answers an attempt. If its call has been answered already, nobody hears it.
func (r *run) finish(at int32, attempt uint8) {
	c := r.calls[at]
	c.attempts[attempt].state = over
	r.busy--
	for r.queue.len() > 0 && r.busy < max(r.Workers, 1) {
		next := r.queue.next()
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
	at      plan.Duration
	call    int32
	kind    uint8
	attempt uint8
}

const (
	arrival uint8 = iota
	done
	timer
)

// agenda is a heap of what is to happen, the earliest first.
type agenda []event

func (a *agenda) add(e event) {
	h := append(*a, e)
	i := len(h) - 1
	for i > 0 {
		above := (i - 1) / 2
		if h[above].at <= e.at {
			break
		}
		h[i] = h[above]
		i = above
	}
	h[i] = e
	*a = h
}

func (a *agenda) next() event {
	h := *a
	first, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	for i := 0; len(h) > 0; {
		below := 2*i + 1
		if below+1 < len(h) && h[below+1].at < h[below].at {
			below++
		}
		if below >= len(h) || last.at <= h[below].at {
			h[i] = last
			break
		}
		h[i] = h[below]
		i = below
	}
	*a = h
	return first
}

// queue is what waits for a worker, in the order in which it came.
type queue struct {
	waiting []event
	head    int
}

func (q *queue) len() int { return len(q.waiting) - q.head }

func (q *queue) add(e event) { q.waiting = append(q.waiting, e) }

func (q *queue) next() event {
	e := q.waiting[q.head]
	if q.head++; q.head > 1<<12 {
		q.waiting = append(q.waiting[:0], q.waiting[q.head:]...)
		q.head = 0
	}
	return e
}
