package call

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Head reports that an attempt's response head arrived.
func (c *Call) Head(now plan.Duration, id, httpStatus int, fields metadata.MD) {
	if !c.machine.Head(now, id, httpStatus) {
		return
	}
	c.noteAnswer(id)
	a := c.attempt(id)
	c.react(now, id, a.Head(httpStatus, fields))
	if st := a.Told(); st != nil { // the head says how the attempt failed; a body could only replace the status
		c.machine.Settled(now, id, c.outcome(id, st))
		c.machine.Linger(now, id)
	}
}

// Read reports that the application waits for a message of a response stream. A unary
// call reads its response without being asked.
func (c *Call) Read(now plan.Duration) {
	c.wanted = true
	c.machine.Awaits(now)
	if id, ok := c.machine.Committed(); ok && c.machine.Headed() {
		c.machine.Linger(now, id)
		c.readOn(id)
	}
}

// react acts on what an exchange has read.
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

// readOn reads on in an attempt's body if somebody wants more of it. Nothing else of a
// response stream is read. A response that may turn out to be Trailers-Only is read on
// in any case, because only the end of its body shows that it is (SEMANTICS 5.1b).
func (c *Call) readOn(id int) {
	if c.wanted || !c.streaming || !c.machine.Headed() {
		c.read(id)
	}
}

// read asks for a chunk, unless one was asked for already.
func (c *Call) read(id int) {
	if a := c.attempt(id); !a.reading && c.machine.Live(id) {
		a.reading = true
		c.machine.Read(id)
	}
}

// Feed reads a chunk of an attempt's body, from the offset at. It appends the fragments
// of messages to the given ones, up to their capacity, and returns the offset up to
// which it has read. If that is before the chunk's end, the driver feeds the rest; at
// the end, it reports Drained. If Feed causes an Inflate action, the driver carries
// that out first.
func (c *Call) Feed(now plan.Duration, id int, chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int) {
	if !c.machine.Live(id) || len(chunk) == 0 { // an empty chunk does not show that there is a body
		return to, len(chunk)
	}
	a := c.attempt(id)
	had := len(to)
	to, at, r := a.Feed(chunk, at, to)
	if a.Told() == nil && a.Settled() == nil {
		c.machine.Unsettled(id) // until the trailers frame is whole
	}
	if r == exchange.Headers {
		if c.machine.Commit(now, id); c.machine.Over() {
			return to[:had], len(chunk)
		}
	}
	for i := had; i < len(to); i++ {
		if c.count(now, id, &to[i]); c.machine.Over() { // this is a second message, which the application must not see
			return to[:i], len(chunk)
		}
	}
	if r == exchange.Ended {
		c.react(now, id, r)
		return to, len(chunk)
	}
	c.inflate(id)
	if a.behind = at < len(chunk); !a.behind {
		c.settle(now, id)
	}
	return to, at
}

// settle checks whether the trailers frame has come whole, so that the status is known. An
// attempt that is not committed then ends at once, because a retry need not wait. Otherwise
// the call waits a little for the end of the body: then the browser can reuse the
// connection, and data after the trailers can be reported as an error.
func (c *Call) settle(now plan.Duration, id int) {
	a := c.attempt(id)
	st := a.Settled()
	if st == nil || !c.machine.Live(id) {
		return
	}
	if at, ok := c.machine.Committed(); !ok || at != id {
		a.End()
		c.react(now, id, exchange.Ended)
		return
	}
	c.explain(id, st)
	c.machine.Settled(now, id, c.outcome(id, st))
	if c.wanted || !c.streaming {
		c.machine.Linger(now, id)
	}
}

// InText reports whether the attempt's body is base64. Feed then decodes a chunk in
// place, and the fragments are parts of the decoded bytes.
func (c *Call) InText(id int) bool { return c.attempt(id).InText() }

