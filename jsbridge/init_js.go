package jsbridge

import (
	"strings"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// maxURLs bounds how many URLs are remembered. A program has one for each method.
const maxURLs = 100

// requests is what a fetcher remembers of the requests that it has made.
type requests struct {
	mu       sync.Mutex
	aborters []*aborter
	valid    map[string]safejs.Value // the URLs that can be parsed, as JavaScript has them
	known    bool                    // unknown is known
	unknown  map[string]bool         // the optional fields that the global Request does not have
	refusals map[bool]string         // by whether the body is a stream: what `new Request` says against a request, or nothing
}

// url returns a URL as JavaScript has it, or an error if it cannot be parsed.
func (f *fetcher) url(url string) (safejs.Value, error) {
	f.requests.mu.Lock()
	defer f.requests.mu.Unlock()
	if known, ok := f.requests.valid[url]; ok {
		return known, nil
	}
	if _, err := construct("URL", url); err != nil {
		return safejs.Value{}, err
	}
	if f.requests.valid == nil || len(f.requests.valid) == maxURLs {
		f.requests.valid = map[string]safejs.Value{}
	}
	value, err := safejs.ValueOf(url)
	f.requests.valid[url] = value
	return value, err
}

// init returns fetch's second argument. All of it that is text goes to JavaScript at once,
// as JSON, because each step into JavaScript costs more than the parsing of much text.
// One that an earlier exchange has used serves again if the text is the same.
func (f *fetcher) init(r *transport.Request, body safejs.Value, a *aborter) (safejs.Value, error) {
	var err error
	if f.redirect == Follow && r.Size >= 0 { // Node 20 cannot send other bytes a second time.
		if body, err = construct("Blob", []any{body}); err != nil {
			return body, err
		}
	}
	if text := f.initText(r); text != a.text {
		json, err := jsonObject()
		if err != nil {
			return json, err
		}
		if a.init, err = json.Call("parse", text); err != nil {
			return a.init, err
		}
		if err := a.init.Set("signal", a.signal); err != nil {
			return a.init, err
		}
		a.text = text
	}
	if r.Size < 0 || r.Size > maxKept {
		a.text = "" // so that an idle one does not keep the body in memory
	}
	return a.init, a.init.Set("body", body)
}

// aborter is an AbortController, its signal, and the fetch's argument that has the signal.
// It belongs to one exchange at a time.
type aborter struct {
	controller, signal safejs.Value
	init               safejs.Value
	text               string // what init was made of
	uses               int
}

const (
	// maxAborters bounds how many idle ones are kept.
	maxAborters = 16
	// maxUses is how many exchanges one serves. A runtime may keep what listened to the
	// signal until the next garbage collection.
	maxUses = 50
	// maxKept is the longest body that an idle one keeps in memory.
	maxKept = 4 << 10
)

// aborter returns one whose exchange has ended by itself, or makes one.
func (f *fetcher) aborter() (*aborter, error) {
	f.requests.mu.Lock()
	defer f.requests.mu.Unlock()
	if last := len(f.requests.aborters) - 1; last >= 0 {
		a := f.requests.aborters[last]
		f.requests.aborters = f.requests.aborters[:last]
		return a, nil
	}
	controller, err := construct("AbortController")
	if err != nil {
		return nil, err
	}
	signal, err := controller.Get("signal")
	return &aborter{controller: controller, signal: signal}, err
}

// reuse takes back an aborter that has not aborted.
func (f *fetcher) reuse(a *aborter) {
	f.requests.mu.Lock()
	defer f.requests.mu.Unlock()
	if a.text == "" {
		a.init = safejs.Value{}
	}
	if a.uses++; a.uses < maxUses && len(f.requests.aborters) < maxAborters {
		f.requests.aborters = append(f.requests.aborters, a)
	}
}

func (a *aborter) abort() { _, _ = a.controller.Call("abort") }

// initText returns fetch's second argument, but for the body and the signal, as JSON.
func (f *fetcher) initText(r *transport.Request) string {
	unknown := f.unknownFields()
	b := &strings.Builder{}
	b.WriteString(`{"method":"POST"`)
	for _, field := range [...][2]string{
		{"mode", "cors"}, {"redirect", string(f.redirect)}, {"cache", "no-store"}, {"credentials", string(f.credentials)},
	} {
		if !unknown[field[0]] {
			b.WriteString(`,"` + field[0] + `":`)
			quote(b, field[1])
		}
	}
	if r.Size < 0 {
		b.WriteString(`,"duplex":"half"`) // The Fetch standard requires it for a body that is a stream.
	}
	b.WriteString(`,"headers":[`)
	for i := range r.Header.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('[')
		quote(b, r.Header.At(i).Name)
		b.WriteByte(',')
		quote(b, r.Header.At(i).Value)
		b.WriteByte(']')
	}
	b.WriteString("]}")
	return b.String()
}

// quote writes a text as JSON.
func quote(b *strings.Builder, text string) {
	const digits = "0123456789abcdef"
	b.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			b.WriteString(`\u00`)
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// unknownFields returns the optional fields that the global Request does not have. It is
// asked once.
func (f *fetcher) unknownFields() map[string]bool {
	f.requests.mu.Lock()
	defer f.requests.mu.Unlock()
	if !f.requests.known {
		f.requests.known, f.requests.unknown = true, unknownFields()
	}
	return f.requests.unknown
}

// builtin returns a function that gets an object of JavaScript's own, which nobody
// replaces, once.
func builtin(name string) func() (safejs.Value, error) {
	return sync.OnceValues(func() (safejs.Value, error) { return safejs.Global().Get(name) })
}

// unbound returns a function that gets a method of one of JavaScript's own classes, once, as
// a function whose first argument is the object. Its name is not looked up for each call.
func unbound(class, method string) func() (safejs.Value, error) {
	return sync.OnceValues(func() (of safejs.Value, err error) {
		if of, err = safejs.Global().Get(class); err != nil {
			return of, err
		}
		for _, name := range [...]string{"prototype", method} {
			if of, err = of.Get(name); err != nil {
				return of, err
			}
		}
		call, err := of.Get("call")
		if err != nil {
			return of, err
		}
		return call.Call("bind", of)
	})
}

// reflection returns a function that gets a function of JavaScript's Reflect, once.
func reflection(name string) func() (safejs.Value, error) {
	return sync.OnceValues(func() (safejs.Value, error) {
		reflect, err := safejs.Global().Get("Reflect")
		if err != nil {
			return reflect, err
		}
		return reflect.Get(name)
	})
}

var (
	arrayClass      = builtin("Array")
	arrayJoin       = unbound("Array", "join")
	jsonObject      = builtin("JSON")
	lineBreak       = sync.OnceValues(func() (safejs.Value, error) { return safejs.ValueOf("\n") })
	promiseClass    = builtin("Promise")
	reflectGet      = reflection("get")
	reflectSet      = reflection("set")
	uint8ArrayClass = builtin("Uint8Array")
)
