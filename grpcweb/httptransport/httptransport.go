// Package httptransport carries a channel's calls over net/http, so that the channel that runs in a browser also runs in command-line
// programs, servers and tests: over HTTP/1.1 and HTTP/2, through proxies, with client certificates, and to an httptest.Server.
//
//	channel, err := grpcweb.NewChannel(httptransport.New(nil), "https://api.example.com", grpcweb.WithServiceConfigJSON(text))
//
// It links net/http, which weighs 1.3 MB in a program for js/wasm: there, use jsbridge.Fetch.
package httptransport

import (
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// Transport is a transport.RoundTripper over an http.RoundTripper. It follows no redirects, as jsbridge.Fetch does by default, and
// keeps no cookies. It is safe for concurrent use.
//
// Every failure is reported as Processed, even when no connection could be made. In that case nothing was sent, but NotSent would
// restart the attempt at once, up to a thousand times (SEMANTICS 2.9a), while a server that is down needs time. The policy's backoff
// gives it that time, and a call without a policy should fail. A browser does not tell the two cases apart either (SEMANTICS 2.9d).
type Transport struct{ http http.RoundTripper }

// New makes a transport over any http.RoundTripper: an *http.Transport with the TLS configuration, proxy and timeouts that you want,
// the Transport of httptest.Server.Client(), or one that adds to requests or records them. nil means a copy of
// http.DefaultTransport, which takes proxies from the environment and uses HTTP/2 where a server offers it over TLS. An
// *http.Transport that has a TLSClientConfig uses HTTP/2 only with ForceAttemptHTTP2.
//
// The RoundTripper must return when the response head has come, and must not change the body of a request or response. Deadlines
// come from the calls, so an http.Client's Timeout plays no part.
func New(http http.RoundTripper) *Transport {
	if http == nil {
		http = usual()
	}
	return &Transport{http}
}

// usual returns a RoundTripper of its own, so that Close closes no connection of other users of the default one.
func usual() http.RoundTripper {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return http.DefaultTransport // A program has replaced it by something else, which it surely wants to be used.
}

// StreamsRequests reports true. Over HTTP/2 the response may come while the request is
// sent; over HTTP/1.1 that depends on the server.
func (t *Transport) StreamsRequests() bool { return true }

// Close closes the connections that no exchange uses, if the RoundTripper can do that. Its error is always nil. The transport can
// still be used.
func (t *Transport) Close() error {
	if idle, ok := t.http.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
	return nil
}

// RoundTrip sends the request and waits for the response head.
func (t *Transport) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	request, err := newRequest(ctx, r)
	if err != nil {
		cancel()
		return nil, &transport.Error{Invalid: true, Err: err}
	}
	// This calls the RoundTripper, not an http.Client, because a client follows redirects.
	// What a redirect means is decided where all responses are read (SEMANTICS 5.3i).
	response, err := t.http.RoundTrip(request)
	if err != nil {
		cancel()
		return nil, &transport.Error{Progress: transport.Processed, Err: err}
	}
	return &transport.Response{
		Status: response.StatusCode,
		Header: fields(response.Header),
		Body:   &responseBody{cancel: cancel, body: response.Body},
	}, nil
}

func newRequest(ctx context.Context, r *transport.Request) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, &requestBody{ctx: ctx, body: r.Body})
	if err != nil {
		return nil, err
	}
	request.ContentLength = r.Size
	for name, value := range r.Header.All() {
		request.Header.Add(name, value)
	}
	// Otherwise an *http.Transport asks for gzip over the whole body, and inflates it. gRPC-Web compresses messages instead.
	request.Header.Set("Accept-Encoding", "identity")
	return request, nil
}

// fields returns a response's header fields. They are sorted by name, because net/http
// does not keep their order.
func fields(header http.Header) metadata.MD {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	var md metadata.MD
	for _, name := range names {
		for _, value := range header[name] {
			md.Append(name, value)
		}
	}
	return md
}

// requestBody makes an io.Reader of a transport.Body, for net/http.
type requestBody struct {
	ctx  context.Context
	body transport.Body
	rest []byte // what has not been read of the current piece
}

func (b *requestBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		piece, err := b.body.Next(b.ctx)
		if err != nil {
			return 0, err
		}
		b.rest = piece
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *requestBody) Close() error { return b.body.Close() }

// pieceSize is the most that is read of a body at a time.
const pieceSize = 32 << 10

type responseBody struct {
	cancel context.CancelFunc // ends the exchange
	body   io.ReadCloser
	buffer []byte
	err    error // with which the body ended; io.EOF after its last byte
}

// Next reads the next piece.
func (b *responseBody) Next(ctx context.Context) ([]byte, error) {
	if b.buffer == nil {
		b.buffer = make([]byte, pieceSize)
	}
	defer context.AfterFunc(ctx, b.cancel)()
	for b.err == nil {
		n, err := b.body.Read(b.buffer)
		b.err = err
		if n > 0 {
			return b.buffer[:n], nil
		}
	}
	if b.err == io.EOF { // io.Reader promises io.EOF itself; wrapped, it is an error.
		b.cancel() // This frees what the context holds.
		return nil, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, b.err
}

// Close ends the exchange, if it is not over.
func (b *responseBody) Close() error {
	b.cancel() // This ends a Next that waits, and the wait for the rest of the body.
	return b.body.Close()
}
