package hostdriver

import (
	"errors"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// find returns a live call, or nil if the call has ended: its events come too late.
func (d *Driver) find(id uint32, now float64) *liveCall {
	d.now = d.instant(now)
	return d.calls.byID.find(id)
}

// findAttempt returns a live call that has begun the attempt, or nil.
func (d *Driver) findAttempt(id, attempt uint32, now float64) *liveCall {
	return begun(d.find(id, now), attempt)
}

func begun(c *liveCall, attempt uint32) *liveCall {
	if c == nil || uint64(attempt) >= uint64(c.Attempts()) {
		return nil
	}
	return c
}

// Queue reports a message of an open request: its size in bytes, and how many bytes are
// sent, which are fewer if it was compressed.
func (d *Driver) Queue(id uint32, now, size, sent float64) {
	if c := d.find(id, now); c != nil {
		c.Send(d.now, byteCount(size), byteCount(sent))
		d.respond(c)
	}
}

// HalfClose reports that no further message follows.
func (d *Driver) HalfClose(id uint32, now float64) {
	if c := d.find(id, now); c != nil {
		c.HalfClose(d.now)
		d.respond(c)
	}
}

// Took reports how many messages fetch has taken for an attempt so far.
func (d *Driver) Took(id, attempt, messages uint32) {
	if c := begun(d.calls.byID.find(id), attempt); c != nil {
		c.Took(int(attempt), count(messages))
		d.respond(c)
	}
}

// Read reports that the application waits for a message.
func (d *Driver) Read(id uint32, now float64) {
	if c := d.find(id, now); c != nil {
		c.Read(d.now)
		d.respond(c)
	}
}

// Cancel ends a call because its caller canceled it or, with the code INTERNAL, because
// the caller made a mistake.
func (d *Driver) Cancel(id uint32, now float64, code uint32, in []byte) {
	if c := d.find(id, now); c != nil {
		if status.Code(code) == status.Internal {
			c.Fail(d.now, status.New(status.Internal, string(in)))
		} else {
			c.Cancel(d.now, string(in), nil)
		}
		d.respond(c)
	}
}

// History writes the history of the attempts so far.
func (d *Driver) History(id uint32) {
	if c := d.calls.byID.find(id); c != nil {
		d.out.Begin(abi.ActionHistory, id, 0)
		d.emitHistory(c)
	}
}

// Prepared reports the metadata that the function for per-attempt metadata returned.
func (d *Driver) Prepared(id, attempt uint32, now float64, fields uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		text := reader{string(in)}
		if md, err := text.metadata(fields); err != nil {
			c.Unprepared(d.now, int(attempt), status.New(status.Internal, err.Error()))
		} else {
			c.Prepared(d.now, int(attempt), md)
		}
		d.respond(c)
	}
}

// Unprepared reports that the function for per-attempt metadata failed. The text holds
// the message, then the metadata of the status.
func (d *Driver) Unprepared(id, attempt uint32, now float64, code, fields uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		text := reader{string(in)}
		st := status.New(status.Code(code), text.next())
		st.Trailer, _ = text.metadata(fields)
		c.Unprepared(d.now, int(attempt), st)
		d.respond(c)
	}
}

// Head reports the response head. The text holds its fields, and is left out if it is that
// of the last Head that had any.
func (d *Driver) Head(id, attempt uint32, now float64, httpStatus, fields uint32, in []byte) {
	head := d.lastHead.head(in, fields)
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Head(d.now, int(attempt), count(httpStatus), head)
		d.respond(c)
	}
}

// Feed reads a slice of a chunk, or the part of it that an earlier Feed left. When the
// last slice has been read, the chunk is drained. The result says how much was read.
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
	d.respond(c)
}

// Skip reports how many bytes of the current message JavaScript took without feeding
// them.
func (d *Driver) Skip(id, attempt, length uint32) {
	if c := begun(d.calls.byID.find(id), attempt); c != nil {
		c.Skip(int(attempt), count(length))
		d.respond(c)
	}
}

// Inflated reports that JavaScript has inflated the current payload. If that was the
// trailers frame, the text holds the trailers.
func (d *Driver) Inflated(id, attempt uint32, now, size float64, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Inflated(d.now, int(attempt), byteCount(size), append([]byte(nil), in...))
		d.respond(c)
	}
}

// Drained reports that all of the chunk has been used.
func (d *Driver) Drained(id, attempt uint32, now float64) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Drained(int(attempt))
		d.respond(c)
	}
}

// End reports that the body has ended.
func (d *Driver) End(id, attempt uint32, now float64) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.End(d.now, int(attempt))
		d.respond(c)
	}
}

// Broken reports that the body could not be read to its end.
func (d *Driver) Broken(id, attempt uint32, now float64, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Break(d.now, int(attempt), errors.New(string(in)))
		d.respond(c)
	}
}

// Failed reports that an attempt failed on this side of the network, and how.
func (d *Driver) Failed(id, attempt uint32, now float64, how uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Failed(d.now, int(attempt), failure(how), plan.Processed, errors.New(string(in)))
		d.respond(c)
	}
}

// failure converts the number of a failure. An unknown number is treated as NoResponse.
func failure(how uint32) call.Failure {
	if how > uint32(call.Forbidden) {
		return call.NoResponse
	}
	return call.Failure(how)
}

// Closed reports that the attempt's WebSocket was closed.
func (d *Driver) Closed(id, attempt uint32, now float64, code uint32, in []byte) {
	if c := d.findAttempt(id, attempt, now); c != nil {
		c.Closed(d.now, int(attempt), count(code), string(in))
		d.respond(c)
	}
}
