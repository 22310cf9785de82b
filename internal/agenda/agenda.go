// Package agenda is what simulations in virtual time are made of: what is to happen, in the
// order of its instants, and what waits, in the order in which it came.
package agenda

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// Agenda is what is to happen. The zero Agenda is empty.
type Agenda[E any] struct{ heap []entry[E] }

type entry[E any] struct {
	at   plan.Duration
	what E
}

// Len is how many events there are.
func (a *Agenda[E]) Len() int { return len(a.heap) }

// Add has something happen at an instant.
func (a *Agenda[E]) Add(at plan.Duration, what E) {
	h := append(a.heap, entry[E]{at, what})
	i := len(h) - 1
	for e := h[i]; i > 0; {
		above := (i - 1) / 2
		if h[above].at <= e.at {
			break
		}
		h[i], h[above] = h[above], e
		i = above
	}
	a.heap = h
}

// Next takes out what happens first. Of what happens at the same instant, it may be any.
func (a *Agenda[E]) Next() (at plan.Duration, what E) {
	h := a.heap
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
	a.heap = h
	return first.at, first.what
}

// Queue is what waits. The zero Queue is empty.
type Queue[E any] struct {
	waiting []E
	head    int
}

// Len is how many wait.
func (q *Queue[E]) Len() int { return len(q.waiting) - q.head }

// Add puts something at the end.
func (q *Queue[E]) Add(e E) { q.waiting = append(q.waiting, e) }

// Next takes out what has waited longest.
func (q *Queue[E]) Next() E {
	e := q.waiting[q.head]
	if q.head++; q.head > 1<<12 && 2*q.head > len(q.waiting) {
		q.waiting = append(q.waiting[:0], q.waiting[q.head:]...)
		q.head = 0
	}
	return e
}
