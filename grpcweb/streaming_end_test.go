package grpcweb_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestStreamsThatEnd(t *testing.T) {
	pushback := fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "10000").Taking(1)
	scenario(t, "42_reads_and_writes_report_the_deadline", func(t *testing.T) {
		n := fake.Streaming(pushback)
		clock := stopwatch()
		ch := open(t, n, retries(5), grpcweb.WithMaxRetryBufferPerCallSize(20))
		s, err := ch.NewStream(within(t, 500*ms), method)
		if err != nil {
			t.Fatal(err)
		}
		say(t, s, "1")
		sent := sending(s, "too long for the buffer")
		wantWaiting(t, sent)
		_, err = s.Recv()
		wantCode(t, err, status.DeadlineExceeded)
		wantCode(t, <-sent, status.DeadlineExceeded)
		want(t, "time", clock(), 500*ms)
		wantCode(t, s.Send(ping), status.DeadlineExceeded)
		wantRequests(t, n, 1)
	})
	scenario(t, "45_canceled_in_a_backoff", func(t *testing.T) {
		n := fake.Streaming(pushback)
		ctx, cancel := context.WithCancel(t.Context())
		s, err := open(t, n, retries(5)).NewStream(ctx, method)
		if err != nil {
			t.Fatal(err)
		}
		say(t, s, "1", "2")
		cancel()
		_, err = s.Recv()
		wantText(t, wantCode(t, err, status.Canceled).Message, "the caller canceled")
		wantCode(t, s.Send(ping), status.Canceled)
		wantCode(t, s.CloseSend(), status.Canceled)
		wantRequests(t, n, 1)
	})
	scenario(t, "64_canceled_while_a_write_waits", func(t *testing.T) {
		n := fake.Streaming(pushback)
		ctx, cancel := context.WithCancel(t.Context())
		s, err := open(t, n, retries(5), grpcweb.WithMaxRetryBufferPerCallSize(20)).NewStream(ctx, method)
		if err != nil {
			t.Fatal(err)
		}
		say(t, s, "1")
		sent := sending(s, "too long for the buffer")
		wantWaiting(t, sent)
		cancel()
		st := wantCode(t, <-sent, status.Canceled)
		want(t, "reason", st.CommitReason, status.ReasonCanceled)
	})
	scenario(t, "63_overlapping_writes", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(pong).Taking(1).After(time.Second))
		s := converse(t, open(t, n))
		say(t, s, "1")
		sent := sending(s, "2")
		wantWaiting(t, sent)
		wantText(t, wantCode(t, s.Send(ping), status.Internal).Message, "another Send")
		wantEnd(t, s, "pong") // the call goes on
		want(t, "the first Send", <-sent, io.EOF)
	})
	scenario(t, "63_write_after_the_half_close", func(t *testing.T) {
		s := converse(t, open(t, fake.Streaming(fake.Fail(status.NotFound, "")), retries(5)))
		s.CloseSend()
		_, err := s.Recv()
		wantCode(t, err, status.NotFound)
		wantText(t, wantCode(t, s.Send(ping), status.Internal).Message, "after CloseSend") // before the call's own status
		wantCode(t, s.CloseSend(), status.NotFound)
	})
	scenario(t, "final_failure_reaches_a_write_that_waits", func(t *testing.T) {
		n := fake.Streaming(fake.Fail(status.NotFound, "gone").Taking(1).After(time.Second))
		s := converse(t, open(t, n))
		say(t, s, "1")
		wantText(t, wantCode(t, s.Send(ping), status.NotFound).Message, "gone")
		wantCode(t, s.Send(ping), status.NotFound)
	})
	scenario(t, "99_aborted_with_their_requests_open", func(t *testing.T) {
		for name, end := range map[string]func(s *grpcweb.Stream, cancel func()){
			"cancel":   func(_ *grpcweb.Stream, cancel func()) { cancel() },
			"close":    func(s *grpcweb.Stream, _ func()) { s.Close() },
			"deadline": func(*grpcweb.Stream, func()) { time.Sleep(10 * time.Second) },
		} {
			n := fake.Streaming(fake.Silence())
			ctx, cancel := context.WithCancel(within(t, 5*time.Second))
			s, err := open(t, n, hedges(3, "1s")).NewStream(ctx, method)
			if err != nil {
				t.Fatal(err)
			}
			say(t, s, "1")
			time.Sleep(2500 * ms)
			end(s, cancel)
			settle(t, n)
			wantAll(t, name+": aborted", aborted(n), true, true, true)
			cancel()
		}
	})
}

// 1000 streams, many at the same time, of every ending.
func TestStreamsLeaveNothingBehind(t *testing.T) {
	scenario(t, "49_thousand_streams", func(t *testing.T) {
		attempts := []fake.Attempt{
			unavailable, unavailable.Taking(1), fake.Answer(pong), fake.Answer(pong).Taking(2), fake.Silence(),
			fake.Break(fake.ErrNetwork).Taking(2), fake.Answer(pong).After(time.Minute),
		}
		var mu sync.Mutex
		i := 0
		n := fake.Streaming(fake.Attempt{})
		n.Play(func(int, *transport.Request) fake.Attempt {
			mu.Lock()
			defer mu.Unlock()
			i++
			return attempts[i%len(attempts)]
		})
		ch := open(t, n, hedges(4, "0.1s"), grpcweb.WithMaxRetryBufferPerCallSize(30))
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				s, err := ch.NewStream(ctx, method)
				for k := 0; k < 5 && err == nil; k++ {
					err = s.Send(ping)
				}
				if s != nil {
					s.CloseSend()
					for err == nil {
						_, err = s.Recv()
					}
				}
				if _, ok := status.FromError(err); !ok && !errors.Is(err, io.EOF) {
					t.Errorf("a stream ended with %v", err)
				}
			})
		}
		all.Wait()
		settle(t, n)
		want(t, "buffered", ch.Buffered(), 0)
		want(t, "running", ch.Running(), 0)
	})
}
