package grpcweb

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// Source says how a subscription continues where it was interrupted.
type Source[C any] struct {
	// Request makes the request that continues after the cursor; nil is the beginning.
	Request func(cursor *C) []byte
	// Cursor says where a message stands; previous is the cursor before it, nil at first.
	Cursor func(message []byte, previous *C) C
}

// Resume subscribes to a method that answers with a stream. It subscribes again, from the
// last message on, when the stream fails with a code that the method's retryPolicy lists,
// or its connection is lost after it began. A status OK ends the iteration; any other error
// is yielded and ends it. If the server continues exactly after the cursor, no message is
// lost or comes twice, and all are in order (SEMANTICS 8.4).
//
// The waits are the policy's, and begin anew after a message. A wait ends early when the
// network comes back, if the transport can tell ([transport.Network]). ctx bounds the whole
// subscription, and the method's timeout each stream. Messages belong to the caller. If the
// method has no retryPolicy, the error is a *ConfigError, and nothing is sent.
func Resume[C any](ctx context.Context, ch *Channel, method string, source Source[C], opts ...CallOption) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if !ch.resumable(method) {
			yield(nil, &ConfigError{Problems: []serviceconfig.Problem{{Path: "serviceConfig", Reason: channel.Unresumable + ": " + method}}})
			return
		}
		var cursor *C
		for failures := 0; ; failures++ {
			lost, err := ch.follow(ctx, method, source.Request(cursor), opts, func(message []byte) bool {
				next := source.Cursor(message, cursor)
				cursor, failures = &next, 0
				return yield(message, nil)
			})
			if err == nil || errors.Is(err, errLeft) {
				return
			}
			after, again := ch.renew(method, err, lost, failures)
			if !again || ctx.Err() != nil {
				yield(nil, err)
				return
			}
			ch.waitToRenew(ctx, after)
		}
	}
}

// errLeft is that the caller has left the iteration.
var errLeft = errors.New("the iteration was left")

// follow takes the messages of one stream. At its end with OK there is no error; lost is that its
// connection was lost.
func (ch *Channel) follow(ctx context.Context, method string, request []byte, opts []CallOption, take func([]byte) bool) (lost bool, err error) {
	stream, err := ch.NewStream(ctx, method, append(opts[:len(opts):len(opts)], WithWholeRequest())...)
	if err != nil {
		return false, err
	}
	defer stream.Close()
	if err := stream.Send(request); err == nil {
		_ = stream.CloseSend() // what fails here, Recv tells too
	}
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return stream.lost(), err
		}
		if !take(message) {
			return false, errLeft
		}
	}
}

func (s *Stream) lost() bool {
	s.driver.channel.mu.Lock()
	defer s.driver.channel.mu.Unlock()
	return s.driver.machine.Lost()
}

func (ch *Channel) resumable(method string) bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.core.Resumable(method)
}

// renew asks the core whether to subscribe again.
func (ch *Channel) renew(method string, err error, lost bool, failures int) (after time.Duration, again bool) {
	st, ok := status.FromError(err)
	if !ok {
		return 0, false
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.closed {
		return 0, false
	}
	wait, again := ch.core.Renew(ch.now(), method, st.Code, lost, failures)
	return time.Duration(wait), again
}

// waitToRenew waits for so long, until ctx ends, or until the network comes back.
func (ch *Channel) waitToRenew(ctx context.Context, after time.Duration) {
	back := make(chan struct{}, 1)
	if of, ok := ch.transport.(transport.Network); ok {
		stop := of.Watch(func() {
			if of.Online() {
				select {
				case back <- struct{}{}:
				default:
				}
			}
		})
		defer stop()
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-back:
	case <-ctx.Done():
	}
}
