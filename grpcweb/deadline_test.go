package grpcweb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestDeadline(t *testing.T) {
	for _, c := range []struct{ configured, caller, effective time.Duration }{
		{time.Second, 3 * time.Second, time.Second},
		{3 * time.Second, time.Second, time.Second},
		{time.Second, 0, time.Second},
	} {
		scenario(t, fmt.Sprintf("17_config_%v_caller_%v", c.configured, c.caller), func(t *testing.T) { testTimeouts(t, c.configured, c.caller, c.effective) })
	}
	scenario(t, "17_default_timeout", func(t *testing.T) {
		n := fake.New(fake.Silence())
		ch := open(t, n, grpcweb.WithDefaultTimeout(700*ms))
		clock := stopwatch()
		_, err := unary(t, ch)
		wantCode(t, err, status.DeadlineExceeded)
		want(t, "time", clock(), 700*ms)
		_, err = ch.Unary(within(t, time.Second), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		want(t, "time of a call with a deadline of its own", clock(), 1700*ms)
	})
	scenario(t, "41_past_deadline", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		_, err := open(t, n, retries(5)).Unary(within(t, -time.Second), method, ping)
		st := wantCode(t, err, status.DeadlineExceeded)
		want(t, "reason", st.CommitReason, status.ReasonDeadline)
		wantRequests(t, n, 0)
	})
	scenario(t, "41_deadlines_out_of_range", func(t *testing.T) {
		for _, c := range []struct {
			at   time.Time
			code status.Code
		}{{time.Time{}, status.DeadlineExceeded}, {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), status.OK}} {
			ctx, cancel := context.WithDeadline(t.Context(), c.at)
			defer cancel()
			_, err := open(t, fake.New(fake.Answer(pong))).Unary(ctx, method, ping)
			want(t, "code", status.CodeOf(err), c.code)
		}
	})
	scenario(t, "42_deadline_in_a_pushback", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "10000"))
		_, err := open(t, n, retries(5)).Unary(within(t, 500*ms), method, ping)
		st := wantCode(t, err, status.DeadlineExceeded)
		want(t, "time", clock(), 500*ms)
		wantText(t, st.Message, "500 ms", "UNAVAILABLE")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v is no context.DeadlineExceeded", err)
		}
		wantRequests(t, n, 1)
	})
	scenario(t, "43_the_servers_deadline_is_retried", func(t *testing.T) {
		n := fake.New(fake.Fail(status.DeadlineExceeded, "the server's"), fake.Answer(pong))
		res, err := open(t, n, retries(5)).Unary(within(t, time.Minute), method, ping)
		must(t, res, err)
		wantRequests(t, n, 2)
	})
	scenario(t, "43_the_final_one_is_ours", func(t *testing.T) {
		n := fake.New(fake.Fail(status.DeadlineExceeded, "the server's", "whose", "server"))
		_, err := open(t, n, retries(5), grpcweb.WithRandom(half)).Unary(within(t, 600*ms), method, ping)
		st := wantCode(t, err, status.DeadlineExceeded)
		want(t, "the server's trailer", st.Trailer.Get("whose"), "")
		wantRequests(t, n, 2)
	})
	scenario(t, "44_timeouts_shrink", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "300"), fake.Answer(pong))
		res, err := open(t, n, retries(5)).Unary(within(t, time.Second), method, ping)
		must(t, res, err)
		wantAll(t, "grpc-timeout", sent(n, "grpc-timeout"), "1000m", "700m")
	})
	scenario(t, "48_server_cancels_at_our_deadline", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Canceled, "the server's").After(time.Second))
		_, err := open(t, n).Unary(within(t, time.Second), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
	})
	scenario(t, "contexts_deadline_before_the_request_is_complete", func(t *testing.T) {
		testIncomplete(t, within(t, time.Second), open(t, fake.New(fake.Silence())))
	})
	scenario(t, "default_timeout_before_the_request_is_complete", func(t *testing.T) {
		testIncomplete(t, t.Context(), open(t, fake.New(fake.Silence()), grpcweb.WithDefaultTimeout(time.Second)))
	})
}

