package transporttest

import (
	"context"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// live is a body that is made as it is sent.
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

// The server has the first message before the second is made.
func testLiveRequest(t *testing.T, n network) {
	want(t, "streams requests", n.rt.(transport.Streamer).StreamsRequests(), true)
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
