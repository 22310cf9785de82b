package grpcweb

import (
	"context"
	"io"
	"sync"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// request holds the frames of a call's request. Each is made once; every attempt
// reads the same bytes through a cursor of its own, so that the first sending,
// the replay and the live tail are one path (SEMANTICS 2.5a). It is guarded by
// channel.mu.
type request struct {
	frames   [][]byte // those that are kept: message number gone comes first
	gone     int      // how many were let go of, from the first
	bytes    int64    // the length of all frames, of those that are gone too
	complete bool     // half-closed
	sending  bool     // a Send waits
	written  int      // messages that the application need not wait for
	grown    chan struct{}
	released int // the index of the only attempt that still sends the request; -1: any attempt may
}

// queued is how many messages there are, those that are gone included.
func (r *request) queued() int { return r.gone + len(r.frames) }

// add takes a message in its frame.
func (r *request) add(frame []byte) {
	r.frames = append(r.frames, frame)
	r.bytes += int64(len(frame))
	r.wake()
}

// close completes the request: no further message follows.
func (r *request) close() {
	r.complete = true
	r.wake()
}

// wake wakes the cursors that wait for the request to grow.
func (r *request) wake() {
	if r.grown != nil {
		close(r.grown)
		r.grown = nil
	}
}

// growth returns a channel that is closed when the request grows or is completed.
func (r *request) growth() <-chan struct{} {
	if r.grown == nil {
		r.grown = make(chan struct{})
	}
	return r.grown
}

// size returns the request's length in bytes; -1 if it is not known yet.
func (r *request) size() int64 {
	if !r.complete {
		return -1
	}
	return r.bytes
}

// free lets go of the first n messages, and of their places in the list: a stream
// may go on for ever.
func (r *request) free(n int) {
	if n > r.gone {
		clear(r.frames[:n-r.gone])
		r.frames, r.gone = r.frames[n-r.gone:], n
	}
}

// cursor is the request's body, for one attempt.
type cursor struct {
	attempt *attempt
	next    int           // the frame to send
	closed  chan struct{} // is closed when the transport wants no more
	once    sync.Once
}

func (a *attempt) newCursor() *cursor { return &cursor{attempt: a, closed: make(chan struct{})} }

// Next returns the next frame. If there is none yet and the request is still open, it
// waits.
func (c *cursor) Next(ctx context.Context) ([]byte, error) {
	for {
		frame, growth, err := c.take(ctx)
		if growth == nil {
			return frame, err
		}
		select {
		case <-growth:
		case <-ctx.Done():
		case <-c.attempt.ctx.Done():
		case <-c.closed:
		}
	}
}

// take returns the next frame, or a channel to wait on for one.
func (c *cursor) take(ctx context.Context) (frame []byte, growth <-chan struct{}, err error) {
	d := c.attempt.driver
	d.turn(func(plan.Duration) {
		switch err = c.ended(ctx); {
		case err != nil:
		case c.next < d.request.queued():
			frame = d.request.frames[c.next-d.request.gone]
			c.next++
			d.machine.Took(c.attempt.id, c.next)
			if d.request.released == c.attempt.id {
				d.request.free(c.next)
			}
		case d.request.complete:
			err = io.EOF
		default:
			growth = d.request.growth()
		}
	})
	return frame, growth, err
}

// ended returns an error if nobody wants the rest of the request: the call or the
// attempt is over, and frames may have been let go of.
func (c *cursor) ended(ctx context.Context) error {
	if d := c.attempt.driver; d.ended != nil || c.next < d.request.gone {
		return context.Canceled
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-c.closed:
		return context.Canceled
	default:
		return c.attempt.ctx.Err()
	}
}

// Close ends a Next that waits. The frames belong to the call.
func (c *cursor) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// release lets go of what this attempt has taken of the request, because no other
// attempt needs it. The attempt may not have been opened yet.
func (d *driver) release(id int) {
	d.request.released = id
	if id < len(d.attempts) && d.attempts[id].body != nil {
		d.request.free(d.attempts[id].body.next)
	}
}

// send adds a message of size bytes, in its frame.
func (d *driver) send(now plan.Duration, size int, frame []byte) {
	if d.machine.Send(now, int64(size), int64(len(frame)-wire.PrefixSize)); !d.machine.Over() {
		d.request.add(frame)
	}
}

// halfClose completes the request.
func (d *driver) halfClose(now plan.Duration) {
	d.request.close()
	d.machine.HalfClose(now)
}

// Send adds a message to the request. The message is copied, so the caller may change it
// afterwards.
//
// While the call may still be retried, the message is kept for that and Send returns at
// once. It also returns at once if the transport sends complete requests only, which
// happens after CloseSend. Otherwise Send waits until the transport has taken the
// message. It is not an error of Send that an attempt fails, as long as another attempt
// will send the message.
//
// Once the call has failed, the error is its *status.Status. Once it has ended with OK
// without waiting for this message, the error is io.EOF, and Recv returns what the server
// said. A Send after CloseSend, or during another Send, is a mistake of the caller's: the
// error is INTERNAL, nothing is sent, and the call continues.
func (s *Stream) Send(message []byte) error {
	d := s.driver
	frame := d.channel.frame(message) // without the lock: it may take a while
	d.channel.mu.Lock()
	defer d.channel.mu.Unlock()
	r := &d.request
	switch { // a usage error is reported rather than the status of the call (SEMANTICS 2.10e)
	case r.complete:
		return status.New(status.Internal, "Send was called after CloseSend: the request is complete")
	case r.sending:
		return status.New(status.Internal, "Send was called while another Send waits: send one message after another")
	}
	r.sending = true
	defer func() { r.sending = false }()
	nth := r.queued() + 1
	d.turnLocked(func(now plan.Duration) { d.send(now, len(message), frame) })
	for r.written < nth && d.result == nil {
		d.news.Wait()
	}
	switch {
	case r.written >= nth:
		return nil
	case d.result.Code == status.OK:
		return io.EOF
	}
	return d.err()
}

// CloseSend completes the request. If the call has failed, the error is its status.
// Calling it again does nothing.
func (s *Stream) CloseSend() error {
	d := s.driver
	d.turn(func(now plan.Duration) {
		if !d.request.complete {
			d.halfClose(now)
		}
	})
	return d.failure()
}
