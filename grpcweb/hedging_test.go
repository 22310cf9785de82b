package grpcweb_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

const ms = time.Millisecond

func TestHedging(t *testing.T) {
	scenario(t, "69_all_at_once", testAllAtOnce)
	scenario(t, "70_cadence", func(t *testing.T) {
		n := fake.New(fake.Silence())
		_, err := open(t, n, hedges(4, "0.5s")).Unary(within(t, 10*time.Second), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		wantAll(t, "starts", starts(n), 0, 500*ms, 1000*ms, 1500*ms)
		settle(t, n)
	})
	scenario(t, "71_last_failure_to_arrive", func(t *testing.T) {
		n := fake.New(
			fake.Fail(status.Unavailable, "1").After(900*ms),
			fake.Fail(status.Unavailable, "2", "which", "2").After(1500*ms),
			fake.Fail(status.Unavailable, "3").After(200*ms))
		_, err := unary(t, open(t, n, hedges(3, "0.1s")))
		st := wantCode(t, err, status.Unavailable)
		want(t, "message", st.Message, "2")
		want(t, "trailer", st.Trailer.Get("which"), "2")
		want(t, "reason", st.CommitReason, status.ReasonExhausted)
		wantRequests(t, n, 3)
	})
	scenario(t, "72_failure_releases_the_next", func(t *testing.T) {
		n := fake.New(unavailable, fake.Answer(pong))
		res, err := unary(t, open(t, n, hedges(5, "10s")))
		must(t, res, err)
		wantAll(t, "starts", starts(n), 0, 0)
	})
	scenario(t, "73_fatal_code", func(t *testing.T) {
		n := fake.New(fake.Silence(), fake.Fail(status.InvalidArgument, "no").After(50*ms), fake.Answer(pong))
		_, err := unary(t, open(t, n, hedges(5, "0.1s")))
		st := wantCode(t, err, status.InvalidArgument)
		want(t, "reason", st.CommitReason, status.ReasonFatalStatus)
		settle(t, n)
		wantAll(t, "aborted", aborted(n), true, false)
	})
	scenario(t, "79_winner_by_header", testWinner)
	scenario(t, "80_throttled_from_the_start", testThrottledHedges)
	scenario(t, "81_throttled_while_one_is_under_way", testThrottleTrips)
	scenario(t, "84_deadline_with_five_under_way", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(fake.Silence())
		_, err := open(t, n, hedges(5, "0s")).Unary(within(t, 300*ms), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		want(t, "time", clock(), 300*ms)
		settle(t, n)
		wantAll(t, "aborted", aborted(n), true, true, true, true, true)
	})
	scenario(t, "84_deadline_in_a_pushback", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "10000"))
		_, err := open(t, n, hedges(5, "1s")).Unary(within(t, 300*ms), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		want(t, "time", clock(), 300*ms)
		wantRequests(t, n, 1)
	})
	scenario(t, "85_cancel", func(t *testing.T) {
		n := fake.New(fake.Silence())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(250*ms, cancel)
		_, err := open(t, n, hedges(5, "0.1s")).Unary(ctx, method, ping)
		wantCode(t, err, status.Canceled)
		settle(t, n)
		wantAll(t, "aborted", aborted(n), true, true, true)
	})
	scenario(t, "85_channel_close", func(t *testing.T) {
		n := fake.New(fake.Silence())
		ch := open(t, n, hedges(5, "0.1s"))
		time.AfterFunc(250*ms, func() { ch.Close() })
		_, err := unary(t, ch)
		wantText(t, wantCode(t, err, status.Canceled).Message, "the channel was closed")
		settle(t, n)
		wantRequests(t, n, 3)
	})
	scenario(t, "86_too_large_for_the_buffer", func(t *testing.T) {
		n := fake.New(fake.Silence())
		ch := open(t, n, hedges(5, "0s"))
		_, err := ch.Unary(within(t, time.Second), method, make([]byte, 1<<20))
		st := wantCode(t, err, status.DeadlineExceeded)
		want(t, "reason", st.CommitReason, status.ReasonBufferExceeded)
		wantRequests(t, n, 1)
	})
}

