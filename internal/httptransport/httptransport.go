// Package httptransport carries exchanges over net/http, with HTTP/1.1 and HTTP/2. In
// tests that run natively it takes the place of the browser's fetch.
package httptransport

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// Transport is a transport.RoundTripper over net/http. It follows no redirects, as
// jsbridge.Fetch does by default, and keeps no cookies.
//
// Every failure is reported as Processed, even when no connection could be made. In that
// case nothing was sent, but NotSent would restart the attempt at once, up to a thousand
// times (SEMANTICS 2.9a), while a server that is down needs time. The policy's backoff
// gives it that time, and a call without a policy should fail. A browser does not tell
// the two cases apart either (SEMANTICS 2.9d).
type Transport struct{ http *http.Transport }

// New makes a transport. A nil TLS config is the default one; any other is used as it
// is. Close the transport after use.
func New(config *tls.Config) *Transport {
	return &Transport{&http.Transport{
		Proxy:              http.ProxyFromEnvironment,
		TLSClientConfig:    config,
		ForceAttemptHTTP2:  true, // Without this, a TLS config that is given would turn HTTP/2 off.
		DisableCompression: true, // This is the compression of whole bodies; gRPC compresses messages.
	}}
}

// StreamsRequests reports true. Over HTTP/2 the response may come while the request is
// sent; over HTTP/1.1 that depends on the server.
func (t *Transport) StreamsRequests() bool { return true }

// Close closes the connections that no exchange uses. Its error is always nil.
func (t *Transport) Close() error {
	t.http.CloseIdleConnections()
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
	// This calls the transport, not an http.Client, because a client follows redirects.
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
