package hostdriver

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

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
	// spare are calls that have ended, for further ones: a call is four fifths of what
	// it allocates.
	spare []*liveCall
}

// maxSpare is how many calls are kept for further ones: as many as most pages have at
// once.
const maxSpare = 16

// add adds a call, which is still to be initialized.
func (l *calls) add(id uint32) *liveCall {
	c := l.unused()
	c.id, c.timer = id, timer{call: c, at: plan.Never}
	l.byID.set(id, c)
	c.older = l.newest
	if c.older != nil {
		c.older.newer = c
	} else {
		l.oldest = c
	}
	l.newest = c
	return c
}

func (l *calls) unused() *liveCall {
	last := len(l.spare) - 1
	if last < 0 {
		return new(liveCall)
	}
	c := l.spare[last]
	l.spare = l.spare[:last]
	return c
}

// remove removes a call, which must be in the list. It must not be in use any more.
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
	if len(l.spare) < maxSpare {
		*c = liveCall{}
		l.spare = append(l.spare, c)
	}
}
