package grpcweb_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

var unavailable = fake.Fail(status.Unavailable, "try again")

func TestRetry(t *testing.T) {
	scenario(t, "02_clamped_to_five", func(t *testing.T) {
		var warnings []string
		n := fake.New(unavailable)
		ch := open(t, n, retries(10), grpcweb.WithObserver(func(e grpcweb.Event) {
			if e.Type == grpcweb.EventWarning {
				warnings = append(warnings, e.Warning)
			}
		}))
		_, err := unary(t, ch)
		st := wantCode(t, err, status.Unavailable)
		want(t, "reason", st.CommitReason, status.ReasonExhausted)
		wantRequests(t, n, 5)
		wantAll(t, "warnings", warnings, "policyClamped")
	})
	for _, c := range []struct{ service, limit, effective int }{{9, 4, 4}, {9, 7, 7}, {3, 10, 3}, {8, 0, 5}, {8, grpcweb.NoLimit, 8}, {8, 1, 1}} {
		scenario(t, fmt.Sprintf("03_%d_capped_at_%d", c.service, c.limit), func(t *testing.T) {
			n := fake.New(unavailable)
			_, err := unary(t, open(t, n, retries(c.service), grpcweb.WithMaxRetryAttempts(c.limit)))
			wantCode(t, err, status.Unavailable)
			wantRequests(t, n, c.effective)
		})
	}
	scenario(t, "19_success_after_retry", testSuccessAfterRetry)
	scenario(t, "20_one_attempts_header", func(t *testing.T) {
		answer := fake.Answer(pong)
		answer.Header.Append("grpc-previous-rpc-attempts", "7")
		res, err := unary(t, open(t, fake.New(unavailable, answer), retries(5)))
		wantAll(t, "attempts header", must(t, res, err).Header.Values("grpc-previous-rpc-attempts"), "1")
	})
	scenario(t, "21_exhausted", func(t *testing.T) {
		n := fake.New(unavailable, unavailable, fake.Fail(status.Unavailable, "the third", "which", "3"))
		_, err := unary(t, open(t, n, retries(3)))
		st := wantCode(t, err, status.Unavailable)
		want(t, "message", st.Message, "the third")
		want(t, "trailer", st.Trailer.Get("which"), "3")
		want(t, "records", len(st.Attempts), 3)
		wantAll(t, "attempts headers", previous(n), "-", "1", "2")
	})
	scenario(t, "22_unlisted_code", func(t *testing.T) {
		n := fake.New(fake.Fail(status.InvalidArgument, "no such name"))
		_, err := unary(t, open(t, n, retries(5)))
		st := wantCode(t, err, status.InvalidArgument)
		want(t, "reason", st.CommitReason, status.ReasonFatalStatus)
		wantRequests(t, n, 1)
	})
	scenario(t, "23_header_of_the_second_attempt", func(t *testing.T) {
		answer := fake.Answer(pong)
		answer.Header.Append("which", "2")
		s := begin(t, open(t, fake.New(unavailable, answer), retries(5)))
		header, err := s.Header()
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, "header", header.Values("which"), "2")
		drain(t, s)
	})
	scenario(t, "24_backoff_sequence", func(t *testing.T) { testBackoff(t, grpcweb.FullJitter, 50, 100, 200, 350, 350) })
	scenario(t, "24_backoff_sequence_plus_minus_20", func(t *testing.T) { testBackoff(t, grpcweb.PlusMinus20, 100, 200, 400, 700, 700) })
	scenario(t, "26_no_policy", func(t *testing.T) {
		n := fake.New(unavailable)
		_, err := unary(t, open(t, n))
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 1)
	})
	scenario(t, "34_pushback_exact_delay", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "200"), fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(5)))
		must(t, res, err)
		wantAll(t, "starts", starts(n), 0, 200*time.Millisecond)
	})
	scenario(t, "66_never_sent", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(notSent, notSent, notSent, fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(2)))
		must(t, res, err)
		wantAll(t, "attempts headers", previous(n), "-", "-", "-", "-")
		want(t, "time", clock(), 0)
		want(t, "kind", res.Attempts[3].Kind, status.KindTransparent)
	})
}

func testSuccessAfterRetry(t *testing.T) {
	answer := fake.Answer(pong)
	answer.Body[1].Data = fake.Trailers(status.OK, "", "cost", "3", "trace-bin", "\x00\x01\x02")
	n := fake.New(unavailable, answer)
	res, err := unary(t, open(t, n, retries(5)), grpcweb.WithMetadata(metadata.New("tenant", "a", "token-bin", "\x00\xff")))
	must(t, res, err)
	want(t, "message", string(res.Message), "pong")
	want(t, "trailer", res.Trailer.Get("cost"), "3")
	want(t, "binary trailer", res.Trailer.Get("trace-bin"), "\x00\x01\x02")
	want(t, "attempts header", res.Header.Get("grpc-previous-rpc-attempts"), "1")
	want(t, "reason", res.CommitReason, status.ReasonResponseHeaders)
	want(t, "records", len(res.Attempts), 2)
	wantAll(t, "attempts headers", previous(n), "-", "1")
	wantAll(t, "binary metadata", sent(n, "token-bin"), "AP8", "AP8")
	for _, x := range n.Seen() {
		want(t, "URL", x.Request.URL, "https://api.example.com"+method)
		if !bytes.Equal(x.Body, fake.Message(ping)) {
			t.Errorf("the request's body is %q", x.Body)
		}
		want(t, "size", x.Request.Size, int64(len(x.Body)))
	}
}

func testBackoff(t *testing.T, j grpcweb.Jitter, waits ...time.Duration) {
	n := fake.New(unavailable)
	ch := open(t, n, grpcweb.WithJitter(j), grpcweb.WithRandom(half), grpcweb.WithMaxRetryAttempts(6),
		grpcweb.WithServiceConfig(grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{
			Names: []grpcweb.MethodName{grpcweb.DefaultMethodName},
			RetryPolicy: &grpcweb.RetryPolicy{
				MaxAttempts: 6, InitialBackoff: 100 * time.Second, MaxBackoff: 700 * time.Second, BackoffMultiplier: 2,
				RetryableStatusCodes: []status.Code{status.Unavailable},
			},
		}}}))
	_, err := unary(t, ch)
	wantCode(t, err, status.Unavailable)
	at := []time.Duration{0}
	for _, w := range waits {
		at = append(at, at[len(at)-1]+w*time.Second)
	}
	wantAll(t, "starts", starts(n), at...)
}

// begin makes a stream whose request is one message, and complete.
func begin(t *testing.T, ch *grpcweb.Channel) *grpcweb.Stream {
	t.Helper()
	s, err := ch.NewStream(t.Context(), method)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(ping); err != nil {
		t.Fatal(err)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	return s
}

// drain reads a stream to its end.
func drain(t *testing.T, s *grpcweb.Stream) (messages []string, err error) {
	t.Helper()
	for {
		m, err := s.Recv()
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(m))
	}
}
