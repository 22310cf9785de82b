package agenda

import (
	"math/rand/v2"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

func TestAgendaIsInOrder(t *testing.T) {
	var a Agenda[int]
	r := rand.New(rand.NewPCG(1, 1))
	last, in, out := plan.Duration(0), 0, 0
	for range 10_000 {
		if a.Len() == 0 || r.IntN(3) > 0 {
			in++
			a.Add(last+plan.Duration(r.IntN(100)), in)
			continue
		}
		at, _ := a.Next()
		if at < last {
			t.Fatalf("what happens at %d comes after %d", at, last)
		}
		last = at
		out++
	}
	if a.Len() != in-out {
		t.Errorf("%d of %d events are left", a.Len(), in-out)
	}
}

func TestQueueIsInOrder(t *testing.T) {
	var q Queue[int]
	next := 0
	for i := range 20_000 {
		q.Add(i)
		if i%3 > 0 {
			if got := q.Next(); got != next {
				t.Fatalf("%d comes before %d", got, next)
			}
			next++
		}
	}
	if q.Len() != 20_000-next {
		t.Errorf("%d wait", q.Len())
	}
}

// What has passed through a queue takes no room any more.
func TestQueueForgets(t *testing.T) {
	var q Queue[int]
	for i := range 100_000 {
		q.Add(i)
		if i >= 10 {
			q.Next()
		}
	}
	if room := cap(q.waiting); room > 1<<15 {
		t.Errorf("10 wait in room for %d", room)
	}
}
