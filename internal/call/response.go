package call

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Head: an attempt's response head arrived.
func (c *Call) Head(now plan.Duration, id, httpStatus int, fields metadata.MD) {
	if c.machine.Head(now, id, httpStatus) {
		c.heard(id)
		c.react(now, id, c.attempt(id).Head(httpStatus, fields))
	}
}

// Read: the application waits for a message of a streamed response. A unary
// call reads without being asked.
func (c *Call) Read(now plan.Duration) {
	c.wanted = true
	c.machine.Awaits(now)
	if id, ok := c.machine.Committed(); ok && c.machine.Headed() {
		c.readOn(id)
	}
}

// react does what an exchange asks for.
func (c *Call) react(now plan.Duration, id int, r exchange.Reading) {
	switch r {
	case exchange.More:
		c.read(id)
	case exchange.Headers:
		c.machine.Commit(now, id)
		c.readOn(id)
	case exchange.Ended:
		c.machine.Discard(id)
		c.ended(now, id)
	}
}

// readOn reads the committed attempt's body where somebody wants it: nothing is
// read that nobody asked for. What may still be Trailers-Only is read on, since
// the end of the body says so (SEMANTICS 5.1b).
func (c *Call) readOn(id int) {
	if c.wanted || !c.streaming || !c.machine.Headed() {
		c.read(id)
	}
}

// read asks for one chunk at a time.
func (c *Call) read(id int) {
	if a := c.attempt(id); !a.reading && c.machine.Live(id) {
		a.reading = true
		c.machine.Read(id)
	}
}

// Feed reads a chunk of an attempt's body from offset at. It appends the
// fragments of messages to the given ones, up to their capacity, and answers
// with the offset it came to; short of the chunk's end, feed again. When all is
// taken, say Drained. Where an Inflate action comes of it, do that first.
func (c *Call) Feed(now plan.Duration, id int, chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int) {
	if !c.machine.Live(id) || len(chunk) == 0 { // a chunk of nothing is no body yet
		return to, len(chunk)
	}
	a := c.attempt(id)
	if a.Body() == exchange.Headers {
		c.machine.Commit(now, id)
		if c.machine.Over() { // the deadline, at this very event
			return to, len(chunk)
		}
	}
	had := len(to)
	to, at, r := a.Feed(chunk, at, to)
	if r == exchange.Headers {
		if c.machine.Commit(now, id); c.machine.Over() {
			return to[:had], len(chunk)
		}
	}
	for i, f := range to[had:] {
		if c.count(now, id, f); c.machine.Over() { // a second message, which nobody is to see
			return to[:had+i], len(chunk)
		}
	}
	if r == exchange.Ended {
		c.react(now, id, r)
		return to, len(chunk)
	}
	c.inflate(id)
	return to, at
}

// InText reports whether fragments of the attempt's messages lie in a chunk that was
// decoded where it lay.
func (c *Call) InText(id int) bool { return c.attempt(id).InText() }

// inflate has a payload inflated that is compressed and has come whole.
func (c *Call) inflate(id int) {
	if limit, packed := c.Packed(id); packed {
		c.machine.Inflate(id, limit)
	}
}

// Packed reports whether an Inflate action has not been answered yet, and its limit.
func (c *Call) Packed(id int) (limit int64, packed bool) {
	limit, packed = c.attempt(id).Packed()
	return limit, packed && c.machine.Live(id)
}

// Inflated: the attempt's present payload is inflated. Trailers are shown.
func (c *Call) Inflated(now plan.Duration, id int, size int64, trailers []byte) {
	if !c.machine.Live(id) {
		return
	}
	a := c.attempt(id)
	c.wanted = c.wanted && a.InTrailers() // a wish that came meanwhile was for this message
	if a.Inflated(size, trailers) == exchange.Ended {
		c.react(now, id, exchange.Ended)
	}
}

// damaged: the payload that was to be inflated is not valid gzip.
func (c *Call) damaged(now plan.Duration, id int, cause error) {
	c.react(now, id, c.attempt(id).Damaged(cause))
}

// Closed: an attempt's WebSocket was closed.
func (c *Call) Closed(now plan.Duration, id, code int, reason string) {
	if c.machine.Live(id) {
		c.attempt(id).Close(code, reason)
		c.ended(now, id)
	}
}

// count keeps to one message where one is due: a second one is refused as it
// begins, before it is kept (SEMANTICS 5.2g). Compressed trailers are no message.
func (c *Call) count(now plan.Duration, id int, f wire.Fragment) {
	if f.Flags&wire.FlagTrailers != 0 {
		return
	}
	a := c.attempt(id)
	if f.First {
		a.messages++
	}
	if f.Last {
		c.wanted = false
	}
	if !c.streaming && f.First && a.messages == 2 {
		c.machine.Discard(id)
		c.endAttempt(now, id, cardinality(a.Header(), "a second message"), plan.NoPushback)
	}
}

// Skip passes over bytes of the present message that were taken without feeding.
// There are no more than it has left.
func (c *Call) Skip(id, n int) {
	if !c.machine.Live(id) {
		return
	}
	a := c.attempt(id)
	a.Skip(int(min(int64(n), a.Left())))
	if _, packed := a.Packed(); packed {
		c.inflate(id)
	} else if a.Left() == 0 {
		c.wanted = false
	}
}

// Drained: the chunk has been taken whole.
func (c *Call) Drained(id int) {
	c.attempt(id).reading = false
	c.readOn(id)
}

// End: an attempt's body has ended cleanly.
func (c *Call) End(now plan.Duration, id int) {
	if c.machine.Live(id) {
		c.attempt(id).End()
		c.ended(now, id)
	}
}

// Break: an attempt's body could not be read to its end.
func (c *Call) Break(now plan.Duration, id int, cause error) {
	if c.machine.Live(id) {
		c.attempt(id).Break(cause)
		c.ended(now, id)
	}
}

// ended tells the machine how an exchange ended.
func (c *Call) ended(now plan.Duration, id int) {
	a := c.attempt(id)
	st := a.Status()
	if a.Refused() {
		c.machine.Commit(now, id) // a message commits, also one that is not taken
	}
	if st.Code == status.OK && !c.streaming && a.messages == 0 {
		c.machine.Commit(now, id) // an OK is an answer, if a wrong one: it is never tried again
		st = cardinality(st.Header, "no message")
	}
	c.explain(id)
	c.endAttempt(now, id, st, plan.PushbackOf(st.Trailer))
}

func (c *Call) endAttempt(now plan.Duration, id int, st *status.Status, p plan.Pushback) {
	c.machine.Ended(now, id, plan.Outcome{Status: st, Pushback: p})
}

func cardinality(header metadata.MD, got string) *status.Status {
	st := status.New(status.Unimplemented, "the method answers with one message, but the response holds "+got)
	st.Header = header
	return st
}
