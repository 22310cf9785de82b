package hostdriver

import (
	"math/rand"
	"reflect"
	"runtime"
	"slices"
	"testing"
)

// Calls are added and removed in random order, and the list is compared with a plain
// slice. Iterating must find each live call once, the oldest first. A removed call must
// not keep others alive, and one that is kept for others must hold nothing.
func TestCalls(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	list := calls{}
	var model []*liveCall
	for step := range uint32(5000) {
		if random.Intn(2) == 0 || len(model) == 0 {
			c := list.add(step)
			c.channel = 7
			model = append(model, c)
		} else {
			i := random.Intn(len(model))
			gone := model[i]
			list.remove(gone)
			model = slices.Delete(model, i, i+1)
			if gone.older != nil || gone.newer != nil {
				t.Fatalf("step %d: a call that has gone holds others", step)
			}
			for _, spare := range list.spare {
				if !reflect.ValueOf(*spare).IsZero() || len(list.spare) > maxSpare {
					t.Fatalf("step %d: one of %d calls that are kept for others holds something", step, len(list.spare))
				}
			}
		}
		var walked, back []*liveCall
		for c := list.oldest; c != nil && len(walked) <= len(model); c = c.newer {
			walked = append(walked, c)
		}
		for c := list.newest; c != nil && len(back) <= len(model); c = c.older {
			back = append(back, c)
		}
		slices.Reverse(back)
		if !slices.Equal(walked, model) || !slices.Equal(back, model) || list.byID.used != len(model) {
			t.Fatalf("step %d: a walk sees %d calls, back %d, and %d are found; want %d", step, len(walked), len(back), list.byID.used, len(model))
		}
	}
}

// Closing a channel with thousands of calls allocates no more per call than closing one
// with hundreds. Each call ends once, in the order in which they began.
func TestClosingThousandsOfCalls(t *testing.T) {
	few, many := closing(t, 200), closing(t, 20_000)
	if many > few+1 {
		t.Errorf("closing makes %.1f allocations a call with 200 calls, and %.1f with 20,000", few, many)
	}
}

// closing closes a channel that has this many calls, and returns how many allocations
// that takes per call.
func closing(t *testing.T, count int) float64 {
	t.Helper()
	s := open(t, "")
	for id := range count {
		s.starts(float64(id+1), unary())
	}
	b, before, after := s.host.Buffers, runtime.MemStats{}, runtime.MemStats{}
	b.Actions, b.Text = make([]uint32, 0, 100*count), make([]byte, 0, 1000*count)
	runtime.ReadMemStats(&before)
	s.host.Program.CloseChannel(1, 0)
	runtime.ReadMemStats(&after)
	b.Finish()
	actions, err := s.host.Decode()
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, a := range actions {
		if a.Name == "end" {
			if ended++; int(a.Call) != ended {
				t.Fatalf("of %d calls, number %d ended as the call %d", count, ended, a.Call)
			}
		}
	}
	if ended != count {
		t.Fatalf("%d of %d calls ended", ended, count)
	}
	return float64(after.Mallocs-before.Mallocs) / float64(count)
}
