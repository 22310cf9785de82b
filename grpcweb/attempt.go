package grpcweb

import (
	"context"
	"errors"
	"io"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// attempt is one HTTP exchange of a call. A goroutine tells the core what the transport
// reports: one of its own, but for the first attempt of a call whose caller waits for its
// end. If the attempt is aborted, the goroutine goes on when the transport returns.
type attempt struct {
	driver *driver
	id     int
	number int
	// ctx has the values of the caller's context but does not end with it. If it did,
	// the transport might report a failure before the core knows that the caller has
	// canceled, and the core would take it for a lost network. An Abort action ends ctx.
	ctx     context.Context
	cancel  context.CancelFunc
	reads   chan struct{}      // the core wants another piece of the response body
	request *transport.Request // nil until the attempt is opened
	body    *cursor            // the request's body; nil until then too
	held    bool               // it has its metadata and waits for a network
	partial []byte             // the part of a payload that has come, or a payload that is to be inflated
	flags   byte               // the flags of that payload's frame
}

func (d *driver) newAttempt(id int) *attempt {
	a := &attempt{driver: d, id: id, number: d.machine.Number(id), reads: make(chan struct{}, 1)}
	a.ctx, a.cancel = context.WithCancel(context.WithoutCancel(d.ctx))
	for len(d.attempts) <= id { // an earlier attempt may have been given up while it waited for a network
		d.attempts = append(d.attempts, nil)
	}
	d.attempts[id] = a
	return a
}

// open sends an attempt's request. If its metadata had to be got first, its goroutine is
// running and sends the request, unless the attempt also had to wait for a network.
func (d *driver) open(now plan.Duration, id int) {
	fresh := id >= len(d.attempts)
	if fresh {
		d.newAttempt(id)
	}
	a := d.attempts[id]
	a.body = a.newCursor()
	a.request = &transport.Request{
		URL:     d.machine.URL(id),
		Header:  onWire(d.machine.RequestHeader(now, id)),
		Body:    a.body,
		Size:    d.request.size(),
		Streams: d.machine.Streams(),
	}
	if d.channel.text && !a.request.Streams {
		a.request.Body, a.request.Size = inText(a.request.Body, a.request.Size)
	}
	switch {
	case !fresh && !a.held:
	case d.waited && id == 0 && fresh:
		d.own = a
	default:
		go a.run()
	}
}

// runOwn runs the first attempt of a call whose caller waits for its end, in the caller's
// goroutine: another one would have to be made, and its stack to grow.
func (d *driver) runOwn() {
	if d.own == nil {
		return
	}
	over := false
	defer func() {
		if !over { // an observer panicked
			d.channel.mu.Lock()
			defer d.channel.mu.Unlock()
			d.abandon()
		}
	}()
	d.own.run()
	over = true
}

func (a *attempt) run() {
	if a.request == nil && !a.prepare() {
		return
	}
	defer a.cancel()
	a.exchange()
}

// prepare gets the attempt's own metadata, and reports whether the attempt was opened.
// If it was not, it may be opened later, in another goroutine.
func (a *attempt) prepare() (opened bool) {
	d := a.driver
	var md metadata.MD
	var err error
	for _, f := range d.perAttempt {
		var more metadata.MD
		if more, err = f(a.ctx, Attempt{Method: d.method, Number: a.number}); err != nil {
			break
		}
		md.AppendAll(more) // this copies the fields, which belong to the function
	}
	d.turn(func(now plan.Duration) {
		if err != nil {
			d.machine.Unprepared(now, a.id, unprepared(err))
			a.cancel()
			return
		}
		d.machine.Prepared(now, a.id, md)
		d.carryOut(now)
		opened = a.request != nil
		a.held = !opened
	})
	return opened
}

// unprepared converts the error of a function for per-attempt metadata for the core. If
// it is a status, that is the result; otherwise the code is OK and the message is the
// error's text.
func unprepared(err error) *status.Status {
	if of, ok := status.FromError(err); ok && of.Code != status.OK {
		return &status.Status{Code: of.Code, Message: of.Message, Details: of.Details, Trailer: of.Trailer, Cause: of.Cause}
	}
	return &status.Status{Message: err.Error(), Cause: err}
}

func (a *attempt) exchange() {
	d := a.driver
	res, err := d.channel.transport.RoundTrip(a.ctx, a.request)
	if err != nil {
		d.turn(func(now plan.Duration) { a.failed(now, err) })
		return
	}
	defer res.Body.Close()
	defer a.keepInbox()
	fields := fromWire(res.Header)
	d.turn(func(now plan.Duration) { d.machine.Head(now, a.id, res.Status, fields) })
	for a.wanted() && a.next(res.Body) {
	}
}

// failed tells the core that no response came.
func (a *attempt) failed(now plan.Duration, err error) {
	how, progress, cause := call.NoResponse, plan.Processed, err
	var of *transport.Error
	if errors.As(err, &of) {
		progress, cause = progressOf(of.Progress), of.Err
		switch {
		case of.Invalid:
			how = call.InvalidRequest
		case of.Aborted:
			how = call.AbortedByHost
		case of.Unreadable:
			how = call.NotResponse
		case of.Redirected:
			how = call.Redirected
		case of.Forbidden:
			how = call.Forbidden
		}
	}
	a.driver.machine.Failed(now, a.id, how, progress, cause)
}

func progressOf(p transport.Progress) plan.Progress {
	switch p {
	case transport.NotSent:
		return plan.NotSent
	case transport.Refused:
		return plan.Refused
	case transport.Dropped:
		return plan.Dropped
	default:
		return plan.Processed
	}
}

// wanted waits until a piece of the body is wanted. It returns false if none ever will
// be.
func (a *attempt) wanted() bool {
	select {
	case <-a.reads:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// next reads a piece of the body. It returns false if the body has ended.
func (a *attempt) next(body transport.Body) bool {
	a.keepInbox()
	if to, ok := body.(transport.Placer); ok && a.partial != nil {
		to.Place(a.partial[len(a.partial):cap(a.partial)])
	}
	piece, err := body.Next(a.ctx)
	if err == nil {
		for at := 0; a.feed(piece, &at); {
			a.inflate()
		}
		return true
	}
	d := a.driver
	d.turn(func(now plan.Duration) {
		if err == io.EOF { // a wrapped io.EOF is a lost connection, not the end of the body
			d.machine.End(now, a.id)
		} else {
			a.broken(now, err)
		}
	})
	return false
}

// broken tells the core that the rest of the body cannot be read.
func (a *attempt) broken(now plan.Duration, err error) {
	var of *transport.Error
	if errors.As(err, &of) && of.Aborted {
		a.driver.machine.Failed(now, a.id, call.AbortedByHost, plan.Processed, of.Err)
		return
	}
	var closed *transport.CloseError
	if errors.As(err, &closed) {
		a.driver.machine.Closed(now, a.id, closed.Code, closed.Reason)
		return
	}
	a.driver.machine.Break(now, a.id, err)
}

// keepInbox has what was received of a piece outlive it.
func (a *attempt) keepInbox() {
	a.driver.channel.mu.Lock()
	defer a.driver.channel.mu.Unlock()
	a.driver.inbox.keep(nil)
}

// feed has the core cut a piece into messages, and advances the offset at which it
// begins. feed reports whether a payload has to be inflated before it can continue.
func (a *attempt) feed(piece []byte, at *int) (packed bool) {
	d := a.driver
	d.turn(func(now plan.Duration) {
		for *at < len(piece) && !packed {
			var fragments []wire.Fragment
			fragments, *at = d.machine.Feed(now, a.id, piece, *at, d.channel.fragments[:0])
			for i := range fragments {
				a.receive(&fragments[i], piece)
			}
			_, packed = d.machine.Packed(a.id)
		}
		d.news.Broadcast()
		if !packed {
			d.machine.Drained(a.id)
		}
	})
	return packed
}

// inflate inflates the payload that has just come. The lock is not held meanwhile.
func (a *attempt) inflate() {
	d := a.driver
	var limit int64
	d.turn(func(plan.Duration) { limit, _ = d.machine.Packed(a.id) })
	raw, err := inflate(a.partial, limit)
	a.partial = nil
	d.turn(func(now plan.Duration) {
		switch {
		case err != nil:
			d.machine.Failed(now, a.id, call.BadPayload, plan.Processed, err)
		case a.flags&wire.FlagTrailers != 0:
			d.machine.Inflated(now, a.id, int64(len(raw)), raw)
		default:
			if d.machine.Inflated(now, a.id, int64(len(raw)), nil); !d.machine.Over() {
				d.inbox.add(raw, false)
				d.news.Broadcast()
			}
		}
	})
}

// maxReserve limits how much memory is allocated for a payload before it has come.
const maxReserve = 1 << 20

// receive assembles a payload from its fragments. Each attempt assembles its own, because
// more than one may receive compressed trailers before the call is committed. A message
// that came in one piece stays in the transport's memory until somebody receives it, or
// the piece is about to be gone.
func (a *attempt) receive(f *wire.Fragment, piece []byte) {
	d, payload := a.driver, piece[f.Offset:f.Offset+f.Length]
	if f.First && f.Last && f.Flags&wire.FlagCompressed == 0 {
		d.inbox.add(payload, true)
		return
	}
	if f.First {
		a.partial, a.flags = d.room(max(f.Length, int(min(f.Total, maxReserve)))), f.Flags
	}
	if room := a.partial[len(a.partial):cap(a.partial)]; len(payload) > 0 && len(room) >= len(payload) && &room[0] == &payload[0] {
		a.partial = a.partial[:len(a.partial)+len(payload)] // The transport has put it there.
	} else {
		a.partial = append(a.partial, payload...)
	}
	if f.Last && f.Flags&wire.FlagCompressed == 0 {
		d.inbox.add(a.partial, false)
		a.partial = nil
	}
}

// room returns memory for a payload: that of a message that was only lent, where it is
// large enough.
func (d *driver) room(size int) []byte {
	if spare := d.spare; cap(spare) >= size {
		d.spare = nil
		return spare[:0]
	}
	return make([]byte, 0, size)
}

// onWire encodes fields as they are sent.
func onWire(md metadata.MD) metadata.MD {
	var fields metadata.MD
	for name, value := range md.All() {
		fields.Append(name, wire.FieldText(name, value))
	}
	return fields
}

// fromWire decodes fields as they were received.
func fromWire(fields metadata.MD) metadata.MD {
	var md metadata.MD
	for name, text := range fields.All() {
		wire.ReceiveField(&md, name, text)
	}
	return md
}
