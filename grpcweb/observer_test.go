package grpcweb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestObserver(t *testing.T) {
	scenario(t, "events_in_order", testEvents)
	scenario(t, "of_one_call", func(t *testing.T) {
		calls := 0
		ch := open(t, fake.New(fake.Answer(pong)))
		for _, opts := range [][]grpcweb.CallOption{nil, {grpcweb.WithObserver(func(e grpcweb.Event) {
			want(t, "number of the call", e.Call, 2)
			if e.Type == grpcweb.EventCallEnded {
				calls++
			}
		})}} {
			res, err := unary(t, ch, opts...)
			must(t, res, err)
		}
		want(t, "calls", calls, 1)
	})
	scenario(t, "may_turn_to_the_channel", func(t *testing.T) {
		n := fake.New(fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "1000"))
		var ch *grpcweb.Channel
		ch = open(t, n, retries(5), grpcweb.WithObserver(func(e grpcweb.Event) {
			if e.Type == grpcweb.EventBackoff {
				ch.Close()
			}
		}))
		_, err := unary(t, ch)
		wantCode(t, err, status.Canceled)
	})
	scenario(t, "panics_in_a_unary_call", func(t *testing.T) {
		n := fake.New(fake.Silence())
		panics := true
		ch := open(t, n, grpcweb.WithObserver(func(grpcweb.Event) {
			if panics {
				panics = false
				panic("observer")
			}
		}))
		want(t, "panic", recovered(func() { unary(t, ch) }), "observer")
		settle(t, n) // nobody has the call any more: it is over
		n.Play(func(int, *transport.Request) fake.Attempt { return fake.Answer(pong) })
		res, err := unary(t, ch)
		must(t, res, err)
	})
	scenario(t, "panics_always", func(t *testing.T) {
		n := fake.New(fake.Silence())
		ch := open(t, n)
		observed := grpcweb.WithObserver(func(grpcweb.Event) { panic("observer") })
		want(t, "panic", recovered(func() { unary(t, ch, observed) }), "observer")
		settle(t, n)
	})
	scenario(t, "panics_in_a_send", func(t *testing.T) { testPanicInSend(t) })
	scenario(t, "panics_in_close", func(t *testing.T) {
		n := fake.New(fake.Silence())
		ch := open(t, n)
		ended := make(chan error, 3)
		panics := grpcweb.WithObserver(func(e grpcweb.Event) {
			if e.Type == grpcweb.EventCallEnded {
				panic("observer")
			}
		})
		for _, opts := range [][]grpcweb.CallOption{nil, {panics}, nil} { // all of them end
			go func() {
				_, err := unary(t, ch, opts...)
				ended <- err
			}()
		}
		synctest.Wait()
		want(t, "panic", recovered(func() { ch.Close() }), "observer")
		for range 3 {
			wantCode(t, <-ended, status.Canceled)
		}
		want(t, "again", recovered(func() { ch.Close() }), nil)
	})
}

// testPanicInSend: the stream goes on after a panic, and its later events come.
func testPanicInSend(t *testing.T) {
	ch := open(t, fake.New(fake.Answer(pong)), retries(5))
	panics, ended := true, false
	s, err := ch.NewStream(t.Context(), method, grpcweb.WithObserver(func(e grpcweb.Event) {
		if e.Type == grpcweb.EventBuffer && panics {
			panics = false
			panic("observer")
		}
		ended = ended || e.Type == grpcweb.EventCallEnded
	}))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "panic", recovered(func() { s.Send(ping) }), "observer")
	for _, err := range []error{s.Send(ping), s.CloseSend()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	messages, err := drain(t, s)
	wantAll(t, "messages", messages, "pong")
	want(t, "end", err, io.EOF)
	want(t, "told of the end", ended, true)
	res, err := unary(t, ch)
	must(t, res, err)
}

// recovered is what f panics with.
func recovered(f func()) (what any) {
	defer func() { what = recover() }()
	f()
	return nil
}

