package transporttest

import (
	"context"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// live is a request body that is not complete yet: the test sends its pieces.
type live chan []byte

func (l live) Next(ctx context.Context) ([]byte, error) {
	select {
	case piece, ok := <-l:
		if !ok {
			return nil, io.EOF
		}
		return piece, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l live) Close() error { return nil }

// needsStreams skips a test where requests are sent when they are complete, as
// a browser's fetch does over HTTP/1.1.
func (n network) needsStreams(t *testing.T) {
	t.Helper()
	if !n.Transport.(transport.Streamer).StreamsRequests() {
		t.Skip("this network sends requests only when they are complete")
	}
}

// The first message reaches the server before the second exists.
func testLiveRequest(t *testing.T, n network) {
	n.needsStreams(t)
	id, body := name(t), make(live)
	go func() {
		body <- frame(t, &chaosv1.Request{CallId: id, Payload: []byte("one, ")})
		n.report(t, id, 1, 0)
		body <- frame(t, &chaosv1.Request{Payload: []byte("two")})
		close(body)
	}()
	res := n.head(t.Context(), t, request{method: "Collect", body: body})
	got, err := read(t.Context(), res.Body)
	want(t, "payload", string(take(t, got, err).reply(t).GetPayload()), "one, two")
}

func testGivenUpRequest(t *testing.T, n network) {
	n.needsStreams(t)
	id, body := name(t), make(live)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		body <- frame(t, &chaosv1.Request{CallId: id})
		n.report(t, id, 1, 0)
		cancel()
	}()
	_, err := n.roundTrip(ctx, t, request{method: "Collect", body: body})
	wantAborted(t, err)
	n.wantCanceled(t, id)
}
