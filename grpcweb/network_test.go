package grpcweb_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

const waitForReady = `{"methodConfig": [{"name": [{}], "waitForReady": true, "retryPolicy": {"maxAttempts": 3, "initialBackoff": "1s",
	"maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

func TestWaitForReady(t *testing.T) {
	configured := grpcweb.WithServiceConfigJSON(waitForReady)
	scenario(t, "waits_for_the_network", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		n.Connect(false)
		time.AfterFunc(time.Minute, func() { n.Connect(true) })
		clock := stopwatch()
		ch := open(t, n)
		res, err := unary(t, ch, grpcweb.WithWaitForReady(true))
		must(t, res, err)
		want(t, "time", clock(), time.Minute)
		want(t, "watches", n.Watched(), 0)
	})
	scenario(t, "or_the_deadline", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		n.Connect(false)
		_, err := open(t, n, configured).Unary(within(t, time.Second), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		wantRequests(t, n, 0)
		want(t, "watches", n.Watched(), 0)
	})
	scenario(t, "the_call_overrides_the_config", func(t *testing.T) {
		n := fake.New(fake.Break(fake.ErrNetwork))
		n.Connect(false)
		_, err := unary(t, open(t, n, configured), grpcweb.WithWaitForReady(false))
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 3)
	})
	scenario(t, "others_try_regardless", func(t *testing.T) {
		n := fake.New(fake.Break(fake.ErrNetwork))
		n.Connect(false)
		_, err := unary(t, open(t, n))
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 1)
	})
	scenario(t, "between_attempts", func(t *testing.T) {
		n := fake.New(fake.Break(fake.ErrNetwork).After(time.Second), fake.Answer(pong))
		time.AfterFunc(500*ms, func() { n.Connect(false) })
		time.AfterFunc(time.Hour, func() { n.Connect(true) })
		clock := stopwatch()
		res, err := unary(t, open(t, n, configured))
		must(t, res, err)
		want(t, "time", clock(), time.Hour)
		want(t, "watches", n.Watched(), 0)
	})
	scenario(t, "one_watch_for_all_calls", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(pong))
		n.Connect(false)
		ch := open(t, n, configured)
		a, b := converse(t, ch), converse(t, ch)
		say(t, a, "1")
		say(t, b, "2")
		want(t, "watches", n.Watched(), 1)
		a.Close()
		want(t, "watches", n.Watched(), 1)
		n.Connect(true)
		b.CloseSend()
		wantEnd(t, b, "pong")
		want(t, "watches", n.Watched(), 0)
		wantAll(t, "bodies", bodies(n), "2|")
	})
	scenario(t, "with_metadata_at_hand", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		time.AfterFunc(500*ms, func() { n.Connect(false) })
		time.AfterFunc(time.Hour, func() { n.Connect(true) })
		clock := stopwatch()
		res, err := unary(t, open(t, n, configured), grpcweb.WithPerAttemptMetadata(slowMetadata))
		must(t, res, err)
		want(t, "time", clock(), time.Hour)
		wantAll(t, "metadata", sent(n, "late"), "1")
	})
	scenario(t, "and_is_given_up", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		time.AfterFunc(500*ms, func() { n.Connect(false) })
		_, err := open(t, n, configured, grpcweb.WithPerAttemptMetadata(slowMetadata)).Unary(within(t, time.Minute), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		wantRequests(t, n, 0)
	})
}

func TestStalledWarning(t *testing.T) {
	warned := func(t *testing.T, told *[]time.Duration) grpcweb.CallOption {
		t.Helper()
		clock := stopwatch()
		return grpcweb.WithObserver(func(e grpcweb.Event) {
			if e.Type == grpcweb.EventWarning {
				*told = append(*told, clock())
				want(t, "kind", e.Warning, "halfDuplexStalled")
			}
		})
	}
	scenario(t, "once_after_five_seconds", func(t *testing.T) {
		var told []time.Duration
		s := converse(t, open(t, fake.Streaming(fake.Answer(pong))), warned(t, &told))
		say(t, s, "1")
		go s.Recv()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		wantAll(t, "warnings", told, 5*time.Second)
		s.Close()
	})
	scenario(t, "not_of_a_request_that_is_complete", func(t *testing.T) {
		var told []time.Duration
		s := converse(t, open(t, fake.Streaming(fake.Silence())), warned(t, &told))
		say(t, s, "1")
		go s.Recv()
		time.Sleep(time.Second)
		s.CloseSend()
		time.Sleep(20 * time.Second)
		wantAll(t, "warnings", told)
		s.Close()
	})
	scenario(t, "not_after_a_head", func(t *testing.T) {
		var told []time.Duration
		head := fake.Attempt{Header: fake.Head(), Take: fake.Nothing, Body: []fake.Piece{{Wait: fake.Forever}}}
		s := converse(t, open(t, fake.Streaming(head)), warned(t, &told))
		go s.Recv()
		time.Sleep(20 * time.Second)
		wantAll(t, "warnings", told)
		s.Close()
	})
}
