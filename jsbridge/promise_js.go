package jsbridge

import (
	"context"
	"sync/atomic"

	"github.com/hack-pad/safejs"
)

// live counts the functions that JavaScript may still call. Each holds memory on
// both sides until it is released.
var live atomic.Int64

type outcome struct {
	value safejs.Value
	err   error
}

// await waits for a promise, or for the end of ctx; then the promise goes on by
// itself. What it is rejected with becomes an *Error.
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

// settle has a promise's outcome sent to a channel. Only one of the two
// callbacks is ever called, and it releases both. Nothing in it waits: the
// channel has room, whether anybody still listens or not.
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

// callback is a function that JavaScript may call with an event, until it is freed.
// It must not wait.
func callback(told func(event safejs.Value)) (safejs.Func, error) {
	f, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		told(argument(args))
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

// ignore keeps a promise that nobody waits for from being told as unhandled.
// The callback is a function of JavaScript's own that does nothing.
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
