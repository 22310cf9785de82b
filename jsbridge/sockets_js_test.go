package jsbridge_test

import (
	"context"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// fakeSocket makes a class of WebSockets whose server is the function serve. What is
// sent is recorded in globalThis.seen, a line for each message: the header as text, a
// short message as its bytes, a long one as its first byte and the number of the others.
const fakeSocket = `
	globalThis.seen = {sent: "", closes: "", sockets: ""};
	globalThis.page = new EventTarget();
	for (const name of ["addEventListener", "removeEventListener"])
		globalThis[name] ??= globalThis.page[name].bind(globalThis.page);
	return class {
		bufferedAmount = 0;
		constructor(url, protocol) {
			globalThis.seen.sockets += url + " " + protocol + "\n";
			globalThis.socket = this;
			queueMicrotask(() => serve(this));
		}
		give(...bytes) { this.onmessage?.({data: new Uint8Array(bytes).buffer}) }
		send(data) {
			const ascii = data[0] > 1;
			globalThis.seen.sent += (ascii ? new TextDecoder().decode(data) : data.length > 10 ? data[0] + " and " + (data.length - 1) : data.join(" ")) + "\n";
			if (data.length === 1) this.ended?.();
		}
		close() { globalThis.seen.closes += "closed " + this.binaryType }
	}`

// leave is JavaScript that does what a browser does when the page is left.
const leave = `(globalThis.document ? globalThis : globalThis.page).dispatchEvent(new Event("pagehide"));`

// comeBack is JavaScript that does what a browser does when the user comes back to it.
const comeBack = `(globalThis.document ? globalThis : globalThis.page).dispatchEvent(new Event("pageshow"));`

// socketing returns a transport over WebSockets whose server is written in JavaScript,
// with the socket in s. At the end of the test it checks that all callbacks are released.
func socketing(t *testing.T, serve string) transport.RoundTripper {
	t.Helper()
	global := safejs.Global()
	function := get(t, global, "Function")
	server, err := function.New("s", serve)
	if err != nil {
		t.Fatal(err)
	}
	listens, err := global.Get("addEventListener")
	if err != nil {
		t.Fatal(err)
	}
	maker, err := function.New("serve", fakeSocket)
	if err != nil {
		t.Fatal(err)
	}
	class, err := maker.Invoke(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		wantReleased(t)
		if listens.Type() != safejs.TypeFunction {
			_ = global.Delete("addEventListener")
			_ = global.Delete("removeEventListener")
		}
	})
	return jsbridge.WebSocket(jsbridge.WithWebSocketClass(class))
}

func converse(ctx context.Context, rt transport.RoundTripper, body transport.Body) (*transport.Response, error) {
	return rt.RoundTrip(ctx, &transport.Request{
		URL: "HTTPS://api.example.com/s/m", Header: metadata.New("x-one", "1", "x-two", "2: 3"), Body: body, Size: -1, Streams: true,
	})
}
