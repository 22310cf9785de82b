package jsbridge

import (
	"errors"
	"sync"

	"github.com/hack-pad/safejs"
)

// optionalFields are the fields of a request that a runtime may not know. One that does
// not may refuse the whole request for such a field, as Cloudflare Workers do.
var optionalFields = [...]string{"mode", "cache", "credentials"}

// leaveOutUnknown removes the fields that the global Request does not have.
func leaveOutUnknown(init map[string]any) {
	global := safejs.Global()
	request, err := global.Get("Request")
	if err != nil || request.Type() != safejs.TypeFunction {
		return
	}
	prototype, err := request.Get("prototype")
	if err != nil {
		return
	}
	reflection, err := global.Get("Reflect")
	if err != nil {
		return
	}
	for _, name := range optionalFields {
		known, err := reflection.Call("has", prototype, name)
		if err != nil {
			return
		}
		if has, err := known.Bool(); err == nil && !has {
			delete(init, name)
		}
	}
}

// refusals is what `new Request` says against requests, or nothing, by whether the body
// is a stream.
type refusals struct {
	mu    sync.Mutex
	known map[bool]string
}

// refused reports whether `new Request` refuses what fetch was given and rejected with a
// TypeError, and returns an error that says why: then fetch has sent nothing
// (SEMANTICS 5.3d). It is asked once for each shape of a request, which is whether the
// body is a stream.
func (f *fetcher) refused(url string, init map[string]any, rejection error) (error, bool) {
	var of *Error
	if !errors.As(rejection, &of) || of.Name != "TypeError" {
		return nil, false
	}
	_, streams := init["duplex"]
	f.refusals.mu.Lock()
	defer f.refusals.mu.Unlock()
	why, asked := f.refusals.known[streams]
	if !asked {
		why = refusal(url, init, streams)
		if f.refusals.known == nil {
			f.refusals.known = map[bool]string{}
		}
		f.refusals.known[streams] = why
	}
	if why == "" {
		return nil, false
	}
	return &Error{Name: of.Name, Message: of.Message + " (" + why + ")"}, true
}

// refusal returns what `new Request` says against a request, or nothing if it takes it.
func refusal(url string, init map[string]any, streams bool) string {
	if class, err := safejs.Global().Get("Request"); err != nil || class.Type() != safejs.TypeFunction {
		return ""
	}
	if streams { // A stream that fetch has taken would be refused for that.
		body, err := construct("ReadableStream")
		if err != nil {
			return ""
		}
		init["body"] = body
	}
	if _, err := construct("Request", url, init); err != nil {
		return err.Error()
	}
	return ""
}
