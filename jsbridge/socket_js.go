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

// A socket is one WebSocket, and the body of the response that it brings.
type socket struct {
	value  safejs.Value
	ctx    context.Context // ends with this side's interest in it
	cancel context.CancelFunc
	isOpen chan struct{} // closed when it has opened
	news   chan struct{} // room for one: something came
	buffer []byte
	undo   []func() // has JavaScript call no function of ours any more

	mu     sync.Mutex
	inbox  []safejs.Value // messages that nobody has read yet
	closed error          // how it was closed, told behind them
	left   bool           // the page was, since something was last heard
	begun  bool           // the request has, and was not ended
	over   bool           // this side has let go of it
}

// errEnded is what a reader gets of a body that was closed.
var errEnded = errors.New("the body was closed")

// unsupported is told of a message that is not made of bytes. It is this side that
// closes the socket then, for what a close code has a name for.
var unsupported = &transport.CloseError{Code: 1003, Reason: "a message came that is not made of bytes"}

// listen has a socket's events told. No callback waits.
func listen(ctx context.Context, value safejs.Value) (*socket, error) {
	k := &socket{value: value, isOpen: make(chan struct{}), news: make(chan struct{}, 1)}
	k.ctx, k.cancel = context.WithCancel(ctx)
	err := value.Set("binaryType", "arraybuffer")
	for name, told := range map[string]func(event safejs.Value){
		"onopen":    func(safejs.Value) { close(k.isOpen) },
		"onmessage": k.message,
		"onclose":   k.shut,
		"onerror":   k.failed,
	} {
		if err == nil {
			err = k.on(name, told)
		}
	}
	if err == nil {
		err = k.watchPage()
	}
	if err != nil {
		k.end()
		return nil, err
	}
	context.AfterFunc(k.ctx, k.end)
	return k, nil
}

// on sets one of the socket's handlers.
func (k *socket) on(name string, told func(event safejs.Value)) error {
	f, err := callback(told)
	if err != nil {
		return err
	}
	k.undo = append(k.undo, func() {
		_ = k.value.Set(name, nil)
		free(f)
	})
	return k.value.Set(name, f)
}

// watchPage hears when the page is left. Node has none.
func (k *socket) watchPage() error {
	global := safejs.Global()
	listens, err := global.Get("addEventListener")
	if err != nil || listens.Type() != safejs.TypeFunction {
		return err
	}
	f, err := callback(func(safejs.Value) { k.hear(func() { k.left = true }) })
	if err != nil {
		return err
	}
	k.undo = append(k.undo, func() {
		_, _ = global.Call("removeEventListener", "pagehide", f)
		free(f)
	})
	_, err = global.Call("addEventListener", "pagehide", f)
	return err
}

// hear notes something, and wakes who waits for it.
func (k *socket) hear(what func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	what()
	select {
	case k.news <- struct{}{}:
	default:
	}
}

func (k *socket) message(event safejs.Value) {
	data, err := event.Get("data")
	if err == nil {
		data, err = view(data)
	}
	k.hear(func() {
		k.left = false
		switch {
		case k.closed != nil:
		case err != nil:
			k.closed = unsupported
		default:
			k.inbox = append(k.inbox, data)
		}
	})
}

// view is a Uint8Array of an ArrayBuffer. Nothing else is taken.
func view(data safejs.Value) (safejs.Value, error) {
	if data.Type() == safejs.TypeObject {
		if length, err := data.Get("byteLength"); err == nil && length.Type() == safejs.TypeNumber {
			return construct("Uint8Array", data)
		}
	}
	return data, unsupported
}

func (k *socket) shut(event safejs.Value) {
	closed := &transport.CloseError{Code: 1006, Reason: text(event, "reason")}
	if v, err := event.Get("code"); err == nil {
		if code, err := v.Int(); err == nil {
			closed.Code = code
		}
	}
	k.hear(func() {
		if k.closed == nil {
			k.closed = k.meaning(closed)
		}
	})
}

// failed: the socket could not be opened. An open one says with its close how it
// ended; but where a Content-Security-Policy forbids one, Chromium tells this alone.
func (k *socket) failed(safejs.Value) {
	k.hear(func() {
		switch {
		case k.closed != nil || k.hasOpened():
		case k.left:
			k.closed = &transport.Error{Aborted: true, Err: errors.New("the page was left before it opened")}
		default:
			k.closed = &transport.Error{Err: errors.New("it failed before it opened, and nothing says why")}
		}
	})
}

// meaning is what a closing says to who reads the body.
func (k *socket) meaning(closed *transport.CloseError) error {
	switch {
	case k.left:
		return &transport.Error{Aborted: true, Err: errors.New("the page was left, and " + closed.Error())}
	case !k.hasOpened():
		return &transport.Error{Err: errors.New("it was closed before it opened, with code " + strconv.Itoa(closed.Code))}
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
		if err := k.ending(); err != nil {
			return err
		}
		select {
		case <-k.isOpen:
		case <-k.news:
		case <-ctx.Done():
			return &transport.Error{Err: context.Cause(ctx)}
		}
	}
	return nil
}

// ending is how the socket was closed; nil: it was not.
func (k *socket) ending() error {
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
			case <-k.news:
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

// take takes the first message that has come, or else how the socket was closed, if it
// was.
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
		return nil, errEnded
	}
	return nil, k.closed
}

// Close closes the socket, if the server has not.
func (k *socket) Close() error {
	k.end()
	return nil
}

// end lets go of the socket, once. To one that is closed, another close does nothing.
func (k *socket) end() {
	first, breaksOff := false, false
	k.hear(func() {
		first, breaksOff = !k.over, k.begun
		k.over, k.begun, k.inbox = true, false, nil
	})
	if !first {
		return
	}
	if breaksOff {
		_ = k.send(brokenOff[:]) // of no effect where it is closed
	}
	k.cancel()
	for _, undo := range k.undo {
		undo()
	}
	_, _ = k.value.Call("close")
}
