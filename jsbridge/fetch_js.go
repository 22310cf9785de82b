package jsbridge

import (
	"context"
	"errors"
	"io"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// Credentials says whether requests carry cookies and the like.
type Credentials string

// What fetch knows.
const (
	SameOrigin Credentials = "same-origin" // to the page's own origin; the default
	Include    Credentials = "include"     // to every origin that allows it
	Omit       Credentials = "omit"        // to none
)

// FetchOption is an option of Fetch.
type FetchOption func(*fetcher)

// WithCredentials says whether requests carry cookies. Default: SameOrigin.
func WithCredentials(c Credentials) FetchOption {
	return func(f *fetcher) { f.credentials = c }
}

// Fetch is the network as the global fetch has it. The request's body is read
// whole before it is sent: no browser streams it both ways. Redirects are
// refused, nothing is cached. Ending an exchange's context aborts the fetch.
//
// A fetch that is rejected is told as Processed: a browser does not say whether
// the server saw the request (SEMANTICS 2.9).
func Fetch(opts ...FetchOption) transport.RoundTripper {
	f := &fetcher{credentials: SameOrigin}
	for _, o := range opts {
		o(f)
	}
	return f
}

type fetcher struct{ credentials Credentials }

// CrossOrigin reports whether a URL is of another origin than the page. Node
// has no page.
func (f *fetcher) CrossOrigin(url string) bool {
	location, err := safejs.Global().Get("location")
	if err != nil || location.Type() != safejs.TypeObject {
		return false
	}
	parsed, err := construct("URL", url)
	return err == nil && text(parsed, "origin") != text(location, "origin")
}

// RoundTrip fetches, up to the response head.
func (f *fetcher) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	body, err := upload(ctx, r)
	if err != nil {
		return nil, &transport.Error{Err: err}
	}
	if _, err := construct("URL", r.URL); err != nil {
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	controller, err := construct("AbortController")
	if err != nil {
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	promise, err := f.fetch(r, body, controller)
	if err != nil {
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	// Called after the fetch has begun, so that an end of ctx is never missed.
	stop := context.AfterFunc(ctx, func() { abort(controller) })
	response, err := await(ctx, promise)
	if err != nil {
		stop()
		return nil, &transport.Error{Aborted: ctx.Err() == nil && isAbort(err), Err: err}
	}
	return receive(response, controller, stop)
}

func (f *fetcher) fetch(r *transport.Request, body, controller safejs.Value) (safejs.Value, error) {
	signal, err := controller.Get("signal")
	if err != nil {
		return safejs.Value{}, err
	}
	var headers []any
	for name, value := range r.Header.All() {
		headers = append(headers, []any{name, value})
	}
	return safejs.Global().Call("fetch", r.URL, map[string]any{
		"method":      "POST",
		"headers":     headers,
		"body":        body,
		"signal":      signal,
		"mode":        "cors",
		"redirect":    "error",
		"cache":       "no-store",
		"credentials": string(f.credentials),
	})
}

// upload reads the request's body into a Uint8Array.
func upload(ctx context.Context, r *transport.Request) (safejs.Value, error) {
	all := make([]byte, 0, max(r.Size, 0))
	for {
		piece, err := r.Body.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return safejs.Value{}, err
		}
		all = append(all, piece...)
	}
	array, err := construct("Uint8Array", len(all))
	if err == nil {
		_, err = safejs.CopyBytesToJS(array, all)
	}
	return array, err
}

// receive reads the response head.
func receive(response, controller safejs.Value, stop func() bool) (*transport.Response, error) {
	b := &body{controller: controller, stop: stop}
	status, header, err := head(response)
	if err == nil {
		b.reader, b.empty, err = reader(response)
	}
	if err != nil {
		b.end(true)
		return nil, &transport.Error{Err: err}
	}
	return &transport.Response{Status: status, Header: header, Body: b}, nil
}

func head(response safejs.Value) (status int, md metadata.MD, err error) {
	code, err := response.Get("status")
	if err != nil {
		return 0, md, err
	}
	if status, err = code.Int(); err != nil {
		return 0, md, err
	}
	headers, err := response.Get("headers")
	if err != nil {
		return 0, md, err
	}
	md, err = fields(headers)
	return status, md, err
}

// fields reads a Headers object.
func fields(headers safejs.Value) (metadata.MD, error) {
	var md metadata.MD
	array, err := safejs.Global().Get("Array")
	if err != nil {
		return md, err
	}
	pairs, err := array.Call("from", headers)
	if err != nil {
		return md, err
	}
	n, err := pairs.Length()
	for i := 0; i < n && err == nil; i++ {
		var pair safejs.Value
		if pair, err = pairs.Index(i); err == nil {
			var name, value string
			if name, err = element(pair, 0); err == nil {
				value, err = element(pair, 1)
			}
			md.Append(name, value)
		}
	}
	return md, err
}

func element(pair safejs.Value, i int) (string, error) {
	v, err := pair.Index(i)
	if err != nil {
		return "", err
	}
	return v.String()
}

// construct makes an object of one of JavaScript's classes.
func construct(class string, args ...any) (safejs.Value, error) {
	constructor, err := safejs.Global().Get(class)
	if err != nil {
		return safejs.Value{}, err
	}
	return constructor.New(args...)
}

func abort(controller safejs.Value) { _, _ = controller.Call("abort") }

func isAbort(err error) bool {
	var of *Error
	return errors.As(err, &of) && of.Name == "AbortError"
}
