package jsbridge_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"go.uber.org/goleak"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent")) // It belongs to the event loop.
}

// fetching replaces the global fetch by a function written in JavaScript. At the end of
// the test it checks that all callbacks are released.
func fetching(t *testing.T, source string) {
	t.Helper()
	own := get(t, safejs.Global(), "fetch")
	function := get(t, safejs.Global(), "Function")
	fake, err := function.New("url", "init", source)
	if err == nil {
		err = safejs.Global().Set("fetch", fake)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := safejs.Global().Set("fetch", own); err != nil {
			t.Error(err)
		}
		wantReleased(t)
	})
}

// wantReleased waits for the promises that an abort left behind.
func wantReleased(t *testing.T) {
	t.Helper()
	turnUntil(func() bool { return jsbridge.Live() == 0 && jsbridge.Exchanges() == 0 })
	if n := jsbridge.Live(); n != 0 {
		t.Errorf("%d callbacks are not released", n)
	}
	if n := jsbridge.Exchanges(); n != 0 {
		t.Errorf("%d exchanges have not ended", n)
	}
}

// turnUntil lets JavaScript's event loop turn until a condition is true, a bounded
// number of times, because there is nothing else to wait on.
func turnUntil(done func() bool) {
	for tries := 0; !done() && tries < 3000; tries++ {
		time.Sleep(time.Millisecond)
	}
}

func get(t *testing.T, v safejs.Value, name string) safejs.Value {
	t.Helper()
	property, err := v.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return property
}

