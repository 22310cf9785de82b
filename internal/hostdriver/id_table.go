package hostdriver

// idTable finds values by their ids, which JavaScript counts up. It stands in for
// map[uint32]*V, because the code of Go's maps would cost a browser more than a kilobyte.
type idTable[V any] struct {
	slots []slot[V] // a power of two of them, at most half of which are used
	used  int
}

type slot[V any] struct {
	id    uint32
	value *V // nil: the slot is empty
}

// find returns the value of an id, or nil.
func (t *idTable[V]) find(id uint32) *V {
	if len(t.slots) == 0 {
		return nil
	}
	return t.slots[t.at(id)].value
}

// set gives an id a value, or a different one.
func (t *idTable[V]) set(id uint32, value *V) {
	if 2*t.used >= len(t.slots) {
		old := t.slots
		t.slots, t.used = make([]slot[V], max(8, 2*len(old))), 0
		for _, s := range old {
			if s.value != nil {
				t.set(s.id, s.value)
			}
		}
	}
	s := &t.slots[t.at(id)]
	if s.value == nil {
		t.used++
	}
	*s = slot[V]{id, value}
}

// remove removes an id if it is there. Ids behind it are put in again, because it may have
// kept them from their own slots.
func (t *idTable[V]) remove(id uint32) {
	if t.find(id) == nil {
		return
	}
	at := t.at(id)
	t.slots[at].value = nil
	t.used--
	for at = t.after(at); t.slots[at].value != nil; at = t.after(at) {
		s := t.slots[at]
		t.slots[at].value = nil
		t.used--
		t.set(s.id, s.value)
	}
}

// at returns where an id is, or would be: at its own slot, or behind others. The own slots
// of ids that follow each other are far apart, so that there are few others.
func (t *idTable[V]) at(id uint32) int {
	at := int(id*0x9e3779b1) & (len(t.slots) - 1)
	for t.slots[at].value != nil && t.slots[at].id != id {
		at = t.after(at)
	}
	return at
}

func (t *idTable[V]) after(at int) int { return (at + 1) & (len(t.slots) - 1) }
