package hostdriver

// calls is the list of live calls, which are also found by their ids. The list is in
// the order in which the calls began, because the same events must always lead to the
// same actions.
//
// Iterating costs the same per call for one call and for thousands, and allocates
// nothing. Handling a call may end it and so remove it from the list; get the next one
// first:
//
//	for c := d.calls.oldest; c != nil; {
//		next := c.newer
//		…
//		c = next
//	}
type calls struct {
	byID           idTable[liveCall]
	oldest, newest *liveCall
}

func (l *calls) add(c *liveCall) {
	l.byID.set(c.id, c)
	c.older = l.newest
	if c.older != nil {
		c.older.newer = c
	} else {
		l.oldest = c
	}
	l.newest = c
}

// remove removes a call, which must be in the list.
func (l *calls) remove(c *liveCall) {
	l.byID.remove(c.id)
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
