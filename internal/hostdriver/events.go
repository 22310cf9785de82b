package hostdriver

import (
	"errors"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// find is a call that lives; nil: events of others come too late.
func (d *Driver) find(id uint32, now float64) *liveCall {
	d.now = d.instant(now)
	return d.calls.byID[id]
}

// findAttempt is a call that lives, if it has begun the attempt.
func (d *Driver) findAttempt(id, attempt uint32, now float64) *liveCall {
	return begun(d.find(id, now), attempt)
}

func begun(c *liveCall, attempt uint32) *liveCall {
	if c == nil || uint64(attempt) >= uint64(c.Attempts()) {
		return nil
	}
	return c
}

// Queue: a request message of so many bytes, sent as so many, in a call that is
// open.
func (d *Driver) Queue(id uint32, now, size, sent float64) {
	if c := d.find(id, now); c != nil {
		c.Send(d.now, byteCount(size), byteCount(sent))
		d.settle(c)
	}
}

// HalfClose: no further message follows.
func (d *Driver) HalfClose(id uint32, now float64) {
	if c := d.find(id, now); c != nil {
		c.HalfClose(d.now)
		d.settle(c)
	}
}

// Took: fetch has taken so many messages for an attempt.
func (d *Driver) Took(id, attempt, messages uint32) {
	if c := begun(d.calls.byID[id], attempt); c != nil {
		c.Took(int(attempt), count(messages))
		d.settle(c)
	}
}

// Read: the application waits for a message.
func (d *Driver) Read(id uint32, now float64) {
	if c := d.find(id, now); c != nil {
		c.Read(d.now)
		d.settle(c)
	}
}

// Cancel ends a call for its caller, or, with INTERNAL, for a mistake of its
// caller's.
func (d *Driver) Cancel(id uint32, now float64, code uint32, in []byte) {
	if c := d.find(id, now); c != nil {
		if status.Code(code) == status.Internal {
			c.Fail(d.now, status.New(status.Internal, string(in)))
		} else {
			c.Cancel(d.now, string(in), nil)
		}
		d.settle(c)
	}
}

// History emits the attempts so far.
func (d *Driver) History(id uint32) {
	if c := d.calls.byID[id]; c != nil {
		d.out.Begin(abi.ActionHistory, id, 0)
		d.emitHistory(c)
	}
}

// Prepared: the per-attempt function's metadata is the text.
func (d *Driver) Prepared(id, attempt uint32, now float64, fields uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		text := reader{string(in)}
		if md, err := text.metadata(fields); err != nil {
			c.Unprepared(d.now, int(attempt), status.New(status.Internal, err.Error()))
		} else {
			c.Prepared(d.now, int(attempt), md)
		}
		d.settle(c)
	}
}

// Unprepared: the per-attempt function failed; the text is the message, then
// the metadata of the status.
func (d *Driver) Unprepared(id, attempt uint32, now float64, code, fields uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		text := reader{string(in)}
		st := status.New(status.Code(code), text.next())
		st.Trailer, _ = text.metadata(fields)
		c.Unprepared(d.now, int(attempt), st)
		d.settle(c)
	}
}

// Head: the response's fields are the text.
func (d *Driver) Head(id, attempt uint32, now float64, httpStatus, fields uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Head(d.now, int(attempt), count(httpStatus), d.lastHead.head(in, fields))
		d.settle(c)
	}
}

// Feed: a slice of a chunk, or what a feed before has left of it. Once the last
// slice is taken, the chunk is drained. The result is how much was taken.
func (d *Driver) Feed(id, attempt uint32, now float64, last uint32, in []byte) {
	c := d.findAttempt(id, attempt, now)
	if c == nil {
		d.out.Result = uint32(len(in))
		return
	}
	fragments, consumed := c.Feed(d.now, int(attempt), in, 0, d.room[:0])
	decoded := c.InText(int(attempt))
	for _, f := range fragments {
		d.out.Fragment(f.Offset, f.Length, f.Total, f.Flags, f.First, decoded)
	}
	if _, packed := c.Packed(int(attempt)); last != 0 && consumed == len(in) && !packed {
		c.Drained(int(attempt))
	}
	d.out.Result = uint32(consumed)
	d.settle(c)
}

// Skip: JavaScript took so many bytes of the present message by itself.
func (d *Driver) Skip(id, attempt, length uint32) {
	if c := begun(d.calls.byID[id], attempt); c != nil {
		c.Skip(int(attempt), count(length))
		d.settle(c)
	}
}

// Inflated: JavaScript has inflated the present payload; trailers are shown.
func (d *Driver) Inflated(id, attempt uint32, now, size float64, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Inflated(d.now, int(attempt), byteCount(size), append([]byte(nil), in...))
		d.settle(c)
	}
}

// Drained: the chunk has been taken whole.
func (d *Driver) Drained(id, attempt uint32, now float64) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Drained(int(attempt))
		d.settle(c)
	}
}

// End: the body has ended.
func (d *Driver) End(id, attempt uint32, now float64) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.End(d.now, int(attempt))
		d.settle(c)
	}
}

// Broken: the body could not be read to its end.
func (d *Driver) Broken(id, attempt uint32, now float64, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Break(d.now, int(attempt), errors.New(string(in)))
		d.settle(c)
	}
}

// Failed: there was no response head.
func (d *Driver) Failed(id, attempt uint32, now float64, how uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Failed(d.now, int(attempt), failure(how), plan.Processed, errors.New(string(in)))
		d.settle(c)
	}
}

// failure is how an attempt failed; what is not known is a failure like any other.
func failure(how uint32) call.Failure {
	if how > uint32(call.Forbidden) {
		return call.NoResponse
	}
	return call.Failure(how)
}

// Closed: the attempt's WebSocket was closed.
func (d *Driver) Closed(id, attempt uint32, now float64, code uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Closed(d.now, int(attempt), count(code), string(in))
		d.settle(c)
	}
}
