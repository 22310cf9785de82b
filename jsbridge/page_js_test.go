package jsbridge_test

import (
	"errors"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// eventful makes the runtime one whose page hears events, unless it is. The function happen
// sends one.
func eventful(t *testing.T) {
	t.Helper()
	run(t, `
		const page = globalThis.document ? globalThis : new EventTarget();
		globalThis.happen = (type) => page.dispatchEvent(new Event(type));
		globalThis.listening = []; // but to the page's policy, which is listened to for good
		if (globalThis.document) return;
		globalThis.addEventListener = (type, f) => { globalThis.listening.push(type); page.addEventListener(type, f) };
		globalThis.removeEventListener = (type, f) => {
			globalThis.listening.splice(globalThis.listening.indexOf(type), 1);
			page.removeEventListener(type, f);
		};`)
	t.Cleanup(func() {
		run(t, `
			const left = globalThis.listening.filter((type) => type !== "securitypolicyviolation").length;
			delete globalThis.happen;
			delete globalThis.listening;
			if (!globalThis.document) { delete globalThis.addEventListener; delete globalThis.removeEventListener }
			if (left > 0) throw new Error(left + " listeners are left");`)
	})
}

// What ends because the page is left is nobody's failure.
func Test32LeavingThePage(t *testing.T) {
	for name, c := range map[string]struct {
		before  string // what the page hears before the exchange fails
		aborted bool
	}{
		"told":          {`happen("beforeunload");`, true},
		"left":          {`happen("pagehide");`, true},
		"came_back":     {`happen("pagehide"); happen("pageshow");`, true},
		"told_and_back": {`happen("beforeunload"); happen("pageshow");`, false},
		"there":         {"", false},
	} {
		t.Run(name+"_no_response", func(t *testing.T) {
			eventful(t)
			fetching(t, c.before+`return Promise.reject(new TypeError("NetworkError"))`)
			_, err := post(t.Context(), jsbridge.Fetch())
			wantAborted(t, err, c.aborted)
		})
		t.Run(name+"_broken", func(t *testing.T) {
			eventful(t)
			fetching(t, `
				let reads = 0;
				const body = {getReader: () => ({
					read() {
						if (reads++ === 0) return Promise.resolve({done: false, value: Uint8Array.of(1)});
						`+c.before+`
						return Promise.reject(new TypeError("NetworkError"));
					},
					cancel: () => Promise.resolve(),
				})};
				return Promise.resolve({type: "cors", status: 200, headers: new Headers(), body});`)
			response, err := post(t.Context(), jsbridge.Fetch())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := response.Body.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = response.Body.Next(t.Context())
			wantAborted(t, err, c.aborted)
		})
	}
}

func wantAborted(t *testing.T, err error, aborted bool) {
	t.Helper()
	var of *transport.Error
	if err == nil || (errors.As(err, &of) && of.Aborted) != aborted {
		t.Errorf("got %v, aborted %v; want aborted %v", err, !aborted, aborted)
	}
}

// Firefox and Safari know no streams as requests: they send the text "[object
// ReadableStream]". Their Request does not read duplex.
func TestBrowsersWithoutRequestStreams(t *testing.T) {
	process := get(t, safejs.Global(), "process")
	if err := safejs.Global().Set("process", safejs.Undefined()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := safejs.Global().Set("process", process); err != nil {
			t.Fatal(err)
		}
	}()
	for name, class := range map[string]string{
		"text":    `class extends own { constructor(url) { super(url, {method: "POST", body: "[object ReadableStream]"}) } }`,
		"refused": refusing,
		"none":    "undefined",
	} {
		t.Run(name, func(t *testing.T) {
			replacing(t, "Request", class)
			fetch := jsbridge.Fetch(jsbridge.WithRequestStreaming())
			want(t, "streams", fetch.(transport.Streamer).StreamsRequests(), false)
		})
	}
}
