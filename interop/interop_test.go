package interop_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/anypb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func TestMetadataGoesBothWays(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		raw := []byte{0, 0xff, 0x80, 'a'}
		large := bytes.Repeat([]byte{'x'}, 8<<10) // By default many proxies have 4 or 8 KiB for a whole head.
		s := play(t, &chaosv1.Step{
			Header:  append(field("x-head", "h"), binary("x-head-bin", raw)...),
			Trailer: append(field("x-tail", string(large)), binary("x-tail-bin", raw)...),
		})
		up := metadata.New("x-up-bin", string(raw), "x-up", string(large))
		res, err := b.open(t, retries).Unary(t.Context(), chaos+"Do", s.bytes, grpcweb.WithMetadata(up))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "header", res.Header.Get("x-head"), "h")
		want(t, "binary header", res.Header.Get("x-head-bin"), string(raw))
		want(t, "trailer", res.Trailer.Get("x-tail"), string(large))
		want(t, "binary trailer", res.Trailer.Get("x-tail-bin"), string(raw))
		reply := unmarshal(t, res.Message, &chaosv1.Reply{})
		want(t, "payload", string(reply.GetPayload()), "ping")
		seen := map[string]string{}
		for _, h := range reply.GetRequestHeader() {
			seen[h.GetName()] = h.GetValue()
		}
		want(t, "header at the server", seen["x-up"], string(large))
		want(t, "binary header at the server", seen["x-up-bin"], "AP+AYQ")
		wantAll(t, "attempts header at the server", previous(b.report(t, s, 1)), "")
	})
}

func TestErrorHasDetailsAndAnyText(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		detail := &anypb.Any{TypeUrl: "type.googleapis.com/google.rpc.Any", Value: bytes.Repeat([]byte{7}, 6<<10)}
		text := "größer\n100% 世界"
		s := play(t, &chaosv1.Step{
			Trailer: field("x-tail", "t"),
			End: &chaosv1.Step_Status{Status: &chaosv1.Status{
				Code: int32(status.Aborted), Message: text, Details: []*anypb.Any{detail},
			}},
		})
		_, err := b.open(t, retries).Unary(t.Context(), chaos+"Do", s.bytes)
		st := wantCode(t, err, status.Aborted)
		want(t, "message", st.Message, text)
		want(t, "trailer", st.Trailer.Get("x-tail"), "t")
		want(t, "details arrived", bytes.Contains(st.Details, detail.GetValue()), true)
		want(t, "reason", st.CommitReason, status.ReasonFatalStatus)
		want(t, "code at the server", b.report(t, s, 1)[0].GetCode(), int32(status.Aborted))
	})
}

func TestTransientFaultsAreHealed(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		cut := &chaosv1.Step{End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{}}}
		s := play(t, fails(status.Unavailable, "busy"), cut, &chaosv1.Step{})
		res, err := b.open(t, retries).Unary(t.Context(), chaos+"Do", s.bytes)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "attempts", len(res.Attempts), 3)
		want(t, "attempts header", res.Header.Get("grpc-previous-rpc-attempts"), "2")
		wantAll(t, "attempts headers at the server", previous(b.report(t, s, 3)), "", "1", "2")
	})
}

// If a handler sets headers and then fails, connect-go sends a head and then a trailers frame. The head commits the attempt (SEMANTICS
// 5.1f, strict), so the failure is final. grpc-go sends the same failure as Trailers-Only, and there it is retried.
func TestFailureBehindHeadersCommitsAtConnect(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		for _, method := range []string{"Do", "Stream"} {
			busy := fails(status.Unavailable, "busy")
			busy.Header = field("x-head", "h")
			s := play(t, busy, &chaosv1.Step{})
			stream := begin(t, b.open(t, retries), method, s.bytes)
			_, err := drain(t, stream)
			if !b.connect {
				want(t, "end", err, io.EOF)
				b.report(t, s, 2)
				continue
			}
			st := wantCode(t, err, status.Unavailable)
			want(t, "message", st.Message, "busy")
			want(t, "header", st.Header.Get("x-head"), "h")
			want(t, "reason", st.CommitReason, status.ReasonResponseHeaders)
			b.report(t, s, 1)
		}
	})
}

func TestPushbackIsHeard(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		later := fails(status.Unavailable, "later")
		later.Pushback = []string{"120"}
		s := play(t, later, &chaosv1.Step{})
		res, err := b.open(t, retries).Unary(t.Context(), chaos+"Do", s.bytes)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "pushback", res.Attempts[0].Pushback, 120)
		if wait := b.report(t, s, 2)[1].GetStartedUs(); wait < 120_000 {
			t.Errorf("the second attempt came after %d µs", wait)
		}
		never := fails(status.Unavailable, "never")
		never.Pushback = []string{"-1"}
		s = play(t, never, &chaosv1.Step{})
		_, err = b.open(t, retries).Unary(t.Context(), chaos+"Do", s.bytes)
		want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, status.ReasonPushback)
		b.report(t, s, 1)
	})
}

func TestHedgesHaveOneWinner(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		s := play(t, hangs(), hangs(), &chaosv1.Step{})
		res, err := b.open(t, hedges).Unary(t.Context(), chaos+"Do", s.bytes)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "winner", unmarshal(t, res.Message, &chaosv1.Reply{}).GetAttempt(), 3)
		won := 0
		for _, a := range res.Attempts {
			if a.Outcome == status.OutcomeCommitted {
				won++
			}
		}
		want(t, "attempts", len(res.Attempts), 3)
		want(t, "winners", won, 1)
		wantAll(t, "endings", endings(b.report(t, s, 3)),
			chaosv1.Ending_ENDING_PLAYED, chaosv1.Ending_ENDING_CANCELLED, chaosv1.Ending_ENDING_CANCELLED)
	})
}

func TestDeadlineReachesTheServer(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		s := play(t, hangs())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // Within this time the call must reach the server.
		defer cancel()
		_, err := b.open(t, retries).Unary(ctx, chaos+"Do", s.bytes)
		wantCode(t, err, status.DeadlineExceeded)
		x := b.report(t, s, 1)[0]
		if x.GetTimeout() == "" || x.GetEnding() == chaosv1.Ending_ENDING_PLAYED {
			t.Errorf("the server saw %v", x)
		}
	})
}

func TestUnknownMethod(t *testing.T) {
	everyBackend(t, func(t *testing.T, b backend) {
		_, err := b.open(t, retries).Unary(t.Context(), chaos+"Nothing", nil)
		wantCode(t, err, status.Unimplemented)
	})
}
