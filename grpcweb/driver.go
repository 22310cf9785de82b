package grpcweb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// driver runs one call: it tells the core what happens, and carries out the actions
// that the core answers with. Each attempt has a goroutine. The call itself has none:
// whichever goroutine has news tells the core.
type driver struct {
	channel   *Channel
	ctx       context.Context // the caller's
	method    string
	number    uint64
	observers []func(Event)
	deadline  plan.Duration // the context's; Never if it has none

	perAttempt []perAttempt // in their order

	// The fields below are guarded by channel.mu.
	machine  *call.Call
	request  request
	attempts []*attempt
	timer    *time.Timer
	patient  plan.Duration // when the call loses its patience; Never: it has none to lose
	own      *attempt      // the attempt that the caller's goroutine runs
	unwatch  func() bool
	waited   bool // the caller can run an attempt, because it only waits for the end
	running  bool // the call has begun

	news    sync.Cond // signals a header, a message or the end
	headed  bool
	inbox   inbox
	spare   []byte      // the memory of a message that was lent and is done with
	dropped atomic.Bool // the call has ended, and what was not read is dropped
	ended   *status.Status
	result  *status.Status // the same as ended, once the observers have been told of the end

	events  []Event // what the observers are still to be told
	telling bool    // a goroutine is telling them
}

// begin makes a call and starts it; by reports its first events to the core, such as the
// message of a unary call. A call that cannot run has ended when begin returns.
func (ch *Channel) begin(ctx context.Context, params call.Params, opts []CallOption, by func(d *driver, now plan.Duration)) *driver {
	s := callSettings{params: params}
	s.params.Timeout = plan.Never
	for _, o := range opts {
		o.applyToCall(&s)
	}
	d := &driver{channel: ch, ctx: ctx, method: params.Method, deadline: plan.Never, patient: plan.Never, waited: !params.Streaming, news: sync.Cond{L: &ch.mu}, request: request{released: -1}}
	for _, f := range []func(Event){ch.observer, s.observer} {
		if f != nil {
			d.observers = append(d.observers, f)
		}
	}
	for _, f := range []perAttempt{ch.perAttempt, s.perAttempt} {
		if f != nil {
			d.perAttempt = append(d.perAttempt, f)
		}
	}
	s.params.Observe, s.params.PerAttempt = len(d.observers) > 0, len(d.perAttempt) > 0
	s.params.CanStream = s.params.Writes && !s.whole && ch.streams()
	s.params.Socket = s.params.CanStream && ch.opensSockets()
	s.params.Restarts = true // a transport says so by its Progress

	if ch.refresh.function != nil && s.misuse == "" {
		s.misuse = ch.refuseInside(ctx, s.params.NoRefresh)
	}

	ch.mu.Lock()
	defer ch.mu.Unlock()
	now := ch.now()
	if at, ok := ctx.Deadline(); ok {
		d.deadline = max(ch.instant(at), 0) // an instant long ago would wrap around
		s.params.Timeout = d.deadline - now
	}
	ch.made++
	d.number = ch.made
	d.machine = call.New(ch.core, now, s.params)
	d.start(now, s.misuse, by)
	d.carryOut(now)
	d.waited = false // An attempt that opens later has a goroutine: by then the caller may do nothing but wait.
	begun := false
	defer func() {
		if !begun {
			d.abandon()
		}
	}()
	d.tellObservers()
	begun = true
	return d
}

// abandon cancels a call whose caller will not get it, because an observer panicked.
// Nobody else could cancel it.
func (d *driver) abandon() {
	d.turnLocked(func(now plan.Duration) {
		if !d.machine.Over() {
			d.machine.Cancel(now, "an observer of the call panicked as it began", nil)
		}
	})
}

// start starts the call and watches its context. If the call cannot run, start ends it
// instead.
func (d *driver) start(now plan.Duration, misuse string, by func(d *driver, now plan.Duration)) {
	switch err := d.ctx.Err(); {
	case d.channel.closed:
		d.machine.Cancel(now, call.ChannelIsClosed, ErrClosed)
	case misuse != "":
		d.machine.Fail(now, status.New(status.Internal, misuse))
	case errors.Is(err, context.DeadlineExceeded):
		now = max(now, d.deadline) // whatever the clock says: the call ends as it begins
	case err != nil:
		d.giveUp(now)
	}
	if d.machine.Over() {
		return
	}
	d.running = true
	d.channel.add(d)
	d.machine.Network(now, !d.machine.WaitsForReady() || d.channel.online()) // which no other call asks
	if by(d, now); !d.machine.Over() && d.ctx.Done() != nil {
		d.unwatch = context.AfterFunc(d.ctx, func() { d.turn(d.giveUp) })
	}
}

