package grpcweb_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

const (
	small = "abc"                // 8 bytes with its prefix
	large = "too long for a few" // 23
)

// The replay buffer of a stream whose messages go out as they come.
func TestStreamBuffer(t *testing.T) {
	scenario(t, "58_the_thirteenth_of_twelve", testThirteenth)
	scenario(t, "59_exactly_at_the_limit", func(t *testing.T) {
		for _, limit := range []grpcweb.Option{grpcweb.WithMaxRetryBufferPerCallSize(16), grpcweb.WithMaxRetryBufferSize(16)} {
			n := fake.Streaming(unavailable.Taking(2), unavailable, fake.Answer(pong))
			ch := open(t, n, retries(5), limit)
			s := converse(t, ch)
			say(t, s, small, small)
			want(t, "buffered", ch.Buffered(), 16)
			s.CloseSend()
			wantEnd(t, s, "pong")
			wantRequests(t, n, 3)
		}
	})
	scenario(t, "59_one_more_commits", func(t *testing.T) {
		for _, limit := range []grpcweb.Option{grpcweb.WithMaxRetryBufferPerCallSize(16), grpcweb.WithMaxRetryBufferSize(16)} {
			n := fake.Streaming(unavailable.Taking(3), fake.Answer(pong))
			ch := open(t, n, retries(5), limit)
			s := converse(t, ch)
			say(t, s, small, small, "")
			want(t, "buffered", ch.Buffered(), 0)
			_, err := s.Recv()
			want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, status.ReasonBufferExceeded)
			wantRequests(t, n, 1)
		}
	})
	scenario(t, "60_overflow_in_a_backoff", func(t *testing.T) {
		n := fake.Streaming(unavailable.Taking(1), unavailable.Taking(3), fake.Answer(pong))
		ch := open(t, n, retries(5), grpcweb.WithMaxRetryBufferPerCallSize(20), grpcweb.WithRandom(half))
		s := converse(t, ch)
		clock := stopwatch()
		say(t, s, small)
		say(t, s, small)
		sent := sending(s, large)
		wantWaiting(t, sent) // until the attempt that is due has taken it
		want(t, "buffered", ch.Buffered(), 0)
		want(t, "Send", <-sent, nil)
		want(t, "time", clock(), 500*ms)
		_, err := s.Recv()
		want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, status.ReasonBufferExceeded)
		wantAll(t, "bodies", bodies(n), small, small+" "+small+" "+large)
	})
	scenario(t, "87_overflow_with_two_hedges", func(t *testing.T) {
		n := fake.Streaming(fake.Silence().Taking(fake.Nothing), fake.Answer(pong), fake.Silence())
		ch := open(t, n, hedges(3, "1s"), grpcweb.WithMaxRetryBufferPerCallSize(20))
		s := converse(t, ch)
		say(t, s, small)
		time.Sleep(1500 * ms)
		say(t, s, large) // the second has sent more
		want(t, "buffered", ch.Buffered(), 0)
		wantAll(t, "aborted", aborted(n), true, false)
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n), "", small+" "+large+"|")
		want(t, "reason", s.CommitReason(), status.ReasonBufferExceeded)
	})
	scenario(t, "88_overflow_with_no_active_hedge", func(t *testing.T) {
		later := fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "5000")
		n := fake.Streaming(later.Taking(1), unavailable, fake.Answer(pong))
		s := converse(t, open(t, n, hedges(3, "1s"), grpcweb.WithMaxRetryBufferPerCallSize(20)))
		clock := stopwatch()
		say(t, s, small)
		want(t, "Send", s.Send([]byte(large)), nil)
		want(t, "time", clock(), 5*time.Second)
		s.CloseSend()
		_, err := s.Recv()
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 2) // the next is the last
	})
	scenario(t, "18_message_over_the_limit_in_a_stream", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(pong))
		s := converse(t, open(t, n, grpcweb.WithMaxSendMessageBytes(3)))
		say(t, s, small)
		wantCode(t, s.Send(ping), status.ResourceExhausted)
		settle(t, n)
		wantAll(t, "aborted", aborted(n), true)
	})
}

func testThirteenth(t *testing.T) {
	n := fake.Streaming(unavailable.Taking(13))
	ch := open(t, n, retries(5), grpcweb.WithMaxRetryBufferPerCallSize(100))
	s := converse(t, ch)
	for range 12 {
		say(t, s, small)
	}
	want(t, "buffered", ch.Buffered(), 96)
	want(t, "messages kept", s.Kept(), 12)
	say(t, s, small)
	want(t, "buffered after the overflow", ch.Buffered(), 0)
	want(t, "messages kept after it", s.Kept(), 0)
	_, err := s.Recv()
	want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, status.ReasonBufferExceeded)
	wantRequests(t, n, 1)
	want(t, "body", len(n.Seen()[0].Body), 13*8)
}

