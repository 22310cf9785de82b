package hostdriver

import (
	"math/rand"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// The heap's first timer is compared with the earliest of all timers that are set.
func TestTimers(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	all := make([]timer, 40)
	for i := range all {
		all[i].at = plan.Never
	}
	var h timers
	for step := range 20_000 {
		at := plan.Duration(random.Intn(50)) // often equal ones
		if random.Intn(3) == 0 {
			at = plan.Never
		}
		h.set(&all[random.Intn(len(all))], at)
		earliest, set := plan.Never, 0
		for i := range all {
			earliest = min(earliest, all[i].at)
			if all[i].at != plan.Never {
				set++
			}
		}
		if h.earliest() != earliest || len(h.heap) != set {
			t.Fatalf("step %d: the earliest of %d timers is %d; want %d of %d", step, len(h.heap), h.earliest(), earliest, set)
		}
		for place, timer := range h.heap {
			if timer.place != place {
				t.Fatalf("step %d: the timer at %d believes that it is at %d", step, place, timer.place)
			}
		}
	}
}

// Calls come and go by the thousand, so a timer that was removed must not be kept.
func TestTimersAreLetGo(t *testing.T) {
	var h timers
	one, other := timer{at: plan.Never}, timer{at: plan.Never}
	h.set(&one, 1)
	h.set(&other, 2)
	h.set(&one, plan.Never)
	h.set(&one, plan.Never)
	h.set(&other, plan.Never)
	for i, kept := range h.heap[:cap(h.heap)] {
		if kept != nil {
			t.Errorf("place %d still holds a timer", i)
		}
	}
}