// inflate asks for the current payload to be inflated if it is compressed and complete.
func (c *Call) inflate(id int) {
	if limit, packed := c.Packed(id); packed {
		c.machine.Inflate(id, limit)
	}
}

// Packed reports whether an Inflate action is still to be answered, and its limit.
func (c *Call) Packed(id int) (limit int64, packed bool) {
	limit, packed = c.attempt(id).Packed()
	return limit, packed && c.machine.Live(id)
}

// Inflated reports that the attempt's current payload is inflated, and its size. If it is
// trailers, they are the last argument.
func (c *Call) Inflated(now plan.Duration, id int, size int64, trailers []byte) {
	if !c.machine.Live(id) {
		return
	}
	a := c.attempt(id)
	c.wanted = c.wanted && a.InTrailers() // if the application waited for a message, it was for this one
	if r := a.Inflated(size, trailers); r != exchange.More {
		c.react(now, id, r)
	}
	if !a.behind {
		c.settle(now, id)
	}
}

// damaged ends an attempt whose current payload cannot be inflated.
func (c *Call) damaged(now plan.Duration, id int, cause error) {
	c.react(now, id, c.attempt(id).Damaged(cause))
}

// Closed reports that an attempt's WebSocket was closed.
func (c *Call) Closed(now plan.Duration, id, code int, reason string) {
	if c.machine.Live(id) {
		c.attempt(id).Close(code, reason)
		c.ended(now, id)
	}
}

// count counts the messages, and lets a unary response have only one: a second one is
// refused when it begins, before any of it is kept (SEMANTICS 5.2g). Compressed
// trailers are not a message.
func (c *Call) count(now plan.Duration, id int, f *wire.Fragment) {
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
		c.machine.Ended(now, id, plan.Outcome{Status: cardinality(a.Header(), "a second message"), Pushback: plan.NoPushback})
	}
}

// Skip reports that the driver took n bytes of the current payload without feeding them.
// Bytes beyond the end of the payload are not counted.
func (c *Call) Skip(id, n int) {
	if !c.machine.Live(id) {
		return
	}
	a := c.attempt(id)
	a.behind = false // as far as is known
	a.Skip(int(min(int64(n), a.Left())))
	if _, packed := a.Packed(); packed {
		c.inflate(id)
	} else if a.Left() == 0 {
		c.wanted = false
	}
}

// Drained reports that the driver has used up the chunk that it read.
func (c *Call) Drained(id int) {
	c.attempt(id).reading = false
	c.readOn(id)
}

// End reports that an attempt's body has ended without an error.
func (c *Call) End(now plan.Duration, id int) {
	if c.machine.Live(id) {
		c.attempt(id).End()
		c.ended(now, id)
	}
}

// Break reports that an attempt's body could not be read to its end.
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
	if a.Refused() || st.Code == status.OK && c.lacks(id) {
		c.machine.Commit(now, id) // a message commits even if it is refused, and an OK without a message is an answer too
	}
	c.explain(id, st)
	o := c.outcome(id, st)
	if st.Code == status.Unknown && c.machine.Headed() && !a.Came() {
		o.Progress = plan.Lost
	}
	c.machine.Ended(now, id, o)
}

// outcome converts a status that was read for the machine.
func (c *Call) outcome(id int, st *status.Status) plan.Outcome {
	if st.Code == status.OK && c.lacks(id) {
		st = cardinality(st.Header, "no message")
	}
	o := plan.Outcome{Status: st, Pushback: plan.PushbackOf(st.Trailer)}
	if c.attempt(id).Redirected() {
		o.Progress = plan.Final
	}
	return o
}

// lacks reports whether the one message of a unary response has not come.
func (c *Call) lacks(id int) bool { return !c.streaming && c.attempt(id).messages == 0 }

func cardinality(header metadata.MD, got string) *status.Status {
	st := status.New(status.Unimplemented, "the method answers with one message, but the response holds "+got)
	st.Header = header
	return st
}
