package hostdriver

// calls are those that live. They are found by their ids, and walked in the order
// in which they began: a map has another order each time, and the same events are
// to give the same actions.
//
// To walk them costs as much per call for thousands as for one, and leaves no
// garbage. What is done with a call may end it, so that a walk asks for the next
// one first:
//
//	for c := d.calls.oldest; c != nil; {
//		next := c.newer
//		…
//		c = next
//	}
type calls struct {
	byID           map[uint32]*liveCall
	oldest, newest *liveCall
}

func (l *calls) add(c *liveCall) {
	l.byID[c.id] = c
	c.older = l.newest
	if c.older != nil {
		c.older.newer = c
	} else {
		l.oldest = c
	}
	l.newest = c
}

// remove takes a call out that is there.
func (l *calls) remove(c *liveCall) {
	delete(l.byID, c.id)
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		l.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		l.newest = c.older
	}
	c.older, c.newer = nil, nil
}
