package grpcweb_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("runtime.handleEvent"),                             // js/wasm: the event loop's own
		goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"),         // the demo server's WebSockets: started as it is linked in
		goleak.IgnoreTopFunction("github.com/desertbit/timer.(*Timer).Reset.func1"), // and never ended
	)
}

// The method and message of most tests; the network is fake.
const method = "/helloworld.Greeter/SayHello"

var (
	ping = []byte("ping")
	pong = []byte("pong")
)

// scenario runs a test in a bubble of its own: on a fake clock, and with no
// goroutine left over at its end. Names begin with the scenario's number in
// .ci/scenarios/scenarios.md.
func scenario(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// open makes a channel that is closed, and empty, when the test is over.
func open(t *testing.T, rt transport.RoundTripper, opts ...grpcweb.Option) *grpcweb.Channel {
	t.Helper()
	ch, err := grpcweb.NewChannel(rt, "https://api.example.com", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ch.Close()
		if n := ch.Buffered(); n != 0 {
			t.Errorf("%d bytes are still held for replay", n)
		}
		if n := ch.Running(); n != 0 {
			t.Errorf("%d calls are still under way", n)
		}
	})
	return ch
}

// retries is a service config that retries UNAVAILABLE for all methods.
func retries(maxAttempts int) grpcweb.Option {
	return grpcweb.WithServiceConfigJSON(fmt.Sprintf(`{"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": %d, "initialBackoff": "1s", "maxBackoff": "5s", "backoffMultiplier": 1.5,
		"retryableStatusCodes": ["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "CANCELLED"]}}]}`, maxAttempts))
}

// hedges is a service config that hedges all methods.
func hedges(maxAttempts int, delay string) grpcweb.Option {
	return grpcweb.WithServiceConfigJSON(fmt.Sprintf(`{"methodConfig": [{"name": [{}], "hedgingPolicy": {
		"maxAttempts": %d, "hedgingDelay": %q, "nonFatalStatusCodes": ["UNAVAILABLE"]}}]}`, maxAttempts, delay))
}

// half draws the middle of every range.
func half() float64 { return 0.5 }

func unary(t *testing.T, ch *grpcweb.Channel, opts ...grpcweb.CallOption) (*grpcweb.Response, error) {
	t.Helper()
	return ch.Unary(t.Context(), method, ping, opts...)
}

// must is for calls that succeed.
func must(t *testing.T, res *grpcweb.Response, err error) *grpcweb.Response {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// wantCode checks how a call failed, and gives its status for more.
func wantCode(t *testing.T, err error, code status.Code) *status.Status {
	t.Helper()
	st, ok := status.FromError(err)
	if !ok {
		t.Fatalf("got %v, want a status with %v", err, code)
	}
	if st.Code != code {
		t.Fatalf("got %v, want %v", st, code)
	}
	return st
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

func wantAll[T comparable](t *testing.T, what string, got []T, wanted ...T) {
	t.Helper()
	if !slices.Equal(got, wanted) {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

func wantRequests(t *testing.T, n *fake.Network, count int) {
	t.Helper()
	if got := len(n.Seen()); got != count {
		t.Errorf("%d requests were made, want %d", got, count)
	}
}

// settle waits until everything that can run has run, then checks that nothing
// is left of the exchanges.
func settle(t *testing.T, n *fake.Network) {
	t.Helper()
	synctest.Wait()
	want(t, "exchanges that are not over", n.Open(), 0)
}

// previous are the grpc-previous-rpc-attempts of the requests; "-" where there is none.
func previous(n *fake.Network) []string { return sent(n, "grpc-previous-rpc-attempts") }

func sent(n *fake.Network, name string) []string {
	var values []string
	for _, x := range n.Seen() {
		value, ok := x.Request.Header.Lookup(name)
		if !ok {
			value = "-"
		}
		values = append(values, value)
	}
	return values
}

// starts are the instants of the requests, from the first one's.
func starts(n *fake.Network) []time.Duration {
	var at []time.Duration
	seen := n.Seen()
	for _, x := range seen {
		at = append(at, x.Begun.Sub(seen[0].Begun))
	}
	return at
}

// aborted are the exchanges that were aborted.
func aborted(n *fake.Network) []bool {
	var all []bool
	for _, x := range n.Seen() {
		all = append(all, x.Aborted)
	}
	return all
}

// stopwatch tells how much of the bubble's time has passed.
func stopwatch() func() time.Duration {
	begun := time.Now()
	return func() time.Duration { return time.Since(begun) }
}

// within is a context with a timeout that ends with the test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

var notSent = fake.Break(&transport.Error{Progress: transport.NotSent, Err: fake.ErrNetwork})
