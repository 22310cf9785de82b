package interop_test

import (
	"context"
	"io"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func count(n uint32, step *chaosv1.Step) *chaosv1.Step {
	step.Messages = &n
	return step
}

func more(t *testing.T, payload string) []byte {
	t.Helper()
	return marshal(t, &chaosv1.Request{Payload: []byte(payload)})
}

func TestServerStream(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		s := play(t, fails(status.Unavailable, "busy"), count(5, &chaosv1.Step{Trailer: field("x-tail", "t")}))
		stream := begin(t, b.open(t, retries), "Stream", s.bytes)
		replies, err := drain(t, stream)
		want(t, "end", err, io.EOF)
		want(t, "replies", len(replies), 5)
		want(t, "trailer", stream.Trailer().Get("x-tail"), "t")
		wantAll(t, "attempts headers at the server", previous(b.report(t, s, 2)), "", "1")
	})
}

func TestServerStreamThatBreaks(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		for name, step := range map[string]*chaosv1.Step{
			"late":                    fails(status.Unavailable, "late"),
			"the connection was lost": {End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{}}},
		} {
			// Messages that have not been read when the connection is lost may be lost too, so the end of this step waits for a second
			// call, which the test makes when it has read them.
			step.WaitForStarted = 2
			s := play(t, count(3, step), &chaosv1.Step{})
			ch := b.open(t, retries)
			stream := begin(t, ch, "Stream", s.bytes)
			for range 3 {
				if _, err := stream.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := ch.Unary(t.Context(), chaos+"Do", s.bytes); err != nil {
				t.Fatal(err)
			}
			_, err := stream.Recv()
			st := wantCode(t, err, status.Unavailable)
			want(t, name+": reason", st.CommitReason, status.ReasonResponseHeaders)
			want(t, name+": attempts", len(st.Attempts), 1)
			b.report(t, s, 2)
		}
	})
}

func TestEarlyHeaderCommits(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		late := fails(status.Unavailable, "late")
		late.EarlyHeader = true
		s := play(t, late, &chaosv1.Step{})
		_, err := drain(t, begin(t, b.open(t, retries), "Stream", s.bytes))
		want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, status.ReasonResponseHeaders)
		b.report(t, s, 1)
	})
}

func TestClientStream(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		s := play(t, fails(status.Unavailable, "busy"), &chaosv1.Step{})
		replies, err := drain(t, begin(t, b.open(t, retries), "Collect", s.bytes, more(t, "-"), more(t, "pong")))
		want(t, "end", err, io.EOF)
		want(t, "replies", len(replies), 1)
		want(t, "payload", string(replies[0].GetPayload()), "ping-pong")
		for _, x := range b.report(t, s, 2) {
			want(t, "messages at the server", x.GetReceived(), 3)
		}
	})
}

func TestBidiStream(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		s := play(t, &chaosv1.Step{})
		if b.connect && !b.http2 {
			// connect-go serves bidirectional streams over HTTP/2 only. Over HTTP/1.1 it answers with HTTP status 505 and no gRPC status.
			_, err := drain(t, begin(t, b.open(t, retries), "Converse", s.bytes))
			want(t, "HTTP status", wantCode(t, err, status.Unknown).Attempts[0].HTTPStatus, 505)
			b.report(t, s, 0)
			return
		}
		stream, err := b.open(t, retries).NewStream(t.Context(), chaos+"Converse")
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		for i, message := range [][]byte{s.bytes, more(t, "1"), more(t, "2")} { // Each reply comes before the next message is sent.
			if err := stream.Send(message); err != nil {
				t.Fatal(err)
			}
			answer, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			want(t, "index", unmarshal(t, answer, &chaosv1.Reply{}).GetIndex(), uint32(i+1))
		}
		stream.CloseSend()
		_, err = stream.Recv()
		want(t, "end", err, io.EOF)
		want(t, "messages at the server", b.report(t, s, 1)[0].GetReceived(), 3)
	})
}

func TestCancelEndsAStreamAtTheServer(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		s := play(t, count(1, hangs()))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := b.open(t, retries).NewStream(ctx, chaos+"Stream")
		if err != nil {
			t.Fatal(err)
		}
		stream.Send(s.bytes)
		stream.CloseSend()
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		cancel()
		_, err = stream.Recv()
		wantCode(t, err, status.Canceled)
		want(t, "ending", b.report(t, s, 1)[0].GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
	})
}
