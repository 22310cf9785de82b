package grpcweb

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// driver turns the machine of one call: it tells it what happens, and carries
// out what it asks for. Each attempt has a goroutine; the call itself has none:
// whichever goroutine has news turns the machine.
type driver struct {
	channel   *Channel
	ctx       context.Context // the caller's
	method    string
	number    uint64
	observers []func(Event)
	deadline  call.Duration // the context's; Never: it has none

	// What follows is guarded by channel.mu.
	machine  *channel.Call
	request  [][]byte // frames
	sent     bool     // the request is complete
	released bool     // only the committed attempt needs the request
	attempts []*attempt
	timer    *time.Timer
	unwatch  func() bool

	news    sync.Cond // a header, a message or the end
	headed  bool
	inbox   [][]byte // messages that nobody has taken yet
	partial []byte   // a message of which more is to come
	ended   *status.Status
	result  *status.Status // ended, once the observers have been told

	events  []Event // that the observers are to be told
	telling bool    // some goroutine tells them
}

// begin makes a call. One that cannot run has ended when begin returns.
func (ch *Channel) begin(ctx context.Context, method string, streaming bool, opts []CallOption) *driver {
	s := callSettings{params: channel.Params{Method: method, Timeout: call.Never, Streaming: streaming}}
	for _, o := range opts {
		o.applyToCall(&s)
	}
	d := &driver{channel: ch, ctx: ctx, method: method, deadline: call.Never, news: sync.Cond{L: &ch.mu}}
	for _, f := range []func(Event){ch.observer, s.observer} {
		if f != nil {
			d.observers = append(d.observers, f)
		}
	}
	s.params.Observe = len(d.observers) > 0

	ch.mu.Lock()
	now := ch.now()
	if at, ok := ctx.Deadline(); ok {
		d.deadline = max(ch.instant(at), 0) // one of long ago would wrap around
		s.params.Timeout = d.deadline - now
	}
	ch.made++
	d.number = ch.made
	d.machine = ch.core.NewCall(now, s.params)
	d.enter(now, s.misuse)
	d.carryOut(now)
	d.tell()
	ch.mu.Unlock()
	return d
}

// enter ends the call where it cannot run, or else watches its context and its
// deadline, which may come before the request is complete.
func (d *driver) enter(now call.Duration, misuse string) {
	switch {
	case d.channel.closed:
		d.machine.Cancel(now, "the channel is closed", ErrClosed)
	case misuse != "":
		d.machine.Fail(now, status.New(status.Internal, misuse))
	case d.ctx.Err() != nil:
		d.giveUp(now)
	}
	if d.machine.Over() {
		return
	}
	d.channel.calls[d] = struct{}{}
	if d.ctx.Done() != nil {
		d.unwatch = context.AfterFunc(d.ctx, func() { d.turn(d.giveUp) })
	}
	d.arm(now, d.machine.Deadline())
}

// giveUp ends the call because its context has ended. Where that is by the
// context's deadline, the call's has come too, whatever the two clocks say.
func (d *driver) giveUp(now call.Duration) {
	if errors.Is(d.ctx.Err(), context.DeadlineExceeded) {
		d.tick(max(now, d.deadline))
		return
	}
	d.machine.Cancel(now, "the caller canceled the call: "+context.Cause(d.ctx).Error(), context.Cause(d.ctx))
}

// tick: an instant may have come that something is due at. A call whose request
// is not complete waits for nothing but its deadline.
func (d *driver) tick(now call.Duration) {
	switch {
	case d.sent:
		d.machine.Timer(now)
	case now >= d.machine.Deadline():
		d.machine.Start(now) // which ends it, with nothing sent
	}
}

// turn tells the machine of an event and carries out what it asks for.
func (d *driver) turn(event func(now call.Duration)) {
	d.channel.mu.Lock()
	now := d.channel.now()
	event(now)
	d.carryOut(now)
	d.tell()
	d.channel.mu.Unlock()
}

// carryOut does what the machine asks for. None of it waits.
func (d *driver) carryOut(now call.Duration) {
	for _, a := range d.machine.Take() {
		switch a.Op {
		case call.Prepare:
			go d.newAttempt(a.Attempt).run()
		case call.Open:
			d.open(now, a.Attempt)
		case call.Abort:
			d.attempts[a.Attempt].cancel()
		case call.Arm:
			d.arm(now, a.At)
		case call.Release:
			d.release(a.Attempt)
		case call.Read:
			d.attempts[a.Attempt].reads <- struct{}{} // room for one: the machine asks for one at a time
		case call.Head:
			d.headed = true
			d.news.Broadcast()
		case call.End:
			d.end()
		case call.Observe:
			d.events = append(d.events, d.event(*a.Event))
		}
	}
}

// tell hands the observers what has happened, without the lock. One goroutine
// does so at a time, so that the order is kept; an observer that turns to the
// channel does not find itself locked out. When all is told, the call's end is
// made known.
func (d *driver) tell() {
	if d.telling {
		return
	}
	d.telling = true
	for len(d.events) > 0 {
		events := d.events
		d.events = nil
		d.channel.mu.Unlock()
		for i := range events {
			for _, f := range d.observers {
				f(events[i])
			}
		}
		d.channel.mu.Lock()
	}
	d.telling = false
	if d.ended != nil && d.result == nil {
		d.result = d.ended
		d.news.Broadcast()
	}
}

// arm has tick called at an instant, in place of what was armed before.
func (d *driver) arm(now, at call.Duration) {
	switch {
	case at == call.Never:
		if d.timer != nil {
			d.timer.Stop()
		}
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Duration(at-now), func() { d.turn(d.tick) })
	default:
		d.timer.Reset(time.Duration(at - now))
	}
}

// end lets go of everything. The attempts' goroutines end by themselves: the
// machine has had those aborted that were under way.
func (d *driver) end() {
	d.ended = d.machine.Status()
	d.arm(0, call.Never)
	d.request = nil
	if d.unwatch != nil {
		d.unwatch()
	}
	if d.machine.Local() {
		d.inbox, d.partial = nil, nil // who gave up wants no more messages
		if d.ended.Code == status.DeadlineExceeded {
			// Not the cause of the context, which may end a moment later.
			d.ended.Cause = context.DeadlineExceeded
		}
	}
	delete(d.channel.calls, d)
}

// send takes a message of the request. It is framed once; every attempt sends
// the same bytes (SEMANTICS 2.5).
func (d *driver) send(now call.Duration, message []byte) {
	if d.machine.Send(now, int64(len(message))); d.machine.Over() {
		return
	}
	frame := make([]byte, 0, wire.PrefixSize+len(message))
	d.request = append(d.request, wire.AppendFrame(frame, 0, message))
}

// release: only the committed attempt needs the request from now on. It may be
// still to be opened.
func (d *driver) release(committed int) {
	d.released = true
	if committed < len(d.attempts) && d.attempts[committed].request != nil {
		d.request = nil
	}
}

// halfClose: the request is complete, and goes out.
func (d *driver) halfClose(now call.Duration) {
	d.sent = true
	d.machine.Start(now)
}
