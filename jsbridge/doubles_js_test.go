package jsbridge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// retryingAll repeats whatever may be repeated.
const retryingAll = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":2,"initialBackoff":"0.001s","maxBackoff":"0.001s","backoffMultiplier":1,
	"retryableStatusCodes":["UNKNOWN","INTERNAL","UNAVAILABLE","CANCELLED"]}}]}`

// ending makes a call whose fetch is a function with this body, and returns how it ended.
func ending(t *testing.T, source string) *status.Status {
	t.Helper()
	fetching(t, `
		const throws = () => { throw new Error("from a double"); };
		const headers = new Headers({"content-type": "application/grpc-web+proto"});
		const whole = Uint8Array.of(0, 0, 0, 0, 1, 7, 0x80, 0, 0, 0, 15, ...new TextEncoder().encode("grpc-status: 0\n"));
		const reading = (read, cancel = async () => {}) => Promise.resolve({status: 200, headers, body: {getReader: () => ({read, cancel})}});
		const once = (value) => { let n = 0; return reading(async () => n++ ? {done: true} : {done: false, value}); };
		globalThis.requests++;
		`+source)
	if err := safejs.Global().Set("requests", 0); err != nil {
		t.Fatal(err)
	}
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com", grpcweb.WithServiceConfigJSON(retryingAll))
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // only a call that hangs reaches it
	defer cancel()
	response, err := ch.Unary(ctx, "/s.S/M", []byte{1})
	if err == nil {
		want(t, "message", string(response.Message), "\a")
		return status.New(status.OK, "")
	}
	st, ok := status.FromError(err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return st
}

// Whatever a fetch does that is not the browser's own, the call ends at once, and says what
// happened.
func TestDoubles(t *testing.T) {
	type ends struct {
		source   string
		code     status.Code
		said     string
		attempts int
	}
	for name, c := range map[string]ends{
		"throws":                           {`throws()`, status.Internal, "from a double", 1},
		"throws nothing":                   {`throw undefined`, status.Internal, "", 1},
		"throws null":                      {`throw null`, status.Internal, "", 1},
		"rejects with nothing":             {`return Promise.reject()`, status.Unavailable, "", 2},
		"rejects, and the name throws":     {`return Promise.reject({get name() { throws() }, get message() { throws() }, get cause() { throws() }})`, status.Unavailable, "", 2},
		"returns undefined":                {`return undefined`, status.Internal, "unread Response", 1},
		"resolves with undefined":          {`return Promise.resolve()`, status.Internal, "unread Response", 1},
		"resolves with null":               {`return Promise.resolve(null)`, status.Internal, "unread Response", 1},
		"resolves with text":               {`return Promise.resolve("text")`, status.Internal, "unread Response", 1},
		"returns a Response":               {`return new Response(whole, {headers})`, status.OK, "", 1},
		"a thenable that resolves twice":   {`return {then(f) { f(new Response(whole, {headers})); f(null); }}`, status.OK, "", 1},
		"a thenable that throws":           {`return {then() { throws() }}`, status.Unavailable, "from a double", 2},
		"a status that throws":             {`return Promise.resolve({get status() { throws() }, headers, body: null})`, status.Internal, "from a double", 1},
		"a status that is text":            {`return Promise.resolve({status: "200", headers, body: null})`, status.Internal, "unread Response", 1},
		"a status that is no whole number": {`return Promise.resolve({status: 200.5, headers, body: null})`, status.Internal, "unread Response", 1},
		"a status that is NaN":             {`return Promise.resolve({status: NaN, headers, body: null})`, status.Internal, "unread Response", 1},
		"a type that throws":               {`return Promise.resolve({status: 0, get type() { throws() }, headers, body: null})`, status.Internal, "", 1},
		"headers that throw":               {`return Promise.resolve({status: 200, headers: {[Symbol.iterator]: throws}, body: null})`, status.Internal, "from a double", 1},
		"headers that are no pairs":        {`return Promise.resolve({status: 200, headers: [1, 2], body: null})`, status.Internal, "unread Response", 1},
		"a body that throws":               {`return Promise.resolve({status: 200, headers, get body() { throws() }})`, status.Internal, "from a double", 1},
		"a body that is locked":            {`const r = new Response(whole, {headers}); r.body.getReader(); return Promise.resolve(r)`, status.Internal, "unread Response", 1},
		"a body that was read":             {`const r = new Response(whole, {headers}); return r.arrayBuffer().then(() => r)`, status.Internal, "unread Response", 1},
		"a getReader that throws":          {`return Promise.resolve({status: 200, headers, body: {getReader: throws}})`, status.Internal, "from a double", 1},
		"an arrayBuffer that throws":       {`return Promise.resolve({status: 200, headers, arrayBuffer: throws})`, status.Unavailable, "from a double", 1},
		"an arrayBuffer of text":           {`return Promise.resolve({status: 200, headers, arrayBuffer: async () => "text"})`, status.Unavailable, "not a Uint8Array", 1},
		"a read that throws":               {`return reading(throws)`, status.Unavailable, "from a double", 1},
		"a read that is missing":           {`return reading(undefined)`, status.Unavailable, "", 1},
		"a read that gives undefined":      {`return reading(() => undefined)`, status.Unavailable, "not a Uint8Array", 1},
		"a read of null":                   {`return reading(async () => null)`, status.Unavailable, "not a Uint8Array", 1},
		"a read of a number":               {`return reading(async () => 7)`, status.Unavailable, "not a Uint8Array", 1},
		"a read that throws by its done":   {`return reading(async () => ({get done() { throws() }}))`, status.Unavailable, "from a double", 1},
		"a chunk of nothing":               {`return reading(async () => ({}))`, status.Unavailable, "not a Uint8Array", 1},
		"a chunk of text":                  {`return once("text")`, status.Unavailable, "not a Uint8Array", 1},
		"a chunk of numbers":               {`return once([1, 2, 3])`, status.Unavailable, "not a Uint8Array", 1},
		"a chunk of length -1":             {`return once({length: -1, byteLength: -1})`, status.Unavailable, "not a Uint8Array", 1},
		"a chunk of length 2⁵³":            {`return once({length: 2 ** 53, byteLength: 2 ** 53})`, status.Unavailable, "not a Uint8Array", 1},
		"a chunk that is gone": {
			`const chunk = Uint8Array.of(1, 2); structuredClone(chunk.buffer, {transfer: [chunk.buffer]}); return once(chunk)`,
			status.Unknown, "", 1,
		}, // it has no bytes, as in the npm package
		"a chunk of 16-bit numbers":       {`return once(new Uint16Array(whole.slice(0, 26).buffer))`, status.OK, "", 1},
		"a chunk that is a DataView":      {`return once(new DataView(whole.buffer))`, status.OK, "", 1},
		"a chunk that is an ArrayBuffer":  {`return once(whole.buffer)`, status.OK, "", 1},
		"a fetch that throws text":        {`throw "text"`, status.Internal, "", 1},
		"a fetch that throws what throws": {`throw {get message() { throws() }}`, status.Internal, "", 1},
		"a read that throws null":         {`return reading(() => { throw null })`, status.Unavailable, "no Error", 1},
		"a read that rejects with text":   {`return reading(() => Promise.reject("text"))`, status.Unavailable, "text", 1},
		"a body that throws text":         {`return Promise.resolve({status: 200, headers, get body() { throw "text" }})`, status.Internal, "unread Response", 1},
		"a cancel that throws":            {`return reading(async () => ({value: Uint8Array.of(0x42, 0, 0, 0, 0)}), throws)`, status.Internal, "", 1},
		"a cancel that rejects":           {`return reading(async () => ({value: Uint8Array.of(0x42, 0, 0, 0, 0)}), async () => throws())`, status.Internal, "", 1},
		"a redirect":                      {`return Promise.resolve({status: 0, type: "opaqueredirect", headers: new Headers(), body: null})`, status.Unknown, "session has ended", 1},
		"a redirect of Node's":            {`return Promise.resolve(new Response(null, {status: 302, headers: {location: "/login"}}))`, status.Unknown, "session has ended", 1},
	} {
		t.Run(name, func(t *testing.T) {
			st := ending(t, c.source)
			if st.Code != c.code || !strings.Contains(st.Message, c.said) {
				t.Errorf("got %v %q, want %v %q", st.Code, st.Message, c.code, c.said)
			}
			requests, err := get(t, safejs.Global(), "requests").Int()
			if err != nil || requests != c.attempts || st.Code != status.OK && len(st.Attempts) != c.attempts {
				t.Errorf("%d requests, %d attempts, want %d, %v", requests, len(st.Attempts), c.attempts, err)
			}
			wantReleased(t)
		})
	}
}

// A body that gives nothing but empty chunks leaves time for the deadline.
func TestEmptyChunks(t *testing.T) {
	fetching(t, `return Promise.resolve({status: 200, headers: new Headers({"content-type": "application/grpc-web+proto"}),
		body: {getReader: () => ({read: async () => ({done: false, value: new Uint8Array()}), cancel() {}})}})`)
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = ch.Unary(ctx, "/s.S/M", nil)
	if st, ok := status.FromError(err); !ok || st.Code != status.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	wantReleased(t)
}

// A socket's class that is not the browser's may do anything too.
func TestSocketDoubles(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		code   status.Code
	}{
		"throws null":              {`class { constructor() { throw null } }`, status.Internal},
		"throws text":              {`class { constructor() { throw "text" } }`, status.Internal},
		"opens twice, then closes": {`class { send() {} close() {} constructor() { queueMicrotask(() => { this.onopen({}); this.onopen({}); this.onclose({code: 1006}); this.onclose?.({}) }) } }`, status.Unavailable},
		"takes no binaryType":      {`class { close() {} set binaryType(_) { throw null } }`, status.Unavailable},
		"sends nothing":            {`class { send() { throw null } close() {} constructor() { queueMicrotask(() => this.onopen({})) } }`, status.Unavailable},
		"gives text":               {`class { send() {} close() {} constructor() { queueMicrotask(() => { this.onopen({}); this.onmessage?.({data: "text"}) }) } }`, status.Internal},
		"gives an event of null":   {`class { send() {} close() {} constructor() { queueMicrotask(() => { this.onopen(null); this.onmessage?.(null) }) } }`, status.Internal},
		"cannot be closed":         {`class { send() {} close() { throw null } constructor() { queueMicrotask(() => { this.onopen({}); this.onmessage({}) }) } }`, status.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			replacing(t, "WebSocket", c.source)
			ch, err := grpcweb.NewChannel(jsbridge.WebSocket(), "https://api.example.com")
			if err != nil {
				t.Fatal(err)
			}
			defer ch.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			stream, err := ch.NewStream(ctx, "/s.S/M")
			if err != nil {
				t.Fatal(err)
			}
			_ = stream.CloseSend()
			_, err = stream.Recv()
			if st, ok := status.FromError(err); !ok || st.Code != c.code {
				t.Errorf("got %v, want %v", err, c.code)
			}
			wantReleased(t)
		})
	}
}
