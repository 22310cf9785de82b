package jsbridge_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// replacing puts what an expression of JavaScript comes to in the place of a global, for
// as long as the test runs.
func replacing(t *testing.T, name, expression string) {
	t.Helper()
	own := get(t, safejs.Global(), name)
	function, err := get(t, safejs.Global(), "Function").New("own", "return "+expression)
	if err != nil {
		t.Fatal(err)
	}
	value, err := function.Invoke(own)
	if err == nil {
		err = safejs.Global().Set(name, value)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := safejs.Global().Set(name, own); err != nil {
			t.Error(err)
		}
	})
}

const refusing = `class { constructor() { globalThis.asked = (globalThis.asked ?? 0) + 1; throw new TypeError("Expected an AbortSignal"); } }`

// Of a redirect a browser tells only that it was one.
func TestOpaqueRedirect(t *testing.T) {
	fetching(t, `return Promise.resolve({type: "opaqueredirect", status: 0, headers: new Headers(), body: null})`)
	_, err := post(t.Context(), jsbridge.Fetch())
	var of *transport.Error
	if !errors.As(err, &of) || !of.Redirected {
		t.Fatalf("got %v", err)
	}
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com", grpcweb.WithServiceConfigJSON(`{"methodConfig":[{"name":[{}],
		"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.001s","maxBackoff":"0.001s","backoffMultiplier":1,"retryableStatusCodes":["UNKNOWN","UNAVAILABLE"]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	_, err = ch.Unary(t.Context(), "/s.S/M", nil)
	st, ok := status.FromError(err)
	if !ok || st.Code != status.Unknown || len(st.Attempts) != 1 || !strings.Contains(st.Message, "session has ended") {
		t.Errorf("got %v", err)
	}
}

func TestFollow(t *testing.T) {
	fetching(t, `globalThis.seen = {redirect: init.redirect, body: init.body.constructor.name}; return Promise.resolve(new Response(""))`)
	if _, err := post(t.Context(), jsbridge.Fetch(jsbridge.WithRedirect(jsbridge.Follow)), "body"); err != nil {
		t.Fatal(err)
	}
	want(t, "redirect", seen(t, "redirect"), "follow")
	want(t, "body", seen(t, "body"), "Blob") // which Node 20 can send a second time
}

// A fetch that rejects with a TypeError has sent nothing if Request refuses the same.
func TestRefused(t *testing.T) {
	rejecting := `return Promise.reject(new TypeError("Failed to fetch"))`
	for name, c := range map[string]struct {
		request, fetch string
		invalid        bool
	}{
		"Request refuses too":          {refusing, rejecting, true},
		"Request takes it":             {"own", rejecting, false},
		"there is no Request":          {"undefined", rejecting, false},
		"the error is no TypeError":    {refusing, `return Promise.reject(new Error("Failed to fetch"))`, false},
		"a TypeError of another realm": {refusing, `return Promise.reject({name: "TypeError", message: "Failed to fetch"})`, true},
	} {
		t.Run(name, func(t *testing.T) {
			fetching(t, c.fetch)
			replacing(t, "asked", "0")
			replacing(t, "Request", c.request)
			rt := jsbridge.Fetch()
			for range 2 {
				_, err := post(t.Context(), rt)
				var of *transport.Error
				if !errors.As(err, &of) {
					t.Fatalf("got %v", err)
				}
				want(t, "invalid", of.Invalid, c.invalid)
				if c.invalid && !strings.Contains(of.Error(), "Expected an AbortSignal") {
					t.Errorf("got %v", of)
				}
			}
			asked, err := get(t, safejs.Global(), "asked").Int()
			want(t, "error", err, nil)
			if asked > 1 || c.invalid && asked != 1 {
				t.Errorf("Request was asked %d times", asked)
			}
		})
	}
}

func TestUnknownFields(t *testing.T) {
	fetching(t, `globalThis.seen = {fields: Object.keys(init).sort().join(" ")}; return Promise.resolve(new Response(""))`)
	replacing(t, "Request", `class { get mode() {} }`)
	if _, err := post(t.Context(), jsbridge.Fetch()); err != nil {
		t.Fatal(err)
	}
	want(t, "fields", seen(t, "fields"), "body headers method mode redirect signal")
}

func TestOddResponses(t *testing.T) {
	const header = `headers: new Headers({"x-two": "2"})`
	read := func(t *testing.T, response string) (string, error) {
		fetching(t, "return Promise.resolve("+response+")")
		res, err := post(t.Context(), jsbridge.Fetch())
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		var all []byte
		for {
			piece, err := res.Body.Next(t.Context())
			if err == io.EOF {
				return string(all), nil
			}
			if err != nil {
				return string(all), err
			}
			all = append(all, piece...)
		}
	}
	for name, response := range map[string]string{
		"arrayBuffer alone":          `{status: 200, ` + header + `, arrayBuffer: async () => new TextEncoder().encode("abc").buffer}`,
		"a body that is no stream":   `{status: 200, ` + header + `, body: {}, arrayBuffer: async () => new TextEncoder().encode("abc").buffer}`,
		"chunks that are not ours":   `{status: 200, ` + header + `, body: {getReader: () => ({n: 0, cancel() {}, async read() { return this.n++ ? {done: true} : {value: {length: 3, byteOffset: 1, byteLength: 3, buffer: new TextEncoder().encode("xabcx").buffer}} }})}}`,
		"a Response as any other is": `new Response("abc")`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, response)
			want(t, "body", got, "abc")
			want(t, "error", err, nil)
		})
	}
	for name, response := range map[string]string{
		"no body and no arrayBuffer": `{status: 200, ` + header + `}`,
		"a locked body":              `(() => { const r = new Response("abc"); r.body.getReader(); return r })()`,
		"a status that is none":      `{status: -1, ` + header + `, body: null}`,
		"no headers":                 `{status: 200, body: null}`,
		"null":                       `null`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, response)
			var of *transport.Error
			if !errors.As(err, &of) || !of.Unreadable {
				t.Errorf("got %v", err)
			}
		})
	}
}
