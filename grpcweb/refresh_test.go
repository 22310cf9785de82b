package grpcweb_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// session is a token, and a server that knows only the fresh one.
type session struct {
	mu        sync.Mutex
	token     string
	refreshes int
}

func (s *session) metadata(context.Context, grpcweb.Attempt) (metadata.MD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return metadata.New("authorization", s.token), nil
}

func (s *session) refresh(context.Context) error {
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshes++
	s.token = "fresh"
	return nil
}

// guarded answers calls that have the fresh token, 10 ms after they were sent.
func guarded() *fake.Network {
	return fake.Scripted(func(_ int, r *transport.Request) fake.Attempt {
		if r.Header.Get("authorization") != "fresh" {
			return fake.Fail(status.Unauthenticated, "expired").After(10 * time.Millisecond)
		}
		return fake.Answer(pong).After(10 * time.Millisecond)
	})
}

// SEMANTICS 8.3b: any number of calls share one refresh.
func TestCredentialsAreRefreshedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &session{token: "old"}
		ch := open(t, guarded(), grpcweb.WithPerAttemptMetadata(s.metadata), grpcweb.WithCredentialsRefresh(s.refresh))
		var calls sync.WaitGroup
		for range 1000 {
			calls.Go(func() {
				res, err := unary(t, ch)
				if err != nil || len(res.Attempts) != 2 || res.Attempts[1].Kind != status.KindRefresh {
					t.Errorf("%v, %v", res, err)
				}
			})
		}
		calls.Wait()
		want(t, "refreshes", s.refreshes, 1)
	})
}

// SEMANTICS 8.3e: the error of the refresh is the cause.
func TestCredentialsThatCannotBeRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := errors.New("the session is over")
		ch := open(t, guarded(), grpcweb.WithCredentialsRefresh(func(context.Context) error { return over }, status.Unauthenticated))
		_, err := unary(t, ch)
		st := wantCode(t, err, status.Unauthenticated)
		want(t, "message", st.Message, "the credentials could not be refreshed: the session is over")
		if !errors.Is(err, over) {
			t.Errorf("the cause is %v", st.Cause)
		}
	})
}

// SEMANTICS 8.3f: the context of a refresh ends when nobody waits for it, and its result is
// ignored.
func TestRefreshIsGivenUp(t *testing.T) {
	for name, give := range map[string]func(ch *grpcweb.Channel, cancel func()){
		"the caller cancels":    func(_ *grpcweb.Channel, cancel func()) { cancel() },
		"the channel is closed": func(ch *grpcweb.Channel, _ func()) { ch.Close() },
	} {
		scenario(t, name, func(t *testing.T) {
			var gone error
			ch := open(t, guarded(), grpcweb.WithCredentialsRefresh(func(ctx context.Context) error {
				<-ctx.Done()
				gone = ctx.Err()
				return nil
			}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(time.Second, func() { give(ch, cancel) })
			_, err := ch.Unary(ctx, method, ping)
			wantCode(t, err, status.Canceled)
			synctest.Wait()
			if !errors.Is(gone, context.Canceled) {
				t.Errorf("the refresh ended with %v", gone)
			}
		})
	}
}

// SEMANTICS 8.3g: a call of the refresh's own is refused unless it says that it is one.
func TestCallsFromWithinRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ch *grpcweb.Channel
		var refused, sent error
		ch = open(t, guarded(), grpcweb.WithCredentialsRefresh(func(ctx context.Context) error {
			time.Sleep(time.Second)
			_, refused = ch.Unary(ctx, method, ping)
			_, sent = ch.Unary(ctx, method, ping, grpcweb.WithoutCredentialsRefresh())
			return nil
		}))
		_, err := unary(t, ch)
		wantCode(t, err, status.Unauthenticated)
		st := wantCode(t, refused, status.Internal)
		if !strings.Contains(st.Message, "credentialsRefresh: false") {
			t.Error(st.Message)
		}
		wantCode(t, sent, status.Unauthenticated)
	})
}

func TestCredentialsRefreshProblems(t *testing.T) {
	never := func(context.Context) error { return nil }
	for path, opt := range map[string]grpcweb.Option{
		"credentialsRefresh":          grpcweb.WithCredentialsRefresh(nil),
		"credentialsRefresh.codes[0]": grpcweb.WithCredentialsRefresh(never, status.OK),
		"credentialsRefresh.codes[1]": grpcweb.WithCredentialsRefresh(never, status.Aborted, 17),
	} {
		_, err := grpcweb.NewChannel(guarded(), "https://api.example.com", opt)
		var of *grpcweb.ConfigError
		if !errors.As(err, &of) || len(of.Problems) != 1 || of.Problems[0].Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
}