func testEvents(t *testing.T) {
	var told []string
	begun := time.Now()
	ch := open(t, fake.New(fake.Fail(status.Unavailable, "no", "grpc-retry-pushback-ms", "200"), fake.Answer(pong)), retries(5),
		grpcweb.WithObserver(func(e grpcweb.Event) {
			want(t, "method", e.Method, method)
			if e.Type != grpcweb.EventBuffer {
				told = append(told, fmt.Sprintf("%v %s %d", e.At.Sub(begun), e.Type, e.Attempt))
			}
			switch e.Type {
			case grpcweb.EventCallStarted:
				want(t, "policy", e.Policy, "retry")
				want(t, "attempts", e.MaxAttempts, 5)
				want(t, "timeout", e.Timeout, time.Second)
			case grpcweb.EventBackoff:
				want(t, "delay", e.Delay, 200*ms)
				want(t, "pushback", e.Pushback, 200)
			case grpcweb.EventCallEnded:
				want(t, "code", e.Code, 0)
				want(t, "attempts", e.Attempts, 2)
				want(t, "reason", e.Reason, status.ReasonResponseHeaders)
			}
		}))
	res, err := ch.Unary(within(t, time.Second), method, ping)
	must(t, res, err)
	want(t, "events", strings.Join(told, "\n"), strings.Join([]string{
		"0s callStarted 0", "0s attemptStarted 1", "0s attemptHead 1", "0s attemptEnded 1", "0s backoff 0",
		"200ms attemptStarted 2", "200ms attemptHead 2", "200ms committed 2", "200ms attemptEnded 2", "200ms callEnded 0",
	}, "\n"))
}

func TestPerAttemptMetadata(t *testing.T) {
	scenario(t, "fresh_for_each_attempt", func(t *testing.T) {
		n := fake.New(unavailable, fake.Answer(pong))
		ch := open(t, n, retries(5), grpcweb.WithMetadata(metadata.New("who", "channel")),
			grpcweb.WithPerAttemptMetadata(func(_ context.Context, a grpcweb.Attempt) (metadata.MD, error) {
				return metadata.New("who", fmt.Sprintf("%s %d", a.Method, a.Number)), nil
			}))
		res, err := unary(t, ch, grpcweb.WithMetadata(metadata.New("who", "call")))
		must(t, res, err)
		for i, x := range n.Seen() {
			wantAll(t, "metadata", x.Request.Header.Values("who"), "channel", fmt.Sprintf("%s %d", method, i+1), "call")
		}
	})
	scenario(t, "failure_ends_the_call", func(t *testing.T) {
		cause := errors.New("no token")
		for code, err := range map[status.Code]error{
			status.Unauthenticated:  cause,
			status.PermissionDenied: status.New(status.PermissionDenied, "not you"),
		} {
			n := fake.New(fake.Answer(pong))
			_, got := unary(t, open(t, n, retries(5), perAttempt(err)))
			wantCode(t, got, code)
			wantRequests(t, n, 0)
		}
		_, err := unary(t, open(t, fake.New(), perAttempt(cause)))
		if !errors.Is(err, cause) {
			t.Errorf("%v does not wrap its cause", err)
		}
	})
	scenario(t, "bad_metadata", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		_, err := unary(t, open(t, n, grpcweb.WithPerAttemptMetadata(func(context.Context, grpcweb.Attempt) (metadata.MD, error) {
			return metadata.New("no good", ""), nil
		})))
		wantCode(t, err, status.Internal)
		wantRequests(t, n, 0)
	})
	scenario(t, "told_of_the_end", func(t *testing.T) {
		n := fake.New(fake.Answer(pong))
		var ended atomic.Int32
		ch := open(t, n, hedges(3, "0.1s"), grpcweb.WithPerAttemptMetadata(func(ctx context.Context, _ grpcweb.Attempt) (metadata.MD, error) {
			<-ctx.Done()
			ended.Add(1)
			return metadata.MD{}, ctx.Err()
		}))
		_, err := ch.Unary(within(t, time.Second), method, ping)
		wantCode(t, err, status.DeadlineExceeded)
		synctest.Wait()
		want(t, "functions that ended", ended.Load(), 3)
		wantRequests(t, n, 0)
	})
	scenario(t, "too_large_for_the_buffer", func(t *testing.T) { // committed before its metadata is there
		n := fake.New(fake.Answer(pong))
		res, err := open(t, n, retries(5), perAttempt(nil)).Unary(t.Context(), method, make([]byte, 1<<20))
		must(t, res, err)
		want(t, "body", len(n.Seen()[0].Body), 1<<20+5)
	})
}

func perAttempt(err error) grpcweb.Option {
	return grpcweb.WithPerAttemptMetadata(func(context.Context, grpcweb.Attempt) (metadata.MD, error) { return metadata.MD{}, err })
}
