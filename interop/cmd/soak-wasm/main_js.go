// Command soak-wasm is Hedgerow's Go API in a browser, as make soak holds it: very many calls
// that end in all the ways there are, after which nothing may be left.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/interop/page"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

const config = `{"methodConfig": [
	{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.002s", "backoffMultiplier": 1,
		"retryableStatusCodes": ["UNAVAILABLE"]}},
	{"name": [{"service": "soak.Plain"}]},
	{"name": [{"service": "soak.Hedged"}], "hedgingPolicy": {"maxAttempts": 2, "nonFatalStatusCodes": ["UNAVAILABLE"]}}]}`

func main() {
	page.Export("goSoakStep", step)
	page.Export("goSoakLook", look)
	select {}
}

// inFlight is how many calls run at a time.
const inFlight = 50

var (
	channels = map[string]*grpcweb.Channel{}
	made     atomic.Int64
)

// step makes so many calls of a sort, "fake", "real" or "streams", and fails if one of them
// has ended as it should not.
func step(baseURL, work string, calls int) (int, error) {
	ch := channels[baseURL]
	if ch == nil {
		var err error
		if ch, err = grpcweb.NewChannel(jsbridge.Fetch(), baseURL, grpcweb.WithServiceConfigJSON(config), grpcweb.WithAttemptHeader(grpcweb.AttemptHeaderAlways)); err != nil {
			return 0, err
		}
		channels[baseURL] = ch
	}
	var (
		left   atomic.Int64
		failed atomic.Pointer[error]
		wg     sync.WaitGroup
	)
	left.Store(int64(calls))
	for range inFlight {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				i := int(made.Add(1))
				all := kinds[work]
				k := all[i%len(all)]
				if got := status.CodeOf(k.call(context.Background(), ch, i)); got != k.ends {
					err := fmt.Errorf("%s ended with %v, not %v", k.name, got, k.ends)
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return calls, nil
}

// look says how many goroutines there are, or how many bytes Go's heap has after a collection.
// Finalizers, which give JavaScript's values back, run after it.
func look(_, what string, _ int) (int, error) {
	if what == "goroutines" {
		return runtime.NumGoroutine(), nil
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc), nil
}
