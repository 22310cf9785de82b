package grpcwebtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

const (
	place = "/shop.Orders/Place"
	watch = "/shop.Orders/Watch"

	retrying = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "2s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	hedging = `{"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 4, "hedgingDelay": "0.5s"}}]}`
)

// in runs a test in a bubble, where time is virtual.
func in(t *testing.T, config string, test func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := grpcwebtest.NewServer(t)
		var options []grpcweb.Option
		if config != "" {
			options = append(options, grpcweb.WithServiceConfigJSON(config))
		}
		test(t, server, server.Channel(options...))
	})
}

func want[T any](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if g, w := fmt.Sprintf("%v", got), fmt.Sprintf("%v", wanted); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func wantCode(t *testing.T, err error, code status.Code, message string) {
	t.Helper()
	st, ok := status.FromError(err)
	if !ok || st.Code != code || !strings.Contains(st.Message, message) {
		t.Errorf("ended with %v, want %v %q", err, code, message)
	}
}

// collect reads a stream to its end.
func collect(stream *grpcweb.Stream) (messages []string, err error) {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(m))
	}
}

func TestRetriesAtExactInstants(t *testing.T) {
	in(t, retrying, func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
		server.On(place, grpcwebtest.Fail(status.Unavailable),
			grpcwebtest.Fail(status.Unavailable).WithMessage("busy").WithPushback(500*time.Millisecond),
			grpcwebtest.Reply([]byte("placed")).WithHeader("x-from", "here", "x-raw-bin", "\x00\xff").WithTrailer("x-end", "there"))
		began := time.Now()
		response, err := channel.Unary(t.Context(), place, []byte("order"), grpcweb.WithMetadata(metadata.New("x-mine-bin", "\x01")))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "message", string(response.Message), "placed")
		want(t, "header", response.Header.Get("x-raw-bin"), "\x00\xff")
		want(t, "trailer", response.Trailer.Get("x-end"), "there")
		var seen []string
		for _, r := range server.Requests(place) {
			seen = append(seen, fmt.Sprint(r.Attempt, " ", r.Began.Sub(began), " ", string(r.Messages()[0]), " ", r.Aborted(), " ", r.Ended().IsZero()))
			want(t, "metadata", r.Metadata.Get("x-mine-bin"), "\x01")
		}
		want(t, "requests", seen, []string{"1 0s order false false", "2 100ms order false false", "3 600ms order false false"})
	})
}

func TestPushbackThatForbids(t *testing.T) {
	in(t, retrying, func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
		server.On("*", grpcwebtest.Fail(status.Unavailable).WithPushback(-1).WithDetails([]byte("why")))
		_, err := channel.Unary(t.Context(), place, nil)
		wantCode(t, err, status.Unavailable, "")
		st, _ := status.FromError(err)
		want(t, "details", string(st.Details), "why")
		want(t, "requests", len(server.Requests("")), 1)
	})
}

func TestHedges(t *testing.T) {
	in(t, hedging, func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
		server.On(watch, grpcwebtest.Hang().Times(3), grpcwebtest.Reply([]byte("quick")).After(20*time.Millisecond))
		began := time.Now()
		if _, err := channel.Unary(t.Context(), watch, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var seen []string
		for _, r := range server.Requests(watch) {
			seen = append(seen, fmt.Sprint(r.Began.Sub(began), " ", r.Aborted()))
		}
		want(t, "requests", seen, []string{"0s true", "500ms true", "1s true", "1.5s false"})
	})
}

func TestSequenceStepByStep(t *testing.T) {
	for _, test := range []struct {
		end     grpcwebtest.Step
		code    status.Code
		message string
	}{
		{grpcwebtest.Fail(status.Aborted).WithMessage("moved"), status.Aborted, "moved"},
		{grpcwebtest.Cut(), status.Unknown, "without a trailers frame"},
		{grpcwebtest.NetworkError("reset"), status.Unavailable, "reset"},
	} {
		in(t, "", func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
			server.On(watch, grpcwebtest.Sequence(grpcwebtest.Reply([]byte("1")), grpcwebtest.Reply([]byte("2"), []byte("3")).After(time.Second),
				test.end.After(time.Second)))
			began := time.Now()
			stream, err := channel.NewStream(t.Context(), watch)
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.CloseSend(); err != nil {
				t.Fatal(err)
			}
			messages, err := collect(stream)
			wantCode(t, err, test.code, test.message)
			want(t, "messages", messages, []string{"1", "2", "3"})
			want(t, "ended after", time.Since(began), 2*time.Second)
		})
	}
}

func TestConverse(t *testing.T) {
	in(t, "", func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
		server.On(watch, grpcwebtest.Converse(func(ctx context.Context, r *grpcwebtest.Request) iter.Seq[grpcwebtest.Step] {
			return func(yield func(grpcwebtest.Step) bool) {
				for {
					message, err := r.Next(ctx)
					if err != nil {
						return
					}
					if !yield(grpcwebtest.Reply(append([]byte("echo "), message...))) {
						return
					}
				}
			}
		}).WithTrailer("x-end", "yes"))
		stream, err := channel.NewStream(t.Context(), watch)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"one", "two"} {
			if err := stream.Send([]byte(word)); err != nil {
				t.Fatal(err)
			}
			message, err := stream.Recv()
			want(t, "answer", fmt.Sprint(string(message), err), "echo "+word+"<nil>")
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		rest, err := collect(stream)
		want(t, "rest", fmt.Sprint(rest, err), "[] <nil>")
		want(t, "trailer", stream.Trailer().Get("x-end"), "yes")
	})
}

func TestFunctionsAndOddAnswers(t *testing.T) {
	in(t, "", func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
		server.On(place,
			grpcwebtest.Do(func(ctx context.Context, r *grpcwebtest.Request) grpcwebtest.Step {
				message, err := r.Next(ctx)
				timeout, ok := r.Timeout()
				return grpcwebtest.Reply([]byte(fmt.Sprint(string(message), err, timeout, ok)))
			}).After(time.Second),
			grpcwebtest.HTTPError(503),
			grpcwebtest.NetworkError(""),
			grpcwebtest.Cut(),
			grpcwebtest.Do(func(context.Context, *grpcwebtest.Request) grpcwebtest.Step { return grpcwebtest.Step{} }),
		)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		response, err := channel.Unary(ctx, place, []byte("order"))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "message", string(response.Message), "order<nil> 3s true")
		for _, test := range []struct {
			code    status.Code
			message string
		}{
			{status.Unavailable, "503"},
			{status.Unavailable, "the connection was lost"},
			{status.Unknown, "the response was empty"},
			{status.Internal, "is the zero Step"},
		} {
			_, err := channel.Unary(t.Context(), place, nil)
			wantCode(t, err, test.code, test.message)
		}
	})
}

func TestDeadlineOfHang(t *testing.T) {
	in(t, retrying, func(t *testing.T, server *grpcwebtest.Server, channel *grpcweb.Channel) {
		server.On(place, grpcwebtest.Hang().Always())
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := channel.Unary(ctx, place, nil)
		wantCode(t, err, status.DeadlineExceeded, "")
		want(t, "took", time.Since(began), 3*time.Second)
		synctest.Wait()
		want(t, "aborted", server.Requests(place)[0].Aborted(), true)
	})
}

// recorder is a testing.TB that keeps what a Server reports.
type recorder struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Error(a ...any)   { r.said = append(r.said, fmt.Sprint(a...)) }
func (r *recorder) Errorf(format string, a ...any) {
	r.said = append(r.said, fmt.Sprintf(format, a...))
}

func (r *recorder) Fatalf(format string, a ...any) {
	panic(fmt.Sprintf(format, a...))
}

func TestReportsWhatIsMissing(t *testing.T) {
	r := &recorder{TB: t}
	server := grpcwebtest.NewServer(r)
	server.On(place, grpcwebtest.Reply(nil), grpcwebtest.Fail(status.Aborted).Times(2).After(time.Second)).On(watch, grpcwebtest.Hang().Always())
	channel := server.Channel()
	if _, err := channel.Unary(t.Context(), place, nil); err != nil {
		t.Fatal(err)
	}
	_, err := channel.Unary(t.Context(), "/shop.Orders/Cancel", nil)
	wantCode(t, err, status.Internal, "only /shop.Orders/Place, /shop.Orders/Watch have steps")
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	want(t, "reports", strings.Join(r.said, "\n"), `grpcwebtest: there is no step for attempt 1 of a call to /shop.Orders/Cancel: only /shop.Orders/Place, /shop.Orders/Watch have steps. Add some by On("/shop.Orders/Cancel", …)
grpcwebtest: no request to /shop.Orders/Place came for step 2, Fail(ABORTED).After(1s).Times(2)`)
}

func TestRefusesStepsThatMeanNothing(t *testing.T) {
	for _, test := range []struct {
		method string
		step   grpcwebtest.Step
		wanted string
	}{
		{"Place", grpcwebtest.Hang(), `the method "Place"`},
		{place, grpcwebtest.Step{}, "is the zero Step"},
		{place, grpcwebtest.Hang().Times(0), "is for no request"},
		{place, grpcwebtest.Hang().After(-1), "comes -1ns after"},
		{place, grpcwebtest.Fail(status.OK), "fails with the code 0"},
		{place, grpcwebtest.HTTPError(99), "has the HTTP status 99"},
		{place, grpcwebtest.Sequence(grpcwebtest.HTTPError(503)), "that is HTTPError(503)"},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, test.wanted) {
					t.Errorf("On said %q, want %q", text, test.wanted)
				}
			}()
			grpcwebtest.NewServer(&recorder{TB: t}).On(test.method, test.step)
		}()
	}
}
