package grpcweb_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// converse begins a stream whose request stays open.
func converse(t *testing.T, ch *grpcweb.Channel, opts ...grpcweb.CallOption) *grpcweb.Stream {
	t.Helper()
	s, err := ch.NewStream(t.Context(), method, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// say sends messages, each of which must be accepted, and lets everything run.
func say(t *testing.T, s *grpcweb.Stream, messages ...string) {
	t.Helper()
	for _, m := range messages {
		if err := s.Send([]byte(m)); err != nil {
			t.Fatalf("Send(%q): %v", m, err)
		}
	}
	synctest.Wait()
}

// sending sends a message in a goroutine of its own.
func sending(s *grpcweb.Stream, message string) <-chan error {
	sent := make(chan error, 1)
	go func() { sent <- s.Send([]byte(message)) }()
	return sent
}

func wantWaiting(t *testing.T, sent <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-sent:
		t.Fatalf("Send did not wait: %v", err)
	default:
	}
}

// bodies are the requests' messages, as far as they were taken: "1 2 3|", with a
// stroke where the end was seen.
func bodies(n *fake.Network) []string {
	var all []string
	for _, x := range n.Seen() {
		var messages []string
		for body := x.Body; len(body) > 5; body = body[5+int(body[4]):] {
			messages = append(messages, string(body[5:5+int(body[4])]))
		}
		text := strings.Join(messages, " ")
		if x.Whole {
			text += "|"
		}
		all = append(all, text)
	}
	return all
}

func wantEnd(t *testing.T, s *grpcweb.Stream, messages ...string) {
	t.Helper()
	got, err := drain(t, s)
	wantAll(t, "messages", got, messages...)
	want(t, "end", err, io.EOF)
}

func TestStreaming(t *testing.T) {
	scenario(t, "61_replays_all_messages", testReplay)
	scenario(t, "61_hedges_replay_and_join_live", func(t *testing.T) {
		n := fake.Streaming(fake.Silence(), fake.Silence(), fake.Answer(pong).After(ms))
		s := converse(t, open(t, n, hedges(3, "1s")))
		say(t, s, "1")
		time.Sleep(1500 * ms)
		say(t, s, "2")
		wantAll(t, "bodies", bodies(n), "1 2", "1 2")
		time.Sleep(time.Second)
		say(t, s, "3")
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n), "1 2 3|", "1 2 3|", "1 2 3|")
		settle(t, n)
		wantAll(t, "aborted", aborted(n), true, true, false)
	})
	scenario(t, "62_writes_while_an_attempt_dies", func(t *testing.T) {
		n := fake.Streaming(fake.Break(fake.ErrNetwork).Taking(50), fake.Answer(pong))
		s := converse(t, open(t, n, retries(5), grpcweb.WithRandom(half)))
		for i := range 100 { // before, while and after the first attempt breaks
			say(t, s, fmt.Sprint(i))
			time.Sleep(20 * ms)
		}
		s.CloseSend()
		wantEnd(t, s, "pong")
		x := n.Seen()
		want(t, "taken before it broke", x[0].Taken, 50)
		want(t, "taken by the next", x[1].Taken, 100)
	})
	scenario(t, "62_writes_in_a_backoff", func(t *testing.T) {
		n := fake.Streaming(unavailable.Taking(1), fake.Answer(pong))
		s := converse(t, open(t, n, retries(5), grpcweb.WithRandom(half)))
		say(t, s, "1")
		want(t, "attempts", len(s.Attempts()), 1)
		say(t, s, "2", "3")
		wantRequests(t, n, 1)
		s.CloseSend()
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n), "1", "1 2 3|")
	})
	scenario(t, "65_success_before_the_replay_is_done", func(t *testing.T) {
		n := fake.Streaming(unavailable.Taking(3), fake.Answer(pong).Taking(1))
		s := converse(t, open(t, n, retries(5)))
		say(t, s, "1", "2", "3")
		wantEnd(t, s, "pong")
		wantAll(t, "bodies", bodies(n), "1 2 3", "1")
		want(t, "Send after a success", s.Send(ping), io.EOF)
		want(t, "CloseSend", s.CloseSend(), nil)
		settle(t, n)
	})
	scenario(t, "65_success_while_a_write_waits", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(pong).Taking(1).After(time.Second))
		s := converse(t, open(t, n))
		say(t, s, "1")
		sent := sending(s, "2")
		wantWaiting(t, sent)
		wantEnd(t, s, "pong")
		want(t, "Send", <-sent, io.EOF)
	})
	scenario(t, "88_write_with_no_active_hedge", func(t *testing.T) {
		later := fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "10000")
		n := fake.Streaming(later.Taking(1), fake.Answer(pong))
		clock := stopwatch()
		s := converse(t, open(t, n, hedges(2, "1s")))
		say(t, s, "1")
		say(t, s, "2")
		s.CloseSend()
		wantEnd(t, s, "pong")
		want(t, "time", clock(), 10*time.Second)
		wantAll(t, "bodies", bodies(n), "1", "1 2|")
	})
	scenario(t, "89_framed_once", testFramedOnce)
	scenario(t, "live_both_ways", func(t *testing.T) {
		n := fake.Streaming(fake.Attempt{Header: fake.Head(), Take: fake.Nothing, Body: []fake.Piece{
			{Take: 1, Data: fake.Message([]byte("a"))},
			{Take: 1, Data: fake.Message([]byte("b"))},
			{Take: fake.Rest, Data: fake.Trailers(status.OK, "")},
		}})
		s := converse(t, open(t, n, retries(5)))
		if _, err := s.Header(); err != nil { // before anything is sent
			t.Fatal(err)
		}
		for _, answer := range []string{"a", "b"} {
			sent := sending(s, "to "+answer)
			message, err := s.Recv()
			want(t, "answer", string(message), answer)
			want(t, "error", err, nil)
			want(t, "Send", <-sent, nil)
		}
		s.CloseSend()
		wantEnd(t, s)
		wantAll(t, "bodies", bodies(n), "to a to b|")
	})
	scenario(t, "whole_request", func(t *testing.T) {
		n := fake.Streaming(fake.Answer(pong))
		s := converse(t, open(t, n), grpcweb.WithWholeRequest())
		say(t, s, "1", "2")
		wantRequests(t, n, 0)
		s.CloseSend()
		wantEnd(t, s, "pong")
		want(t, "size", n.Seen()[0].Request.Size, 12)
	})
	scenario(t, "54_single_response", func(t *testing.T) {
		for _, answers := range [][][]byte{nil, {pong, pong}} {
			s := converse(t, open(t, fake.Streaming(fake.Answer(answers...)), retries(5)), grpcweb.WithSingleResponse())
			s.CloseSend()
			_, err := drain(t, s)
			wantCode(t, err, status.Unimplemented)
		}
		s := converse(t, open(t, fake.Streaming(fake.Answer(pong))), grpcweb.WithSingleResponse())
		s.CloseSend()
		wantEnd(t, s, "pong")
	})
}

