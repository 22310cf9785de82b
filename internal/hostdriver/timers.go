package hostdriver

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// timers is a heap of the timers of all calls, with the earliest first. JavaScript has
// one timer for all of them.
type timers struct {
	heap []*timer
}

// timer is the timer of one call.
type timer struct {
	call  *liveCall
	at    plan.Duration // Never: not set
	place int           // in the heap, while the timer is set

	patient bool // it waits for the end of a body, which usually comes at once
}

// earliest returns when the first timer is due, or Never if none is set.
func (h *timers) earliest() plan.Duration {
	if len(h.heap) == 0 {
		return plan.Never
	}
	return h.heap[0].at
}

// patient reports whether the first timer is patient.
func (h *timers) patient() bool { return len(h.heap) > 0 && h.heap[0].patient }

// set sets a timer to another instant. With Never, it is removed.
func (h *timers) set(t *timer, at plan.Duration) {
	was := t.at
	t.at = at
	switch {
	case was == plan.Never && at == plan.Never:
	case was == plan.Never:
		t.place = len(h.heap)
		h.heap = append(h.heap, t)
		h.up(t.place)
	case at == plan.Never:
		h.remove(t.place)
	default:
		h.down(h.up(t.place))
	}
}

func (h *timers) remove(place int) {
	last := len(h.heap) - 1
	h.swap(place, last)
	h.heap[last] = nil
	h.heap = h.heap[:last]
	if place < last {
		h.down(h.up(place))
	}
}

func (h *timers) up(place int) int {
	for place > 0 {
		parent := (place - 1) / 2
		if h.heap[parent].at <= h.heap[place].at {
			break
		}
		h.swap(place, parent)
		place = parent
	}
	return place
}

func (h *timers) down(place int) {
	for {
		least := 2*place + 1
		if least >= len(h.heap) {
			return
		}
		if right := least + 1; right < len(h.heap) && h.heap[right].at < h.heap[least].at {
			least = right
		}
		if h.heap[place].at <= h.heap[least].at {
			return
		}
		h.swap(place, least)
		place = least
	}
}

func (h *timers) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].place, h.heap[j].place = i, j
}