func testIncomplete(t *testing.T, ctx context.Context, ch *grpcweb.Channel) {
	clock := stopwatch()
	s, err := ch.NewStream(ctx, method)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Recv()
	wantCode(t, err, status.DeadlineExceeded)
	want(t, "time", clock(), time.Second)
	wantCode(t, s.Send(ping), status.DeadlineExceeded)
	wantCode(t, s.CloseSend(), status.DeadlineExceeded)
}

func testTimeouts(t *testing.T, configured, caller, effective time.Duration) {
	ch := open(t, fake.New(fake.Silence()), grpcweb.WithServiceConfig(grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{
		{Names: []grpcweb.MethodName{{Service: "helloworld.Greeter"}}, Timeout: configured},
	}}))
	ctx := t.Context()
	if caller > 0 {
		ctx = within(t, caller)
	}
	clock := stopwatch()
	_, err := ch.Unary(ctx, method, ping)
	wantCode(t, err, status.DeadlineExceeded)
	want(t, "time", clock(), effective)
}

func TestCancel(t *testing.T) {
	scenario(t, "45_in_a_backoff", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "30000"))
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("another page")
		time.AfterFunc(100*ms, func() { cancel(cause) })
		_, err := open(t, n, retries(5)).Unary(ctx, method, ping)
		st := wantCode(t, err, status.Canceled)
		want(t, "reason", st.CommitReason, status.ReasonCanceled)
		wantText(t, st.Message, "the caller canceled", "another page")
		if !errors.Is(err, cause) {
			t.Errorf("%v does not wrap the cause", err)
		}
		want(t, "time", clock(), 100*ms)
		wantRequests(t, n, 1)
	})
	scenario(t, "46_stream_closed_in_a_backoff", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "30000"))
		s := begin(t, open(t, n, retries(5)))
		time.AfterFunc(100*ms, func() { s.Close() })
		_, err := s.Recv()
		wantText(t, wantCode(t, err, status.Canceled).Message, "the stream was closed")
		want(t, "time", clock(), 100*ms)
		wantRequests(t, n, 1)
	})
	scenario(t, "46_channel_closed_in_a_backoff", func(t *testing.T) {
		clock := stopwatch()
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "30000"))
		ch := open(t, n, retries(5))
		time.AfterFunc(100*ms, func() { ch.Close() })
		_, err := unary(t, ch)
		wantText(t, wantCode(t, err, status.Canceled).Message, "the channel was closed")
		want(t, "time", clock(), 100*ms)
		wantRequests(t, n, 1)
	})
	scenario(t, "47_canceled_before", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := open(t, n).Unary(ctx, method, ping)
		wantCode(t, err, status.Canceled)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v is no context.Canceled", err)
		}
		wantRequests(t, n, 0)
	})
	scenario(t, "47_closed_channel", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		ch := open(t, n)
		ch.Close()
		ch.Close()
		_, err := unary(t, ch)
		wantCode(t, err, status.Canceled)
		if !errors.Is(err, grpcweb.ErrClosed) {
			t.Errorf("%v is no ErrClosed", err)
		}
		_, err = ch.NewStream(t.Context(), method)
		wantCode(t, err, status.Canceled)
		wantRequests(t, n, 0)
	})
	scenario(t, "50_cancel_races_the_next_attempt", func(t *testing.T) {
		for range 200 {
			n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "200"), fake.Answer(pong))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*ms, cancel)
			res, err := open(t, n, retries(5)).Unary(ctx, method, ping)
			if code := status.CodeOf(err); code != status.OK && code != status.Canceled || (res == nil) == (err == nil) {
				t.Fatalf("got %v, %v", res, err)
			}
			settle(t, n)
			cancel()
		}
	})
	scenario(t, "99_during_the_head", func(t *testing.T) { testCancelDuring(t, fake.Silence()) })
	scenario(t, "99_during_the_body", func(t *testing.T) {
		a := fake.Answer(pong)
		a.Body[0].Wait = fake.Forever
		testCancelDuring(t, a)
	})
}

func testCancelDuring(t *testing.T, a fake.Attempt) {
	n := fake.New(a)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*ms, cancel)
	_, err := open(t, n, retries(5)).Unary(ctx, method, ping) // CANCELLED is listed there
	wantCode(t, err, status.Canceled)
	settle(t, n)
	wantAll(t, "aborted", aborted(n), true)
}
