package grpcweb

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// attempt is one HTTP exchange of a call. Its goroutine carries what the
// transport says to the machine. It outlasts the attempt only as long as the
// transport takes to return from an aborted call.
type attempt struct {
	driver *driver
	id     int
	number int
	// ctx has the values of the caller's context but not its end: that would
	// reach the transport before the machine, which could take it for a lost
	// network. The machine's Abort ends it.
	ctx     context.Context
	cancel  context.CancelFunc
	reads   chan struct{}      // the machine wants another piece of the body
	request *transport.Request // nil until the machine opens the attempt
}

func (d *driver) newAttempt(id int) *attempt {
	a := &attempt{driver: d, id: id, number: d.machine.Number(id), reads: make(chan struct{}, 1)}
	a.ctx, a.cancel = context.WithCancel(context.WithoutCancel(d.ctx))
	d.attempts = append(d.attempts, a)
	return a
}

// open sends an attempt's request. If its metadata had to be got first, its
// goroutine is there and waits for it.
func (d *driver) open(now call.Duration, id int) {
	fresh := id == len(d.attempts)
	if fresh {
		d.newAttempt(id)
	}
	a := d.attempts[id]
	a.request = &transport.Request{
		URL:    d.machine.URL(),
		Header: onWire(d.machine.RequestHeader(now, id)),
		Body:   &replay{frames: slices.Clone(d.request)},
	}
	for _, frame := range d.request {
		a.request.Size += int64(len(frame))
	}
	if d.released {
		d.request = nil
	}
	if fresh {
		go a.run()
	}
}

func (a *attempt) run() {
	defer a.cancel()
	if a.request == nil {
		a.prepare()
	}
	if a.request != nil {
		a.exchange()
	}
}

// prepare gets the attempt's own metadata. Unless something went wrong, the
// machine opens the attempt in the same turn.
func (a *attempt) prepare() {
	d := a.driver
	md, err := d.channel.perAttempt(a.ctx, Attempt{Method: d.method, Number: a.number})
	d.turn(func(now call.Duration) {
		if err != nil {
			d.machine.Unprepared(now, a.id, unprepared(err))
			return
		}
		d.machine.Prepared(now, a.id, md.Clone())
	})
}

// unprepared is the status of a call whose metadata cannot be had.
func unprepared(err error) *status.Status {
	if of, ok := status.FromError(err); ok && of.Code != status.OK {
		return &status.Status{Code: of.Code, Message: of.Message, Details: of.Details, Cause: of.Cause}
	}
	st := status.New(status.Unauthenticated, "the metadata of the attempt could not be had: "+err.Error())
	st.Cause = err
	return st
}

func (a *attempt) exchange() {
	d := a.driver
	res, err := d.channel.transport.RoundTrip(a.ctx, a.request)
	if err != nil {
		d.turn(func(now call.Duration) { a.failed(now, err) })
		return
	}
	defer res.Body.Close()
	fields := fromWire(res.Header)
	d.turn(func(now call.Duration) { d.machine.Head(now, a.id, res.Status, fields) })
	for a.wanted() && a.next(res.Body) {
	}
}

// failed tells the machine that no response came.
func (a *attempt) failed(now call.Duration, err error) {
	how, progress, cause := channel.NoResponse, call.Processed, err
	var of *transport.Error
	if errors.As(err, &of) {
		progress, cause = progressOf(of.Progress), of.Err
		switch {
		case of.Invalid:
			how = channel.NotRequest
		case of.Aborted:
			how = channel.AbortedByHost
		}
	}
	a.driver.machine.Failed(now, a.id, how, progress, cause)
}

func progressOf(p transport.Progress) call.Progress {
	switch p {
	case transport.NotSent:
		return call.NotSent
	case transport.Refused:
		return call.Refused
	case transport.Dropped:
		return call.Dropped
	default:
		return call.Processed
	}
}

// wanted waits until a piece of the body is wanted; false: none ever will be.
func (a *attempt) wanted() bool {
	select {
	case <-a.reads:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// next reads a piece of the body; false: it was the last.
func (a *attempt) next(body transport.Body) bool {
	piece, err := body.Next(a.ctx)
	d := a.driver
	d.turn(func(now call.Duration) {
		switch {
		case err == nil:
			a.feed(now, piece)
		case err == io.EOF: // the end, as Body says; wrapped, it would be a lost connection
			d.machine.End(now, a.id)
		default:
			d.machine.Break(now, a.id, err)
		}
	})
	return err == nil
}

// feed has the machine cut a piece into messages. They are copied out of it: it
// is the transport's again at the next read.
func (a *attempt) feed(now call.Duration, piece []byte) {
	d := a.driver
	for at := 0; at < len(piece); {
		var fragments []wire.Fragment
		fragments, at = d.machine.Feed(now, a.id, piece, at, d.channel.fragments[:0])
		for _, f := range fragments {
			d.receive(f, piece[f.Offset:f.Offset+f.Length])
		}
	}
	d.machine.Drained(a.id)
}

// maxReserve bounds what a frame's prefix alone can have allocated.
const maxReserve = 1 << 20

// receive puts a message together from its fragments.
func (d *driver) receive(f wire.Fragment, payload []byte) {
	if f.First {
		d.partial = make([]byte, 0, max(f.Length, min(f.Total, maxReserve)))
	}
	d.partial = append(d.partial, payload...)
	if f.Last {
		d.inbox, d.partial = append(d.inbox, d.partial), nil
		d.news.Broadcast()
	}
}

// replay is the request's body, for one attempt: a cursor over the frames that
// all attempts share.
type replay struct{ frames [][]byte }

// Next is the next frame.
func (r *replay) Next(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(r.frames) == 0 {
		return nil, io.EOF
	}
	frame := r.frames[0]
	r.frames[0], r.frames = nil, r.frames[1:] // it may be the last to hold it
	return frame, nil
}

// Close does nothing: the frames are not the body's own.
func (r *replay) Close() error { return nil }

// onWire writes fields as they stand on the wire.
func onWire(md metadata.MD) metadata.MD {
	var fields metadata.MD
	for name, value := range md.All() {
		fields.Append(name, wire.FieldText(name, value))
	}
	return fields
}

// fromWire reads fields as they stand on the wire.
func fromWire(fields metadata.MD) metadata.MD {
	var md metadata.MD
	for name, text := range fields.All() {
		wire.AppendField(&md, name, text)
	}
	return md
}
