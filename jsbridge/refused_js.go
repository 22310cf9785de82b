package jsbridge

import (
	"errors"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// optionalFields are the fields of a request that a runtime may not know. One that does
// not may refuse the whole request for such a field, as Cloudflare Workers do.
var optionalFields = [...]string{"mode", "cache", "credentials"}

// unknownFields returns the fields that the global Request does not have.
func unknownFields() map[string]bool {
	global := safejs.Global()
	request, err := global.Get("Request")
	if err != nil || request.Type() != safejs.TypeFunction {
		return nil
	}
	prototype, err := request.Get("prototype")
	if err != nil {
		return nil
	}
	reflection, err := global.Get("Reflect")
	if err != nil {
		return nil
	}
	unknown := map[string]bool{}
	for _, name := range optionalFields {
		known, err := reflection.Call("has", prototype, name)
		if err != nil {
			return nil
		}
		if has, err := known.Bool(); err == nil && !has {
			unknown[name] = true
		}
	}
	return unknown
}

// refused reports whether `new Request` refuses what fetch was given and rejected with a
// TypeError, and returns an error that says why: then fetch has sent nothing
// (SEMANTICS 5.3d). It is asked once for each shape of a request, which is whether the
// body is a stream.
func (f *fetcher) refused(r *transport.Request, init safejs.Value, rejection error) (error, bool) {
	var of *Error
	if !errors.As(rejection, &of) || of.Name != "TypeError" {
		return nil, false
	}
	streams := r.Size < 0
	f.requests.mu.Lock()
	defer f.requests.mu.Unlock()
	why, asked := f.requests.refusals[streams]
	if !asked {
		why = refusal(r.URL, init, streams)
		if f.requests.refusals == nil {
			f.requests.refusals = map[bool]string{}
		}
		f.requests.refusals[streams] = why
	}
	if why == "" {
		return nil, false
	}
	return &Error{Name: of.Name, Message: of.Message + " (" + why + ")"}, true
}

// refusal returns what `new Request` says against a request, or nothing if it takes it.
func refusal(url string, init safejs.Value, streams bool) string {
	if class, err := safejs.Global().Get("Request"); err != nil || class.Type() != safejs.TypeFunction {
		return ""
	}
	if streams { // A stream that fetch has taken would be refused for that.
		body, err := construct("ReadableStream")
		if err != nil {
			return ""
		}
		if err := init.Set("body", body); err != nil {
			return ""
		}
	}
	if _, err := construct("Request", url, init); err != nil {
		return caught(err).Error()
	}
	return ""
}
