package hostdriver

import (
	"math"
	"math/rand"
	"testing"
)

// Random changes, and a map beside them.
func TestIDTable(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var ids idTable[int]
	model := map[uint32]*int{}
	for step := range 200_000 {
		id := uint32(step/4) - uint32(random.Intn(100)) // ids that are counted up, and begin at the last of all numbers
		switch random.Intn(3) {
		case 0, 1:
			value := step
			ids.set(id, &value)
			model[id] = &value
		case 2:
			ids.remove(id)
			delete(model, id)
		}
		if ids.find(id) != model[id] {
			t.Fatalf("step %d: the value of %d is another one", step, id)
		}
		if step%5000 == 0 {
			for old := range model {
				if uint32(step/4)-old > 50 {
					ids.remove(old)
					delete(model, old)
				}
			}
			for id, value := range model {
				if ids.find(id) != value {
					t.Fatalf("step %d: %d is lost", step, id)
				}
			}
		}
		if ids.used != len(model) || 2*ids.used > len(ids.slots) {
			t.Fatalf("step %d: %d ids in %d slots; want %d", step, ids.used, len(ids.slots), len(model))
		}
	}
}

// Ids that follow each other stay near their own slots, whatever the first one is.
func TestIDTableIsShallow(t *testing.T) {
	for _, first := range []uint32{0, 1, 1 << 20, math.MaxUint32 - 5000} {
		var ids idTable[int]
		for i := range uint32(10_000) {
			ids.set(first+i, new(int))
		}
		deepest := 0
		for at := range ids.slots {
			run := 0
			for ids.slots[(at+run)&(len(ids.slots)-1)].value != nil {
				run++
			}
			deepest = max(deepest, run)
		}
		if deepest > 16 {
			t.Errorf("from %d on: %d slots in a row are used", first, deepest)
		}
	}
}
