package grpcweb_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// inBody is a failure that is told in the body, behind a head that says nothing.
func inBody(trailers ...string) fake.Attempt {
	return fake.Attempt{Header: fake.Head("which", "1"), Body: []fake.Piece{{Data: fake.Trailers(status.Unavailable, "late", trailers...)}}}
}

var firstFrame = grpcweb.WithHeaderCommit(grpcweb.FirstFrameHeaderCommit)

func TestFirstFrame(t *testing.T) {
	scenario(t, "95_failure_in_the_body_is_retried", func(t *testing.T) {
		n := fake.New(inBody("grpc-retry-pushback-ms", "300"), fake.Answer(pong))
		clock := stopwatch()
		res, err := unary(t, open(t, n, retries(5), firstFrame))
		want(t, "attempts", len(must(t, res, err).Attempts), 2)
		want(t, "time", clock(), 300*ms) // its pushback
		settle(t, n)
	})
	scenario(t, "95_header_of_a_failure", func(t *testing.T) {
		_, err := unary(t, open(t, fake.New(inBody("grpc-retry-pushback-ms", "-1")), retries(5), firstFrame))
		st := wantCode(t, err, status.Unavailable)
		want(t, "reason", st.CommitReason, status.ReasonPushback)
		want(t, "header", st.Header.Get("which"), "1")
	})
	scenario(t, "95_header_of_a_stream_comes_with_its_first_message", func(t *testing.T) {
		a := fake.Answer(pong)
		a.Body[0].Wait = 300 * ms
		s := begin(t, open(t, fake.New(a), firstFrame))
		clock := stopwatch()
		if _, err := s.Header(); err != nil {
			t.Error(err)
		}
		want(t, "time", clock(), 300*ms)
		wantEnd(t, s, "pong")
	})
	scenario(t, "95_strict_does_not_retry", func(t *testing.T) {
		n := fake.New(inBody(), fake.Answer(pong))
		_, err := unary(t, open(t, n, retries(5), firstFrame, grpcweb.WithHeaderCommit(grpcweb.StrictHeaderCommit)))
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 1)
	})
	scenario(t, "95_hedges", func(t *testing.T) {
		late := fake.Answer(pong)
		late.Body[0].Wait = 300 * ms
		n := fake.New(late, fake.Answer(pong).After(50*ms))
		clock := stopwatch()
		res, err := unary(t, open(t, n, hedges(2, "0.1s"), firstFrame))
		must(t, res, err)
		want(t, "time", clock(), 150*ms) // the first attempt's head had committed
		settle(t, n)
		wantAll(t, "aborted", aborted(n), true, false)
	})
}

// refusing is a network of another origin, which does not allow the attempts header.
func refusing(then ...fake.Attempt) elsewhere {
	answered := 0
	return elsewhere{fake.Scripted(func(_ int, r *transport.Request) fake.Attempt {
		if _, marked := r.Header.Lookup("grpc-previous-rpc-attempts"); marked {
			return fake.Break(fake.ErrNetwork)
		}
		answered++
		return then[min(answered, len(then))-1]
	})}
}

// warnings are what observers are told.
func warnings(told *[]grpcweb.Event) grpcweb.Option {
	return grpcweb.WithObserver(func(e grpcweb.Event) {
		if e.Type == grpcweb.EventWarning {
			*told = append(*told, e)
		}
	})
}

func TestAttemptHeader(t *testing.T) {
	own := grpcweb.WithMetadata(metadata.New("authorization", "x"))
	scenario(t, "healed", func(t *testing.T) {
		var told []grpcweb.Event
		n := refusing(fake.Attempt{Status: 503}, fake.Answer(pong), fake.Attempt{Status: 503}, fake.Answer(pong))
		ch := open(t, n, retries(5), own, gzipSent, warnings(&told))
		for _, records := range []int{3, 2} { // once
			res, err := unary(t, ch)
			want(t, "attempts", len(must(t, res, err).Attempts), records)
			want(t, "its number", res.Attempts[records-1].Number, 2)
			want(t, "for the application", res.Header.Get("grpc-previous-rpc-attempts"), "1")
		}
		wantAll(t, "attempts headers", previous(n.Network), "-", "1", "-", "-", "-")
		if len(told) != 1 {
			t.Fatalf("warnings: %v", told)
		}
		want(t, "kind", told[0].Warning, "corsSuspected")
		want(t, "call", told[0].Call, 1)
		wantAll(t, "to be allowed", told[0].Allow, "content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "grpc-previous-rpc-attempts", "grpc-encoding", "authorization")
		wantAll(t, "to be exposed", told[0].Expose, "grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms", "grpc-encoding")
	})
	scenario(t, "never", func(t *testing.T) {
		n := refusing(fake.Attempt{Status: 503}, fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(5), grpcweb.WithAttemptHeader(grpcweb.AttemptHeaderNever)))
		want(t, "attempts", len(must(t, res, err).Attempts), 2)
	})
	scenario(t, "always", func(t *testing.T) {
		var told []grpcweb.Event
		n := refusing(fake.Attempt{Status: 503}, fake.Answer(pong))
		_, err := unary(t, open(t, n, retries(5), warnings(&told), grpcweb.WithAttemptHeader(grpcweb.AttemptHeaderAlways)))
		st := wantCode(t, err, status.Unavailable)
		wantText(t, st.Message, "answers attempts without the header grpc-previous-rpc-attempts")
		wantAll(t, "attempts headers", previous(n.Network), "-", "1", "2", "3", "4")
		want(t, "warnings", len(told), 1)
	})
	scenario(t, "upload_is_sent_again_whole", func(t *testing.T) {
		n := refusing(fake.Attempt{Status: 503}, fake.Answer(pong))
		s := converse(t, open(t, n, retries(5)))
		say(t, s, "1", "2")
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n.Network), "1 2|", "1 2|", "1 2|")
	})
}

func TestWarnings(t *testing.T) {
	scenario(t, "95_retry_lost_to_trailers_in_the_body", func(t *testing.T) {
		var told []grpcweb.Event
		ch := open(t, fake.New(inBody()), retries(5), warnings(&told))
		for range 2 {
			unary(t, ch)
		}
		want(t, "warnings", len(told), 1)
		want(t, "kind", told[0].Warning, "retryLostToBodyTrailers")
		want(t, "method", told[0].Method, method)
	})
	scenario(t, "101_status_hidden", func(t *testing.T) {
		var told []grpcweb.Event
		ch := open(t, elsewhere{fake.New(fake.Attempt{Header: fake.Head()})}, retries(5), warnings(&told))
		_, err := unary(t, ch)
		wantText(t, wantCode(t, err, status.Unknown).Message, "Access-Control-Expose-Headers")
		want(t, "warnings", len(told), 1)
		want(t, "kind", told[0].Warning, "statusHidden")
		wantAll(t, "to be exposed", told[0].Expose, "grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms")
		want(t, "to be allowed", len(told[0].Allow), 0)
	})
	scenario(t, "nobody_listens", func(t *testing.T) {
		n := refusing(fake.Attempt{Status: 503}, fake.Answer(pong))
		res, err := unary(t, open(t, n, retries(5)))
		must(t, res, err)
	})
}
