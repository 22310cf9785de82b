package jsbridge

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hack-pad/safejs"
)

// live counts the Go functions that JavaScript may still call. Each holds memory in Go
// and in JavaScript until it is released.
var live atomic.Int64

// waiter waits for one promise after another. Its two functions are made once, because
// making them and letting go of them costs more than all else that a promise does.
type waiter struct {
	resolve, reject safejs.Func
	settled         chan outcome
	abandoned       bool // nobody receives the outcome; the callback frees the waiter
}

// outcome is what became of a promise.
type outcome struct {
	value    safejs.Value
	rejected bool
}

// idle are the waiters that wait for nothing. No more than maxIdle are kept.
var idle struct {
	mu      sync.Mutex
	waiters []*waiter
}

const maxIdle = 16

// newWaiter returns a waiter that is idle, or makes one.
func newWaiter() (*waiter, error) {
	idle.mu.Lock()
	defer idle.mu.Unlock()
	live.Add(1)
	if last := len(idle.waiters) - 1; last >= 0 {
		w := idle.waiters[last]
		idle.waiters = idle.waiters[:last]
		return w, nil
	}
	w := &waiter{settled: make(chan outcome, 1)}
	var err error
	if w.resolve, err = w.callback(false); err == nil {
		if w.reject, err = w.callback(true); err == nil {
			return w, nil
		}
		w.resolve.Release()
	}
	live.Add(-1)
	return nil, err
}

// callback makes one of a waiter's functions. It must not wait, so the channel has room
// for the outcome, whether or not anybody still receives it.
func (w *waiter) callback(rejects bool) (safejs.Func, error) {
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		idle.mu.Lock()
		abandoned := w.abandoned
		idle.mu.Unlock()
		if abandoned {
			w.free()
			return nil
		}
		w.settled <- outcome{argument(args), rejects}
		return nil
	})
}

// free makes a waiter idle, whose promise has settled: JavaScript calls its functions no
// more.
func (w *waiter) free() {
	idle.mu.Lock()
	defer idle.mu.Unlock()
	live.Add(-1)
	w.abandoned = false
	if len(idle.waiters) < maxIdle {
		idle.waiters = append(idle.waiters, w)
		return
	}
	w.resolve.Release()
	w.reject.Release()
}

// abandon leaves a waiter to the promise's callback. It returns false if the promise has
// settled meanwhile.
func (w *waiter) abandon() bool {
	idle.mu.Lock()
	defer idle.mu.Unlock()
	w.abandoned = len(w.settled) == 0
	return w.abandoned
}

// await waits for a promise or for the end of ctx, after which the promise goes on
// alone. What a promise is rejected with becomes an *Error.
func await(ctx context.Context, promise safejs.Value) (safejs.Value, error) {
	w, err := newWaiter()
	if err != nil {
		return safejs.Value{}, err
	}
	if err := then(promise, w.resolve, w.reject); err != nil {
		w.free()
		return safejs.Value{}, caught(err)
	}
	select {
	case o := <-w.settled:
		w.free()
		if o.rejected {
			return safejs.Value{}, errorOf(o.value)
		}
		return o.value, nil
	case <-ctx.Done():
		if !w.abandon() {
			<-w.settled
			w.free()
		}
		return safejs.Value{}, ctx.Err()
	}
}

// then has a promise call one of two functions, and that once. What only has a method then
// might call them more often, and a waiter may wait for another promise by that time; so a
// promise of JavaScript's own stands in for it, and for what is no promise at all.
func then(promise safejs.Value, resolve, reject safejs.Func) error {
	method, err := promiseThen()
	if err != nil {
		return err
	}
	if _, err = method.Invoke(promise, resolve, reject); err == nil {
		return nil
	}
	class, err := promiseClass()
	if err != nil {
		return err
	}
	if promise, err = class.Call("resolve", promise); err == nil {
		_, err = method.Invoke(promise, resolve, reject)
	}
	return err
}

// promiseThen is Promise.prototype.then as a function of the promise.
var promiseThen = unbound("Promise", "then")

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
