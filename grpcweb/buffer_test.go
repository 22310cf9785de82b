package grpcweb_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestBuffer(t *testing.T) {
	scenario(t, "56_around_one_mebibyte", func(t *testing.T) {
		for _, c := range []struct {
			size, tries int
			reason      status.CommitReason
		}{
			{1<<20 - 5, 5, status.ReasonExhausted},
			{1<<20 - 4, 1, status.ReasonBufferExceeded},
		} {
			n := fake.New(unavailable)
			_, err := open(t, n, retries(5)).Unary(t.Context(), method, make([]byte, c.size))
			want(t, "reason", wantCode(t, err, status.Unavailable).CommitReason, c.reason)
			wantRequests(t, n, c.tries)
			for _, x := range n.Seen() {
				want(t, "body", len(x.Body), c.size+5)
			}
		}
	})
	scenario(t, "57_channel_limit", testChannelLimit)
	scenario(t, "58_stream_of_small_messages", func(t *testing.T) {
		n := fake.New(unavailable)
		ch := open(t, n, retries(5), grpcweb.WithMaxRetryBufferPerCallSize(100))
		s, err := ch.NewStream(t.Context(), method)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			if err := s.Send([]byte("abc")); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "buffered", ch.Buffered(), 96)
		if err := s.Send([]byte("abc")); err != nil {
			t.Fatal(err)
		}
		want(t, "buffered after the overflow", ch.Buffered(), 0)
		s.CloseSend()
		_, err = s.Recv()
		wantCode(t, err, status.Unavailable)
		want(t, "reason", s.CommitReason(), status.ReasonBufferExceeded)
		wantRequests(t, n, 1)
		want(t, "body", len(n.Seen()[0].Body), 13*8)
	})
	scenario(t, "61_all_messages_on_every_attempt", func(t *testing.T) {
		n := fake.New(unavailable, unavailable, fake.Answer(pong))
		s, err := open(t, n, retries(5)).NewStream(t.Context(), method)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []string{"1", "2", "3"} {
			if err := s.Send([]byte(m)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		wantRequests(t, n, 0) // before the half-close
		s.CloseSend()
		drain(t, s)
		wantRequests(t, n, 3)
		for _, x := range n.Seen() {
			want(t, "body", string(x.Body), "\x00\x00\x00\x00\x011\x00\x00\x00\x00\x012\x00\x00\x00\x00\x013")
		}
	})
	scenario(t, "18_request_over_its_limit", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		limit := int64(10)
		ch := open(t, n, grpcweb.WithServiceConfig(grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{
			Names: []grpcweb.MethodName{grpcweb.DefaultMethodName}, MaxRequestMessageBytes: &limit,
			RetryPolicy: &grpcweb.RetryPolicy{
				MaxAttempts: 5, InitialBackoff: time.Second, MaxBackoff: time.Second, BackoffMultiplier: 1,
				RetryableStatusCodes: []status.Code{status.ResourceExhausted},
			},
		}}}))
		_, err := ch.Unary(t.Context(), method, make([]byte, 11))
		wantText(t, wantCode(t, err, status.ResourceExhausted).Message, "11", "10")
		wantRequests(t, n, 0)
		_, err = ch.Unary(t.Context(), method, make([]byte, 10))
		if err != nil {
			t.Error(err)
		}
	})
	scenario(t, "request_over_the_channels_limit", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		s, err := open(t, n, grpcweb.WithMaxSendMessageBytes(3)).NewStream(t.Context(), method)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Send(ping), status.ResourceExhausted)
		wantCode(t, s.CloseSend(), status.ResourceExhausted)
		wantRequests(t, n, 0)
	})
	scenario(t, "response_over_its_limit", func(t *testing.T) {
		ch := open(t, fake.New(fake.Answer(pong)), grpcweb.WithMaxReceiveMessageBytes(3))
		_, err := unary(t, ch)
		wantCode(t, err, status.ResourceExhausted)
		res, err := unary(t, ch, grpcweb.WithMaxReceiveMessageBytes(4))
		must(t, res, err)
		res, err = unary(t, ch, grpcweb.WithMaxReceiveMessageBytes(grpcweb.NoLimit))
		must(t, res, err)
	})
	scenario(t, "large_message_in_many_chunks", func(t *testing.T) {
		body := append(fake.Message(make([]byte, 3<<20)), fake.Trailers(status.OK, "")...)
		res, err := unary(t, open(t, fake.New(fake.Attempt{Header: fake.Head(), Body: fake.Cut(body, 40_000)})))
		want(t, "length", len(must(t, res, err).Message), 3<<20)
	})
	scenario(t, "the_caller_may_change_its_message", func(t *testing.T) {
		n := fake.New(unavailable, fake.Answer(pong))
		s, err := open(t, n, retries(5)).NewStream(t.Context(), method)
		if err != nil {
			t.Fatal(err)
		}
		m := []byte("ping")
		s.Send(m)
		copy(m, "xxxx")
		s.CloseSend()
		drain(t, s)
		want(t, "body", string(n.Seen()[1].Body[5:]), "ping")
	})
}

func testChannelLimit(t *testing.T) {
	n := fake.New(unavailable.After(time.Second))
	ch := open(t, n, retries(2), grpcweb.WithMaxRetryBufferSize(200))
	ended := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := ch.Unary(t.Context(), method, make([]byte, 92))
			ended <- err
		}()
	}
	synctest.Wait()
	want(t, "buffered", ch.Buffered(), 194)
	attempts := 0
	for range 3 {
		st := wantCode(t, <-ended, status.Unavailable)
		attempts += len(st.Attempts)
	}
	want(t, "attempts of all three calls", attempts, 5)
	wantRequests(t, n, 5)
}
