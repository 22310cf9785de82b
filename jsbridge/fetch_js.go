package jsbridge

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// StreamsRequests reports whether requests are sent before they are complete.
func (f *fetcher) StreamsRequests() bool { return f.streams }

// underNode reports whether the runtime is Node, or one that stands in for it: Deno
// and Bun name a version of Node as well, and stream requests as it does.
func underNode() bool {
	process, err := safejs.Global().Get("process")
	if err != nil || process.Type() != safejs.TypeObject {
		return false
	}
	versions, err := process.Get("versions")
	return err == nil && text(versions, "node") != ""
}

// CrossOrigin reports whether a URL has another origin than the page.
func (f *fetcher) CrossOrigin(url string) bool {
	at, ok := location()
	if !ok {
		return false
	}
	parsed, err := construct("URL", url)
	return err == nil && text(parsed, "origin") != text(at, "origin")
}

// InPage reports whether the program runs in a page or in a page's worker. There,
// fetch silently drops the headers that only the browser may set.
func (f *fetcher) InPage() bool {
	_, ok := location()
	return ok
}

// location returns the page's location. Node has none.
func location() (safejs.Value, bool) {
	location, err := safejs.Global().Get("location")
	return location, err == nil && location.Type() == safejs.TypeObject
}

// RoundTrip fetches, and returns when the response head has come.
func (f *fetcher) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if ctx.Err() != nil { // Without this, the request could be sent before the abort.
		return nil, &transport.Error{Err: context.Cause(ctx)}
	}
	url, err := f.url(r.URL)
	if err != nil {
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	aborter, err := f.aborter()
	if err != nil {
		return nil, &transport.Error{Invalid: true, Err: caught(err)}
	}
	upload, begun, err := upload(ctx, r)
	if err != nil {
		return nil, &transport.Error{Err: caught(err)}
	}
	watchPolicy()
	v := visitPage()
	init, err := f.init(r, upload, aborter)
	var promise safejs.Value
	if err == nil {
		promise, err = safejs.Global().Call("fetch", url, init)
	}
	begun(err)
	if err != nil {
		v.end()
		return nil, &transport.Error{Invalid: true, Err: caught(err)}
	}
	// AfterFunc calls abort even if ctx has ended by now, so no end is missed.
	stop := context.AfterFunc(ctx, func() {
		aborter.abort()
		v.end()
	})
	response, err := await(ctx, promise)
	if err != nil {
		stop()
		defer v.end()
		return nil, f.rejected(ctx, r, init, v, err)
	}
	return receive(response, &body{fetcher: f, aborter: aborter, stop: stop, visit: v})
}

// rejected is why fetch gave no response.
func (f *fetcher) rejected(ctx context.Context, r *transport.Request, init safejs.Value, v *visit, err error) error {
	switch {
	case ctx.Err() != nil:
		return &transport.Error{Err: err}
	case isAbort(err) || v.interrupted():
		return &transport.Error{Aborted: true, Err: err}
	}
	if why, refused := f.refused(r, init, err); refused {
		return &transport.Error{Invalid: true, Err: why}
	}
	if err := forbidden(ctx, r.URL); err != nil {
		return err
	}
	return &transport.Error{Err: err}
}

// errRedirected is the failure of an exchange about which the browser says only that its
// response is a redirect.
var errRedirected = errors.New("the response is a redirect")

// receive reads the response head, and returns the response with its body unread.
func receive(response safejs.Value, b *body) (*transport.Response, error) {
	b.visit.progresses()
	status, header, err := head(response)
	if err == nil {
		err = b.open(response)
	}
	if errors.Is(err, errRedirected) {
		b.empty = true
		b.end(true)
		return nil, &transport.Error{Redirected: true, Err: errRedirected}
	}
	if err != nil {
		b.end(true)
		return nil, &transport.Error{Unreadable: true, Err: errors.New("fetch did not resolve with an unread Response: " + caught(err).Error())}
	}
	return &transport.Response{Status: status, Header: header, Body: b}, nil
}

func head(response safejs.Value) (status int, md metadata.MD, err error) {
	code, err := property(response, "status")
	if err != nil {
		return 0, md, err
	}
	number, err := code.Float()
	if err != nil {
		return 0, md, errors.New("its HTTP status is no number")
	}
	if status = int(number); float64(status) != number || status < 0 || status > 999 {
		return 0, md, errors.New("its HTTP status is " + strconv.FormatFloat(number, 'g', -1, 64))
	}
	if status == 0 {
		kind, err := property(response, "type")
		if err != nil {
			return 0, md, err
		}
		if said, err := kind.String(); err == nil && said == "opaqueredirect" {
			return 0, md, errRedirected
		}
	}
	headers, err := property(response, "headers")
	if err != nil {
		return 0, md, err
	}
	md, err = fields(headers)
	return status, md, err
}

// fields reads the header fields out of a Headers object: all of them as one text, because
// each step into JavaScript costs more than the reading of many fields. A pair becomes
// "name,value", and neither a name nor a value has a line break.
func fields(headers safejs.Value) (metadata.MD, error) {
	var md metadata.MD
	array, err := arrayClass()
	if err != nil {
		return md, err
	}
	pairs, err := array.Call("from", headers)
	if err != nil {
		return md, err
	}
	joined, err := joinLines(pairs)
	if err != nil {
		return md, err
	}
	all, err := joined.String()
	if err != nil || all == "" {
		return md, err
	}
	for line := range strings.SplitSeq(all, "\n") {
		name, value, ok := strings.Cut(line, ",")
		if !ok {
			return md, errors.New("its headers are not pairs of names and values")
		}
		md.Append(name, value)
	}
	return md, nil
}

// joinLines calls an array's join with a line break.
func joinLines(array safejs.Value) (joined safejs.Value, err error) {
	join, err := arrayJoin()
	if err != nil {
		return joined, err
	}
	lineBreak, err := lineBreak()
	if err != nil {
		return joined, err
	}
	return join.Invoke(array, lineBreak)
}

// construct makes an object of a class that is named in JavaScript's global scope.
func construct(class string, args ...any) (safejs.Value, error) {
	constructor, err := safejs.Global().Get(class)
	if err != nil {
		return safejs.Value{}, err
	}
	return constructor.New(args...)
}

func isAbort(err error) bool {
	var of *Error
	return errors.As(err, &of) && of.Name == "AbortError"
}
