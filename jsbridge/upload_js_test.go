package jsbridge_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// live is a request body that is not complete yet: the test sends its pieces.
type live struct {
	pieces chan string
	closed chan struct{}
	once   sync.Once
}

func newLive() *live { return &live{pieces: make(chan string), closed: make(chan struct{})} }

func (l *live) Next(ctx context.Context) ([]byte, error) {
	select {
	case piece, ok := <-l.pieces:
		if !ok {
			return nil, io.EOF
		}
		return []byte(piece), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *live) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func postLive(ctx context.Context, l *live) (*transport.Response, error) {
	return jsbridge.Fetch().RoundTrip(ctx, &transport.Request{
		URL: "https://api.example.com/s/m", Header: metadata.New("x-one", "1"), Body: l, Size: -1,
	})
}

// echo is a server that sends back each piece of the request as it comes.
const echo = `
	globalThis.seen = {duplex: init.duplex, stream: String(init.body instanceof ReadableStream)};
	return Promise.resolve(new Response(init.body));`

func TestRequestsAreStreamed(t *testing.T) {
	fetching(t, echo)
	l := newLive()
	res, err := postLive(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "duplex", seen(t, "duplex"), "half")
	want(t, "stream", seen(t, "stream"), "true")
	for _, piece := range []string{"one", "two"} {
		l.pieces <- piece
		back, err := res.Body.Next(t.Context())
		want(t, "piece", string(back), piece)
		want(t, "error", err, nil)
	}
	close(l.pieces)
	_, err = res.Body.Next(t.Context())
	want(t, "end", err, io.EOF)
	<-l.closed
}

// Whatever ends the exchange, the request body is closed and no callback is left. The
// latter is checked by fetching.
func TestUploadsThatAreCutShort(t *testing.T) {
	for name, source := range map[string]string{
		"rejected":   `init.body.cancel(); return Promise.reject(new TypeError("Failed to fetch"))`,
		"never_read": `return new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)))`,
	} {
		t.Run(name, func(t *testing.T) {
			fetching(t, source)
			l := newLive()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				for i := range 2 { // The second piece is never asked for.
					select {
					case l.pieces <- "piece":
					case <-l.closed:
					}
					if i == 0 && name != "rejected" {
						cancel()
					}
				}
			}()
			_, err := postLive(ctx, l)
			if err == nil {
				t.Error("an exchange without an answer succeeded")
			}
			cancel()
			<-l.closed
		})
	}
	t.Run("thrown", func(t *testing.T) {
		fetching(t, `throw new TypeError("duplex is not known")`)
		_, err := postLive(t.Context(), newLive())
		var of *transport.Error
		if !errors.As(err, &of) || !of.Invalid {
			t.Errorf("got %v", err)
		}
	})
}

func TestBrowsersSendWholeRequests(t *testing.T) {
	streams := func(opts ...jsbridge.FetchOption) bool {
		return jsbridge.Fetch(opts...).(transport.Streamer).StreamsRequests()
	}
	process := get(t, safejs.Global(), "process")
	// In a page, wasm_exec.js makes a process without versions.
	want(t, "as it is", streams(), get(t, process, "versions").Type() == safejs.TypeObject)
	if err := safejs.Global().Set("process", safejs.Undefined()); err != nil {
		t.Fatal(err)
	}
	inBrowser, asked := streams(), streams(jsbridge.WithRequestStreaming())
	if err := safejs.Global().Set("process", process); err != nil {
		t.Fatal(err)
	}
	want(t, "in a browser", inBrowser, false)
	// Those that do not know request streams are in TestBrowsersWithoutRequestStreams.
	want(t, "in a browser that is asked to", asked, duplexIsKnown(t))
}

// duplexIsKnown reports whether the class Request knows the field, as those that take
// streams do.
func duplexIsKnown(t *testing.T) bool {
	t.Helper()
	known, err := get(t, safejs.Global(), "Reflect").Call("has", get(t, get(t, safejs.Global(), "Request"), "prototype"), "duplex")
	if err != nil {
		t.Fatal(err)
	}
	has, err := known.Bool()
	if err != nil {
		t.Fatal(err)
	}
	return has
}

// page makes the runtime look like a page: it says whether it is online, and takes
// listeners. noPage undoes it.
const page = `
	globalThis.listeners = new Map();
	Object.defineProperty(globalThis, "navigator", {value: {onLine: true}, configurable: true});
	globalThis.addEventListener = (event, f) => globalThis.listeners.set(event, f);
	globalThis.removeEventListener = (event, f) => globalThis.listeners.get(event) === f && globalThis.listeners.delete(event);
	globalThis.connect = (up) => { navigator.onLine = up; globalThis.listeners.get(up ? "online" : "offline")?.() };`

const noPage = `
	for (const name of ["navigator", "addEventListener", "removeEventListener", "listeners", "connect"]) delete globalThis[name];`

func run(t *testing.T, source string) {
	t.Helper()
	f, err := get(t, safejs.Global(), "Function").New(source)
	if err == nil {
		_, err = f.Invoke()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func listeners(t *testing.T) int {
	t.Helper()
	n, err := get(t, get(t, safejs.Global(), "listeners"), "size").Int()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNetworkOfAPage(t *testing.T) {
	fetching(t, `
		const trailer = new TextEncoder().encode("grpc-status: 0\r\n");
		return Promise.resolve(new Response(new Uint8Array([0, 0, 0, 0, 0, 0x80, 0, 0, 0, trailer.length, ...trailer]), {headers: {"content-type": "application/grpc-web"}}));`)
	network := jsbridge.Fetch().(transport.Network)
	want(t, "online, as it is", network.Online(), true)
	network.Watch(func() {})()

	run(t, page)
	defer run(t, noPage)
	want(t, "online", network.Online(), true)
	run(t, "connect(false)")
	want(t, "online", network.Online(), false)

	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	ended, started := make(chan error), make(chan grpcweb.Event, 100)
	for i := range 3 {
		go func() {
			_, err := ch.Unary(t.Context(), "/s/"+strconv.Itoa(i), nil, grpcweb.WithWaitForReady(true),
				grpcweb.WithObserver(func(e grpcweb.Event) { started <- e }))
			ended <- err
		}()
	}
	for range 3 {
		want(t, "event", (<-started).Type, grpcweb.EventCallStarted)
	}
	want(t, "listeners", listeners(t), 2)
	run(t, "connect(true)")
	for range 3 {
		want(t, "error", <-ended, nil)
	}
	want(t, "listeners left", listeners(t), 0)
}
