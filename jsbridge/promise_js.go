package jsbridge

import (
	"context"
	"sync/atomic"

	"github.com/hack-pad/safejs"
)

// live counts the Go functions that JavaScript may still call. Each holds memory in Go
// and in JavaScript until it is released.
var live atomic.Int64

type outcome struct {
	value safejs.Value
	err   error
}

// await waits for a promise or for the end of ctx, after which the promise goes on
// alone. What a promise is rejected with becomes an *Error.
func await(ctx context.Context, promise safejs.Value) (safejs.Value, error) {
	settled, err := settle(promise)
	if err != nil {
		return safejs.Value{}, err
	}
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return safejs.Value{}, ctx.Err()
	}
}

// settle returns a channel to which a promise's outcome is sent. Only one of the two
// callbacks is ever called, and it releases both. A callback must not wait, so the
// channel has room for the outcome, whether or not anybody still receives it.
func settle(promise safejs.Value) (<-chan outcome, error) {
	settled := make(chan outcome, 1)
	var callbacks []safejs.Func
	release := func() {
		for _, f := range callbacks {
			f.Release()
			live.Add(-1)
		}
	}
	for _, read := range []func(safejs.Value) outcome{
		func(v safejs.Value) outcome { return outcome{value: v} },
		func(v safejs.Value) outcome { return outcome{err: errorOf(v)} },
	} {
		f, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
			release()
			settled <- read(argument(args))
			return nil
		})
		if err != nil {
			release()
			return nil, err
		}
		live.Add(1)
		callbacks = append(callbacks, f)
	}
	if _, err := promise.Call("then", callbacks[0], callbacks[1]); err != nil {
		release()
		return nil, err
	}
	return settled, nil
}

// callback makes a function that JavaScript may call with an event until it is freed.
// The handler must not wait, because JavaScript waits for it.
func callback(handler func(event safejs.Value)) (safejs.Func, error) {
	f, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		handler(argument(args))
		return nil
	})
	if err == nil {
		live.Add(1)
	}
	return f, err
}

func free(f safejs.Func) {
	f.Release()
	live.Add(-1)
}

func argument(args []safejs.Value) safejs.Value {
	if len(args) == 0 {
		return safejs.Undefined()
	}
	return args[0]
}

// ignore keeps the rejection of a promise that nobody waits for from being reported as
// unhandled. Its callback is Function.prototype, a function of JavaScript's own that
// does nothing, so there is none of ours to release.
func ignore(promise safejs.Value, err error) {
	if err != nil {
		return
	}
	if function, err := safejs.Global().Get("Function"); err == nil {
		if nothing, err := function.Get("prototype"); err == nil {
			_, _ = promise.Call("catch", nothing)
		}
	}
}