func testAllAtOnce(t *testing.T) {
	n := fake.Scripted(func(_ int, r *transport.Request) fake.Attempt {
		if r.Header.Get("grpc-previous-rpc-attempts") == "2" {
			return fake.Answer(pong).After(100 * ms)
		}
		return fake.Silence()
	})
	res, err := unary(t, open(t, n, hedges(5, "0s")))
	must(t, res, err)
	want(t, "attempts header", res.Header.Get("grpc-previous-rpc-attempts"), "2")
	wantAll(t, "starts", starts(n), 0, 0, 0, 0, 0)
	numbers := previous(n)
	slices.Sort(numbers) // goroutines that start together run in any order
	wantAll(t, "attempts headers", numbers, "-", "1", "2", "3", "4")
	settle(t, n)
	for _, x := range n.Seen() {
		want(t, "aborted", x.Aborted, x.Request.Header.Get("grpc-previous-rpc-attempts") != "2")
	}
}

func testWinner(t *testing.T) {
	answer := func(which string, after time.Duration) fake.Attempt {
		a := fake.Answer([]byte(which)).After(after)
		a.Header.Append("which", which)
		return a
	}
	second := answer("2", 150*ms)
	second.Body[0].Wait = time.Second // so that the others would answer meanwhile
	n := fake.New(answer("1", 600*ms), second, answer("3", 300*ms))
	s := begin(t, open(t, n, hedges(3, "0.1s")))
	header, err := s.Header()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "header", header.Get("which"), "2")
	synctest.Wait()
	wantAll(t, "aborted", aborted(n), true, false, true)
	messages, _ := drain(t, s)
	wantAll(t, "messages", messages, "2")
	var outcomes []status.AttemptOutcome
	for _, a := range s.Attempts() {
		outcomes = append(outcomes, a.Outcome)
	}
	wantAll(t, "outcomes", outcomes, status.OutcomeAborted, status.OutcomeCommitted, status.OutcomeAborted)
	want(t, "reason", s.CommitReason(), status.ReasonResponseHeaders)
}

func testThrottledHedges(t *testing.T) {
	for _, delay := range []string{"0s", "0.1s"} {
		n := fake.New(unavailable)
		ch := open(t, n, grpcweb.WithServiceConfigJSON(`{"retryThrottling": {"maxTokens": 2, "tokenRatio": 0.1},
			"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 5, "hedgingDelay": "`+delay+`", "nonFatalStatusCodes": [14]}}]}`))
		_, err := ch.Unary(t.Context(), method, ping) // takes the tokens away
		wantCode(t, err, status.Unavailable)
		before := len(n.Seen())
		_, err = ch.Unary(t.Context(), method, ping)
		st := wantCode(t, err, status.Unavailable)
		want(t, "message", st.Message, "try again")
		want(t, "reason", st.CommitReason, status.ReasonThrottled)
		want(t, "requests", len(n.Seen())-before, 1)
	}
}

// Another call takes the tokens away before the hedge is due.
func testThrottleTrips(t *testing.T) {
	n := fake.New(fake.Answer(pong).After(time.Second), unavailable)
	ch := open(t, n, grpcweb.WithServiceConfigJSON(`{"retryThrottling": {"maxTokens": 2, "tokenRatio": 0.1},
		"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 5, "hedgingDelay": "0.2s", "nonFatalStatusCodes": [14]}}]}`))
	time.AfterFunc(100*ms, func() { ch.Unary(context.Background(), method, ping) })
	res, err := ch.Unary(t.Context(), method, ping)
	want(t, "message", string(must(t, res, err).Message), "pong")
	wantAll(t, "starts", starts(n), 0, 100*ms)
}