// seen reads what a fake fetch or a fake socket has recorded in globalThis.seen.
func seen(t *testing.T, name string) string {
	t.Helper()
	text, err := get(t, get(t, safejs.Global(), "seen"), name).String()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type pieces []string

func (p *pieces) Next(context.Context) ([]byte, error) {
	if len(*p) == 0 {
		return nil, io.EOF
	}
	piece := (*p)[0]
	*p = (*p)[1:]
	return []byte(piece), nil
}

func (p *pieces) Close() error { return nil }

func post(ctx context.Context, rt transport.RoundTripper, body ...string) (*transport.Response, error) {
	return rt.RoundTrip(ctx, &transport.Request{
		URL: "https://api.example.com/s/m", Header: metadata.New("x-one", "1", "x-one", "2"), Body: (*pieces)(&body), Size: int64(len(strings.Join(body, ""))),
	})
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

const keepInit = `
	globalThis.seen = {...init, url, body: new TextDecoder().decode(init.body), headers: new Headers(init.headers).get("x-one")};
	return Promise.resolve(new Response("answer", {status: 203, headers: {"x-two": "2"}}));`

func TestWhatIsFetched(t *testing.T) {
	fetching(t, keepInit)
	for _, c := range []struct {
		rt          transport.RoundTripper
		credentials string
		redirect    string
	}{
		{jsbridge.Fetch(), "same-origin", "manual"},
		{jsbridge.Fetch(jsbridge.WithCredentials(jsbridge.Include)), "include", "manual"},
		{jsbridge.Fetch(jsbridge.WithCredentials("omit")), "omit", "manual"},
	} {
		res, err := post(t.Context(), c.rt, "the ", "body")
		if err != nil {
			t.Fatal(err)
		}
		for name, wanted := range map[string]string{
			"url": "https://api.example.com/s/m", "method": "POST", "mode": "cors", "redirect": c.redirect, "cache": "no-store",
			"credentials": c.credentials, "body": "the body", "headers": "1, 2",
		} {
			want(t, name, seen(t, name), wanted)
		}
		want(t, "status", res.Status, 203)
		want(t, "header", res.Header.Get("x-two"), "2")
		piece, err := res.Body.Next(t.Context())
		want(t, "body", string(piece), "answer")
		want(t, "error", err, nil)
		_, err = res.Body.Next(t.Context())
		want(t, "end", err, io.EOF)
		_, err = res.Body.Next(t.Context())
		want(t, "end again", err, io.EOF)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		source  string
		aborted bool
		invalid bool
		text    string
	}{
		"network":             {`return Promise.reject(new TypeError("Failed to fetch"))`, false, false, "TypeError: Failed to fetch"},
		"network_with_cause":  {`return Promise.reject(new TypeError("fetch failed", {cause: new Error("connect ECONNREFUSED")}))`, false, false, "TypeError: fetch failed: connect ECONNREFUSED"},
		"cause_without_text":  {`return Promise.reject(new TypeError("fetch failed", {cause: {code: "ECONNREFUSED"}}))`, false, false, "TypeError: fetch failed: ECONNREFUSED"},
		"aborted_by_the_page": {`return Promise.reject(new DOMException("The user aborted a request.", "AbortError"))`, true, false, "AbortError: The user aborted a request."},
		"no_error_object":     {`return Promise.reject("nothing doing")`, false, false, "nothing doing"},
		"nothing_at_all":      {`return Promise.reject()`, false, false, "<undefined>"},
		"no_promise":          {`return 1`, false, false, ""},
		"no_response":         {`return Promise.resolve({})`, false, false, "fetch did not resolve with an unread Response"},
		"thrown":              {`throw new TypeError("no such thing")`, false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			fetching(t, c.source)
			_, err := post(t.Context(), jsbridge.Fetch())
			var of *transport.Error
			if !errors.As(err, &of) {
				t.Fatalf("got %v, want a *transport.Error", err)
			}
			want(t, "progress", of.Progress, transport.Processed)
			want(t, "aborted", of.Aborted, c.aborted)
			want(t, "invalid", of.Invalid, c.invalid)
			if c.text != "" {
				if !strings.HasPrefix(of.Error(), c.text) {
					t.Errorf("text: got %q, want %q", of.Error(), c.text)
				}
			}
		})
	}
}

// A fetch may ignore its signal, as those with which pages replace it often do. RoundTrip
// and Next return at the end of the context all the same.
func TestDeafFetch(t *testing.T) {
	t.Run("head", func(t *testing.T) {
		fetching(t, `
			globalThis.seen = {};
			init.signal.addEventListener("abort", () => { globalThis.seen.aborted = "yes" });
			return new Promise((resolve) => { globalThis.seen.answer = () => resolve(new Response("late")) });`)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		_, err := post(ctx, jsbridge.Fetch())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		turnUntil(func() bool { return seen(t, "aborted") == "yes" })
		want(t, "aborted", seen(t, "aborted"), "yes")
		if _, err := get(t, safejs.Global(), "seen").Call("answer"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("body", func(t *testing.T) {
		fetching(t, `
			globalThis.seen = {};
			return Promise.resolve(new Response(new ReadableStream({cancel() { globalThis.seen.canceled = "yes" }})));`)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		res, err := post(ctx, jsbridge.Fetch())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Millisecond, cancel)
		if _, err := res.Body.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		want(t, "canceled", seen(t, "canceled"), "yes")
	})
}

func TestBodies(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		fetching(t, `return Promise.resolve(new Response(null, {status: 204}))`)
		res, err := post(t.Context(), jsbridge.Fetch())
		if err != nil {
			t.Fatal(err)
		}
		_, err = res.Body.Next(t.Context())
		want(t, "end", err, io.EOF)
		res.Body.Close()
	})
	t.Run("empty_chunks_are_passed_over", func(t *testing.T) {
		fetching(t, `return Promise.resolve(new Response(new ReadableStream({start(c) {
			c.enqueue(new Uint8Array()); c.enqueue(new Uint8Array([1, 2])); c.enqueue(new Uint8Array()); c.close();
		}})))`)
		res, err := post(t.Context(), jsbridge.Fetch())
		if err != nil {
			t.Fatal(err)
		}
		piece, err := res.Body.Next(t.Context())
		want(t, "piece", string(piece), "\x01\x02")
		want(t, "error", err, nil)
		_, err = res.Body.Next(t.Context())
		want(t, "end", err, io.EOF)
	})
	t.Run("broken", func(t *testing.T) {
		fetching(t, `return Promise.resolve(new Response(new ReadableStream({pull(c) { c.error(new TypeError("terminated")) }})))`)
		res, err := post(t.Context(), jsbridge.Fetch())
		if err != nil {
			t.Fatal(err)
		}
		_, err = res.Body.Next(t.Context())
		var of *jsbridge.Error
		if !errors.As(err, &of) || of.Message != "terminated" {
			t.Errorf("got %v", err)
		}
		res.Body.Close()
	})
	t.Run("aborted_by_the_page", func(t *testing.T) {
		fetching(t, `return Promise.resolve(new Response(new ReadableStream({pull(c) { c.error(new DOMException("The user left.", "AbortError")) }})))`)
		res, err := post(t.Context(), jsbridge.Fetch())
		if err != nil {
			t.Fatal(err)
		}
		_, err = res.Body.Next(t.Context())
		var of *transport.Error
		if !errors.As(err, &of) || !of.Aborted {
			t.Errorf("got %v", err)
		}
		res.Body.Close()
	})
	t.Run("closed_twice", func(t *testing.T) {
		fetching(t, `return Promise.resolve(new Response(new ReadableStream({})))`)
		res, err := post(t.Context(), jsbridge.Fetch())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		res.Body.Close()
	})
}

func TestCrossOrigin(t *testing.T) {
	rt, ok := jsbridge.Fetch().(interface {
		CrossOrigin(url string) bool
		InPage() bool
	})
	if !ok {
		t.Fatal("Fetch does not implement CrossOrigin and InPage")
	}
	// In a page, location cannot be set for the test, because that would leave the page.
	if of := get(t, safejs.Global(), "location"); of.Type() == safejs.TypeObject {
		own, err := get(t, of, "origin").String()
		want(t, "error", err, nil)
		want(t, "another origin", rt.CrossOrigin("https://api.example.com/grpc"), true)
		want(t, "the same origin", rt.CrossOrigin(own+"/grpc"), false)
		want(t, "in a page", rt.InPage(), true)
		return
	}
	want(t, "without a page", rt.CrossOrigin("https://api.example.com"), false)
	want(t, "in a page", rt.InPage(), false)
	location := map[string]any{"origin": "https://example.com"}
	if err := safejs.Global().Set("location", location); err != nil {
		t.Fatal(err)
	}
	defer safejs.Global().Delete("location")
	want(t, "another origin", rt.CrossOrigin("https://api.example.com/grpc"), true)
	want(t, "the same origin", rt.CrossOrigin("https://example.com:443/grpc"), false)
	want(t, "in a page", rt.InPage(), true)
}
