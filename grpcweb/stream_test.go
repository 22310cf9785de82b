package grpcweb_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestStream(t *testing.T) {
	scenario(t, "nothing_is_read_that_nobody_wants", func(t *testing.T) {
		a := fake.Attempt{Header: fake.Head()}
		for range 100 {
			a.Body = append(a.Body, fake.Piece{Data: fake.Message(pong)})
		}
		n := fake.New(a)
		s := begin(t, open(t, n))
		for range 3 {
			if _, err := s.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		want(t, "pieces read", n.Seen()[0].Read, 3)
		s.Close()
		settle(t, n)
		_, err := s.Recv()
		wantCode(t, err, status.Canceled)
	})
	scenario(t, "63_misuse", func(t *testing.T) {
		n := fake.New(fake.Answer(pong, pong))
		s := begin(t, open(t, n))
		wantText(t, wantCode(t, s.Send(ping), status.Internal).Message, "after CloseSend")
		if err := s.CloseSend(); err != nil {
			t.Error(err)
		}
		messages, err := drain(t, s)
		wantAll(t, "messages", messages, "pong", "pong")
		want(t, "end", err, io.EOF)
		_, err = s.Recv()
		want(t, "again", err, io.EOF)
		wantRequests(t, n, 1)
	})
	scenario(t, "header_of_a_failure", func(t *testing.T) {
		s := begin(t, open(t, fake.New(unavailable.After(ms))))
		_, err := s.Header()
		wantCode(t, err, status.Unavailable)
		want(t, "attempts", len(s.Attempts()), 1)
	})
	scenario(t, "canceled_with_messages_at_hand", func(t *testing.T) {
		body := append(fake.Message(pong), fake.Message(pong)...)
		s := begin(t, open(t, fake.New(fake.Attempt{Header: fake.Head(), Body: []fake.Piece{{Data: body}}})))
		s.Recv()
		s.Close()
		_, err := s.Recv()
		wantCode(t, err, status.Canceled)
	})
	scenario(t, "page_left_in_the_body", func(t *testing.T) {
		left := &transport.Error{Aborted: true, Err: errors.New("the page was left")}
		n := fake.New(fake.Attempt{Header: fake.Head(), Body: []fake.Piece{{Data: fake.Message(pong)}, {Err: left}}})
		messages, err := drain(t, begin(t, open(t, n, retries(5))))
		wantAll(t, "messages", messages, "pong")
		wantText(t, wantCode(t, err, status.Canceled).Message, "something other than this client", "the page was left")
	})
	scenario(t, "closed_after_its_end", func(t *testing.T) {
		s := begin(t, open(t, fake.New(fake.Answer(pong))))
		drain(t, s)
		s.Close()
		_, err := s.Recv()
		want(t, "end", err, io.EOF)
	})
}

// 1000 calls, many at the same time, of every ending.
func TestLeavesNothingBehind(t *testing.T) {
	scenario(t, "49_thousand_calls", func(t *testing.T) {
		slow := fake.Answer(pong).After(time.Minute)
		attempts := []fake.Attempt{unavailable, fake.Answer(pong), fake.Silence(), fake.Break(fake.ErrNetwork), slow}
		n := fake.Scripted(func(i int, _ *transport.Request) fake.Attempt { return attempts[i%len(attempts)] })
		ch := open(t, n, hedges(4, "0.1s"))
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { ch.Unary(within(t, 10*time.Second), method, ping) })
		}
		all.Wait()
		settle(t, n)
		want(t, "buffered", ch.Buffered(), 0)
		want(t, "running", ch.Running(), 0)
	})
}
