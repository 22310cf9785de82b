package jsbridge_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// flaky is a server in JavaScript. Of every four requests the first fails, the second is
// never answered, the third breaks in the body of its answer, the fourth is answered.
const flaky = `
	globalThis.count = (globalThis.count ?? -1) + 1;
	const type = {"content-type": "application/grpc-web+proto"};
	switch (globalThis.count % 4) {
	case 0:
		return Promise.resolve(new Response(null, {headers: {...type, "grpc-status": "14", "grpc-retry-pushback-ms": "0"}}));
	case 1:
		return new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
	case 2:
		return Promise.resolve(new Response(new ReadableStream({start(c) { c.enqueue(new Uint8Array([0, 0, 0])); c.error(new TypeError("terminated")) }}), {headers: type}));
	}
	const trailer = new TextEncoder().encode("grpc-status: 0\r\n");
	return Promise.resolve(new Response(new Uint8Array([0, 0, 0, 0, 0, 0x80, 0, 0, 0, trailer.length, ...trailer]), {headers: type}));`

// After 1000 calls, which end in every way that calls can, no callback and no goroutine
// is left.
func TestThousandCalls(t *testing.T) {
	fetching(t, flaky)
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com", grpcweb.WithServiceConfigJSON(`{"methodConfig": [{
		"name": [{}], "hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "0.005s", "nonFatalStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	var mu sync.Mutex
	codes := map[status.Code]int{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for i := range 50 {
				// The first call has no time at all. The last ones have enough on any machine.
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*i)*time.Millisecond)
				_, err := ch.Unary(ctx, "/s/"+strconv.Itoa(i), []byte("ping"))
				cancel()
				mu.Lock()
				codes[status.CodeOf(err)]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for _, c := range []status.Code{status.OK, status.Unavailable, status.DeadlineExceeded} {
		if codes[c] == 0 {
			t.Errorf("no call ended with %v: %v", c, codes)
		}
	}
	if len(codes) != 3 {
		t.Errorf("calls ended with %v", codes)
	}
}