// From the commit on, nothing is kept but what the transport has yet to take.
func TestBackPressure(t *testing.T) {
	slow := fake.Attempt{Header: fake.Head(), Take: fake.Nothing}
	for range 5 {
		slow.Body = append(slow.Body, fake.Piece{Wait: time.Second}, fake.Piece{Take: 1, Data: fake.Message(pong)})
	}
	slow.Body = append(slow.Body, fake.Piece{Take: fake.Rest, Data: fake.Trailers(status.OK, "")})
	for name, options := range map[string][]grpcweb.Option{"committed": {retries(5)}, "no_policy": nil} {
		scenario(t, name, func(t *testing.T) {
			n := fake.Streaming(slow)
			ch := open(t, n, options...)
			s := converse(t, ch)
			if _, err := s.Header(); err != nil {
				t.Fatal(err)
			}
			go func() {
				for range 5 {
					s.Recv()
				}
			}()
			clock := stopwatch()
			for i := range 5 {
				want(t, "Send", s.Send(ping), nil)
				want(t, "time", clock(), time.Duration(i+1)*time.Second)
				want(t, "buffered", ch.Buffered(), 0)
				want(t, "messages kept", s.Kept(), 0)
			}
			synctest.Wait()
			s.CloseSend()
			wantEnd(t, s)
		})
	}
	scenario(t, "until_its_metadata_is_there", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(pong))
		ch := open(t, n)
		slowly := grpcweb.WithPerAttemptMetadata(slowMetadata)
		s := converse(t, ch, slowly)
		clock := stopwatch()
		want(t, "Send", s.Send(ping), nil)
		want(t, "time", clock(), time.Second)
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "metadata", sent(n, "late"), "1")
	})
	scenario(t, "uploads_are_let_go_of", func(t *testing.T) {
		n := fake.Streaming(fake.Attempt{Err: &transport.Error{Progress: transport.NotSent, Err: fake.ErrNetwork}})
		s := converse(t, open(t, n))
		for range 9 {
			want(t, "Send", s.Send(make([]byte, 1<<18)), nil)
		}
		want(t, "messages kept", s.Kept(), 0)
		s.CloseSend()
		_, err := s.Recv() // not sent, says the transport; but there is nothing left to send
		wantCode(t, err, status.Unavailable)
		wantRequests(t, n, 1)
	})
	scenario(t, "a_long_stream_keeps_a_short_list", func(t *testing.T) {
		n := fake.Streaming(fake.Attempt{Header: fake.Head(), Take: 1, Body: []fake.Piece{{Take: fake.Rest, Data: fake.Trailers(status.OK, "")}}})
		s := converse(t, open(t, n, retries(5)))
		say(t, s, "1")
		if _, err := s.Header(); err != nil { // which commits
			t.Fatal(err)
		}
		go s.Recv()
		for range 5000 {
			if err := s.Send(ping); err != nil {
				t.Fatal(err)
			}
		}
		if places := s.Places(); places > 64 {
			t.Errorf("the list of messages has %d places after 5001 that were sent", places)
		}
		s.CloseSend()
		synctest.Wait()
		want(t, "pieces taken", n.Seen()[0].Taken, 5001)
	})
	scenario(t, "66_large_requests_that_are_complete_start_again", func(t *testing.T) {
		n := fake.Streaming(notSent, fake.Answer(pong))
		res, err := open(t, n).Unary(t.Context(), method, make([]byte, 2<<20))
		must(t, res, err)
		wantRequests(t, n, 2)
	})
	scenario(t, "66_small_uploads_start_again", func(t *testing.T) {
		n := fake.Streaming(notSent, notSent, notSent, fake.Answer(pong))
		s := converse(t, open(t, n))
		say(t, s, "1", "2")
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n), "1 2|", "1 2|", "1 2|", "1 2|")
		wantAll(t, "previous attempts", previous(n), "-", "-", "-", "-")
	})
}

func slowMetadata(ctx context.Context, _ grpcweb.Attempt) (metadata.MD, error) {
	select {
	case <-time.After(time.Second):
		return metadata.New("late", "1"), nil
	case <-ctx.Done():
		return metadata.MD{}, ctx.Err()
	}
}
