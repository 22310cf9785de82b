package jsbridge

import "github.com/hedgerow-web/hedgerow/grpcweb/transport"

// Credentials says where requests carry credentials, such as cookies.
type Credentials string

// The values of fetch's option credentials.
const (
	SameOrigin Credentials = "same-origin" // only to the page's own origin; the default
	Include    Credentials = "include"     // to every origin that allows it
	Omit       Credentials = "omit"        // nowhere
)

// Redirect says what becomes of a redirect.
type Redirect string

// The values of WithRedirect.
const (
	Manual Redirect = "manual" // it ends the call as UNKNOWN, once; the default
	Follow Redirect = "follow" // fetch follows it
)

// FetchOption is an option of Fetch.
type FetchOption func(*fetcher)

// WithCredentials says where requests carry credentials. Default: SameOrigin.
func WithCredentials(c Credentials) FetchOption {
	return func(f *fetcher) { f.credentials = c }
}

// WithRedirect says what becomes of a redirect. Default: Manual, since most often a
// redirect leads to the login page of a session that has ended. With Follow, the
// request's metadata, credentials included, goes to the new address, which may be
// another origin's; after a 301, 302 or 303 its message does not, and a request that is
// sent as a stream follows none.
func WithRedirect(r Redirect) FetchOption {
	return func(f *fetcher) { f.redirect = r }
}

// WithRequestStreaming sends each message of a request as soon as there is one, in
// browsers too, so that memory need not hold the whole request. Among browsers only
// Chromium can do so, and only over HTTP/2: over HTTP/1.1 such fetches fail. Even in
// Chromium a response may not be seen before the request, or the response itself,
// is complete (SEMANTICS 5.7a). Browsers that know no such streams, as Firefox and
// Safari, are asked first; there requests are sent when they are complete. Under Node
// requests are always streamed.
func WithRequestStreaming() FetchOption {
	return func(f *fetcher) { f.streams = f.streams || canStream() }
}

// Fetch returns a transport over the global fetch. Redirects are not followed, unless
// WithRedirect says so, and nothing is cached. Ending an exchange's context aborts its fetch. In a browser, a
// request is sent when it is complete, unless WithRequestStreaming is given. Where
// the browser says whether it is online, calls can wait until it is (waitForReady).
// It is safe for concurrent use.
//
// A fetch that is rejected is reported as Processed, because a browser does not say
// whether the server saw the request (SEMANTICS 2.9d); but as Invalid if `new Request`
// refuses the same, and as Forbidden if the page's Content-Security-Policy does.
func Fetch(opts ...FetchOption) transport.RoundTripper {
	f := newFetcher()
	for _, o := range opts {
		o(f)
	}
	return f
}

func newFetcher() *fetcher {
	return &fetcher{credentials: SameOrigin, redirect: Manual, streams: underNode()}
}

type fetcher struct {
	credentials Credentials
	redirect    Redirect
	streams     bool // requests are sent before they are complete
	//lint:ignore U1000 only a program with JavaScript reads it
	requests requests
}
