// Package httptransport carries exchanges over net/http, HTTP/1.1 and HTTP/2. It
// stands in for the browser in tests that run natively.
package httptransport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// Transport is a transport.RoundTripper over net/http. As a browser does for
// gRPC-Web, it refuses redirects and sends cookies to nobody.
//
// It says Processed of all failures, also of a connection that could not be
// made. Nothing was sent then, for certain; but NotSent has the call tried again
// at once, a thousand times, while a server that is down needs time: the
// policy's backoff is the better answer, and a call without a policy had better
// fail (SEMANTICS 2.9d). A browser does not tell the two apart either.
type Transport struct{ http *http.Transport }

// New makes a transport. The TLS config is used as it is; nil is the default.
// Close the transport after use.
func New(config *tls.Config) *Transport {
	return &Transport{&http.Transport{
		Proxy:              http.ProxyFromEnvironment,
		TLSClientConfig:    config,
		ForceAttemptHTTP2:  true, // which a TLS config of one's own would turn off
		DisableCompression: true, // of whole bodies; gRPC compresses messages
	}}
}

// StreamsRequests: it does. Over HTTP/2 both ways at the same time; over
// HTTP/1.1 that is for the server to allow.
func (t *Transport) StreamsRequests() bool { return true }

// Close lets go of connections that no exchange uses. Its error is always nil.
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
	// Not an http.Client, which follows redirects.
	response, err := t.http.RoundTrip(request)
	if err == nil && isRedirect(response) {
		response.Body.Close()
		err = errors.New("the server redirects to " + response.Header.Get("Location") + ", which is refused")
	}
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

func isRedirect(r *http.Response) bool {
	return r.StatusCode >= 300 && r.StatusCode < 400 && r.Header.Get("Location") != ""
}

// fields are the response's, sorted by name: net/http has lost their order.
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

// requestBody is a transport.Body as net/http reads it.
type requestBody struct {
	ctx  context.Context
	body transport.Body
	rest []byte // of the present piece
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

// pieceSize is how much of a body is read at a time, at most.
const pieceSize = 32 << 10

type responseBody struct {
	cancel context.CancelFunc // ends the exchange
	body   io.ReadCloser
	buffer []byte
	err    error // how the body ended
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
	if b.err == io.EOF { // the end, as io.Reader says
		b.cancel() // lets go of the context
		return nil, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, b.err
}

// Close ends the exchange, if it is not over.
func (b *responseBody) Close() error {
	b.cancel() // so that a Next ends, and nothing waits for the rest
	return b.body.Close()
}