// giveUp ends the call because its context has ended. If the context's deadline has
// passed, the call's deadline has come too, whatever its clock says.
func (d *driver) giveUp(now plan.Duration) {
	if errors.Is(d.ctx.Err(), context.DeadlineExceeded) {
		d.machine.Timer(max(now, d.deadline))
		return
	}
	why, cause := call.CanceledByCaller, context.Cause(d.ctx)
	if !d.running {
		why = call.CanceledBefore
	}
	if cause != context.Canceled { // which would say no more than the status does
		why += ": " + cause.Error()
	}
	d.machine.Cancel(now, why, cause)
}

// turn tells the core of an event and carries out what it asks for.
func (d *driver) turn(event func(now plan.Duration)) {
	d.channel.mu.Lock()
	defer d.channel.mu.Unlock() // also where an observer panics
	d.turnLocked(event)
}

func (d *driver) turnLocked(event func(now plan.Duration)) {
	now := d.channel.now()
	event(now)
	d.carryOut(now)
	d.tellObservers()
}

// carryOut carries out what the core asks for. None of it waits.
func (d *driver) carryOut(now plan.Duration) {
	for _, a := range d.machine.Take() {
		switch a.Op {
		case attempts.Prepare:
			go d.newAttempt(a.Attempt).run()
		case attempts.Open:
			d.open(now, a.Attempt)
		case attempts.Refresh:
			d.channel.startRefresh()
		case attempts.StopRefresh:
			d.channel.stopRefresh()
		case attempts.Abort:
			d.attempts[a.Attempt].cancel()
		case attempts.Timer:
			d.arm(now, a.At, a.Patient)
		case attempts.Release:
			d.release(a.Attempt)
		case attempts.Read:
			d.attempts[a.Attempt].reads <- struct{}{} // room for one: the machine asks for one at a time
		case attempts.Written:
			d.request.written = a.Messages
			d.news.Broadcast()
		case attempts.Warn:
			d.warn(now, a.Attempt, a.Warning)
		case attempts.Head:
			d.headed = true
			d.news.Broadcast()
		case attempts.End:
			d.end(a.Drop)
		case attempts.Observe:
			d.events = append(d.events, d.event(*a.Event))
		case attempts.Inflate:
			// The goroutine that has fed the payload sees that it is packed, and inflates it.
		default:
			panic("the Go driver does not know this action")
		}
	}
}

// tellObservers tells the observers what has happened. The lock is not held meanwhile, so an
// observer may use the channel. One goroutine tells them at a time, which keeps the
// order. When they have been told everything, the call's end is made known to its
// caller. If an observer panics, the events that follow are dropped.
func (d *driver) tellObservers() {
	if d.telling {
		return
	}
	d.telling = true
	defer d.publishEnd()
	for len(d.events) > 0 {
		events := d.events
		d.events = nil
		d.callObservers(events)
	}
}

// callObservers calls the observers. It takes the lock again afterwards, even if they panic.
func (d *driver) callObservers(events []Event) {
	d.channel.mu.Unlock()
	defer d.channel.mu.Lock()
	for i := range events {
		for _, f := range d.observers {
			f(events[i])
		}
	}
}

// publishEnd makes the call's end known, now that the observers have been told.
func (d *driver) publishEnd() {
	d.telling = false
	d.events = nil
	if d.ended != nil && d.result == nil {
		d.result = d.ended
		d.news.Broadcast()
	}
}

// arm sets the timer for an instant, in place of an earlier one. That of a call which is
// only patient is the channel's: it hardly ever comes to that, and a browser would be
// asked to set and to clear a timer for each call.
func (d *driver) arm(now, at plan.Duration, patient bool) {
	d.patient = plan.Never
	if patient && at != plan.Never {
		d.patient = at
		d.channel.wait(now, at)
		at = plan.Never
	}
	switch {
	case at == plan.Never:
		if d.timer != nil {
			d.timer.Stop()
		}
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Duration(at-now), func() { d.turn(d.machine.Timer) })
	default:
		d.timer.Reset(time.Duration(at - now))
	}
}

// end lets go of everything that the call holds. The goroutines of its attempts end by
// themselves, because the core has aborted those that were under way.
func (d *driver) end(drop bool) {
	d.ended = d.machine.Status()
	d.arm(0, plan.Never, false)
	d.request.free(d.request.queued())
	if d.unwatch != nil {
		d.unwatch()
	}
	if drop {
		d.inbox = inbox{}
		d.dropped.Store(true)
	}
	if drop && d.ended.Code == status.DeadlineExceeded {
		// Not the cause of the context, which may end a moment later.
		d.ended.Cause = context.DeadlineExceeded
	}
	d.channel.remove(d)
	d.channel.kept.touch()
}
