package jsbridge

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// socket is one WebSocket, and the body of the response that comes through it.
type socket struct {
	value   safejs.Value
	ctx     context.Context // ends when this side needs the socket no longer
	cancel  context.CancelFunc
	isOpen  chan struct{} // closed when the socket has opened
	changed chan struct{} // has room for one token, which wakes the goroutine that waits for an event
	buffer  []byte
	visit   *visit
	release []func() // remove the listeners, so that JavaScript calls no function of ours any more

	mu         sync.Mutex
	inbox      []safejs.Value // messages that nobody has read yet
	closed     error          // how the socket was closed; read after the inbox
	unfinished bool           // the request has begun, and has not ended
	over       bool           // this side needs the socket no longer
}

// errBodyClosed is what Next returns after Close.
var errBodyClosed = errors.New("the response body was closed")

// errNotBinary is how a socket ends through which a message came that is not binary: the
// server does not speak the dialect. This side closes the socket then, and reads it as
// the server's close with the code that RFC 6455 has for such data (SEMANTICS 5.8e).
var errNotBinary = &transport.CloseError{Code: 1003, Reason: "received a message that is not binary"}

// listen listens to a socket's events. No handler waits.
func listen(ctx context.Context, value safejs.Value) (*socket, error) {
	k := &socket{value: value, isOpen: make(chan struct{}), changed: make(chan struct{}, 1), visit: visitPage()}
	k.release = append(k.release, k.visit.end)
	k.ctx, k.cancel = context.WithCancel(ctx)
	err := setProperty(value, "binaryType", "arraybuffer")
	for name, handler := range map[string]func(event safejs.Value){
		"onopen":    k.onOpen,
		"onmessage": k.onMessage,
		"onclose":   k.onClose,
		"onerror":   k.onError,
	} {
		if err == nil {
			err = k.on(name, handler)
		}
	}
	if err != nil {
		k.end()
		return nil, err
	}
	context.AfterFunc(k.ctx, k.end)
	return k, nil
}

// on sets one of the socket's handlers.
func (k *socket) on(name string, handler func(event safejs.Value)) error {
	f, err := callback(handler)
	if err != nil {
		return err
	}
	k.release = append(k.release, func() {
		_ = setProperty(k.value, name, nil)
		free(f)
	})
	return setProperty(k.value, name, f)
}

// update changes the socket's state under its lock, and wakes the goroutine that waits
// for a change.
func (k *socket) update(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// onOpen may be called twice, by a class that stands in for the browser's.
func (k *socket) onOpen(safejs.Value) {
	if !k.hasOpened() {
		close(k.isOpen)
	}
}

func (k *socket) onMessage(event safejs.Value) {
	data, err := property(event, "data")
	if err == nil {
		data, err = view(data)
	}
	k.visit.progresses()
	k.update(func() {
		switch {
		case k.closed != nil:
		case err != nil:
			k.closed = errNotBinary
		default:
			k.inbox = append(k.inbox, data)
		}
	})
}

// view returns a Uint8Array over an ArrayBuffer, and an error for any other data.
func view(data safejs.Value) (safejs.Value, error) {
	if data.Type() == safejs.TypeObject {
		if length, err := property(data, "byteLength"); err == nil && length.Type() == safejs.TypeNumber {
			return construct("Uint8Array", data)
		}
	}
	return data, errNotBinary
}

func (k *socket) onClose(event safejs.Value) {
	closed := &transport.CloseError{Code: 1006, Reason: text(event, "reason")}
	if v, err := property(event, "code"); err == nil {
		if code, err := v.Int(); err == nil {
			closed.Code = code
		}
	}
	k.update(func() {
		if k.closed == nil {
			k.closed = k.readError(closed)
		}
	})
}

// onError matters only to a socket that has not opened. After an error, an open one
// is closed, and its close event says how it ended. But where a
// Content-Security-Policy forbids a socket, Chromium sends an error event and no close
// event.
func (k *socket) onError(safejs.Value) {
	k.update(func() {
		switch {
		case k.closed != nil || k.hasOpened():
		case k.visit.interrupted():
			k.closed = &transport.Error{Aborted: true, Err: errors.New("the page was left before the socket opened")}
		default:
			k.closed = &transport.Error{Err: errors.New("the socket failed before it opened, and no reason was given")}
		}
	})
}

// readError is the error that the reader of the body gets for how the socket was
// closed (SEMANTICS 5.8d, 5.8e).
func (k *socket) readError(closed *transport.CloseError) error {
	switch {
	case k.visit.interrupted():
		return &transport.Error{Aborted: true, Err: errors.New("the page was left, and " + closed.Error())}
	case !k.hasOpened():
		return &transport.Error{Err: errors.New("the socket was closed before it opened, with code " + strconv.Itoa(closed.Code))}
	case closed.Code == 1000 || closed.Code == 1005:
		return io.EOF
	}
	return closed
}

func (k *socket) hasOpened() bool {
	select {
	case <-k.isOpen:
		return true
	default:
		return false
	}
}

// opened waits until the socket is open.
func (k *socket) opened(ctx context.Context) error {
	for !k.hasOpened() {
		if err := k.closeError(); err != nil {
			return err
		}
		select {
		case <-k.isOpen:
		case <-k.changed:
		case <-ctx.Done():
			return &transport.Error{Err: context.Cause(ctx)}
		}
	}
	return nil
}

// closeError says how the socket was closed; nil means that it was not.
func (k *socket) closeError() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// Next waits for the next message, and copies it out of JavaScript's memory.
func (k *socket) Next(ctx context.Context) ([]byte, error) {
	for {
		piece, err := k.take()
		if len(piece) > 0 {
			return piece, nil
		}
		if err == nil {
			select {
			case <-k.changed:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		k.end()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
}

// take returns the first message that has not been read, and else how the socket was
// closed. Both are nil where neither has come yet.
func (k *socket) take() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.inbox) > 0 {
		message := k.inbox[0]
		k.inbox[0], k.inbox = safejs.Value{}, k.inbox[1:]
		if piece, err := copyOut(&k.buffer, message); err != nil || len(piece) > 0 {
			return piece, err
		}
	}
	if k.over && k.closed == nil {
		return nil, errBodyClosed
	}
	return nil, k.closed
}

// Close closes the socket, unless the server has closed it.
func (k *socket) Close() error {
	k.end()
	return nil
}

// end closes the socket and releases what it holds, once. If the server has closed the
// socket already, closing it here does nothing.
func (k *socket) end() {
	first, unfinished := false, false
	k.update(func() {
		first, unfinished = !k.over, k.unfinished
		k.over, k.unfinished, k.inbox = true, false, nil
	})
	if !first {
		return
	}
	if unfinished {
		_ = k.send(brokenFrame[:]) // On a closed socket this does nothing.
	}
	k.cancel()
	for _, release := range k.release {
		release()
	}
	_, _ = k.value.Call("close")
}