// The first attempt dies after the first message, the second after the second,
// the third after the half-close: each replays all that there is, in order, once.
func testReplay(t *testing.T) {
	n := fake.Streaming(unavailable.Taking(1), unavailable.Taking(2), unavailable, fake.Answer(pong))
	s := converse(t, open(t, n, retries(5), grpcweb.WithRandom(half)))
	say(t, s, "1")
	time.Sleep(10 * time.Second)
	say(t, s, "2")
	time.Sleep(10 * time.Second)
	wantAll(t, "bodies", bodies(n), "1", "1 2", "1 2")
	s.CloseSend()
	wantEnd(t, s, "pong")
	wantAll(t, "bodies", bodies(n), "1", "1 2", "1 2|", "1 2|")
	wantAll(t, "previous attempts", previous(n), "-", "1", "2", "3")
	settle(t, n)
}

// Every attempt is given the very same bytes, not equal ones.
func testFramedOnce(t *testing.T) {
	var mu sync.Mutex
	pieces := map[*byte]int{}
	n := &recorder{Network: fake.Streaming(fake.Silence()), saw: func(piece []byte) {
		mu.Lock()
		defer mu.Unlock()
		pieces[&piece[0]]++
	}}
	ch := open(t, n, grpcweb.WithMaxRetryAttempts(100), hedges(100, "0s"))
	s := converse(t, ch)
	say(t, s, "1", "2")
	s.CloseSend()
	synctest.Wait()
	wantRequests(t, n.Network, 100)
	for _, body := range bodies(n.Network) {
		want(t, "body", body, "1 2|")
	}
	want(t, "different pieces", len(pieces), 2)
	for _, times := range pieces {
		want(t, "times it was sent", times, 100)
	}
}

// recorder shows the pieces that are sent.
type recorder struct {
	*fake.Network
	saw func(piece []byte)
}

func (r *recorder) RoundTrip(ctx context.Context, req *transport.Request) (*transport.Response, error) {
	shown := *req
	shown.Body = shownBody{req.Body, r.saw}
	return r.Network.RoundTrip(ctx, &shown)
}

type shownBody struct {
	transport.Body
	saw func(piece []byte)
}

func (b shownBody) Next(ctx context.Context) ([]byte, error) {
	piece, err := b.Body.Next(ctx)
	if err == nil {
		b.saw(piece)
	}
	return piece, err
}
