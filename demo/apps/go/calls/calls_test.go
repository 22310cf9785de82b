package calls_test

import (
	"testing"
	"testing/synctest"
	"time"

	"example.com/hedgerow-app/calls"
	chaosv1 "example.com/hedgerow-app/gen/chaos/v1"
	"example.com/hedgerow-app/gen/chaos/v1/chaosv1hedgerow"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// play makes a Calls whose server answers with steps, in a bubble in which waits take no time.
func play(t *testing.T, method string, steps []grpcwebtest.Step, f func(t *testing.T, c *calls.Calls)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := calls.New(grpcwebtest.NewServer(t).On(method, steps...), grpcwebtest.BaseURL)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f(t, c)
	})
}

func reply(t *testing.T) grpcwebtest.Step {
	t.Helper()
	message, err := proto.Marshal(&chaosv1.Reply{Payload: []byte("Hello Ada")})
	if err != nil {
		t.Fatal(err)
	}
	return grpcwebtest.Reply(message)
}

func TestRetriesHeal(t *testing.T) {
	steps := []grpcwebtest.Step{grpcwebtest.Fail(status.Unavailable).Times(2), reply(t)}
	play(t, chaosv1hedgerow.ChaosDoMethod, steps, func(t *testing.T, c *calls.Calls) {
		result, err := c.Unreliable(t.Context(), "Ada")
		if err != nil || result.Message != "Hello Ada" || len(result.Attempts) != 3 {
			t.Fatalf("got %+v, %v", result, err)
		}
		if got := calls.Describe(result.Attempts[0]); got != "first attempt, begun after 0 ms: failed after 0 ms with UNAVAILABLE" {
			t.Errorf("got %q", got)
		}
	})
}

func TestRetriesEnd(t *testing.T) {
	play(t, chaosv1hedgerow.ChaosDoMethod, []grpcwebtest.Step{grpcwebtest.Fail(status.Unavailable).Always()}, func(t *testing.T, c *calls.Calls) {
		result, err := c.Unreliable(t.Context(), "Ada")
		if status.CodeOf(err) != status.Unavailable || len(result.Attempts) != 4 {
			t.Errorf("got %+v, %v", result, err)
		}
	})
}

func TestHedgeWins(t *testing.T) {
	steps := []grpcwebtest.Step{reply(t).After(5 * time.Second), reply(t)}
	play(t, chaosv1hedgerow.ChaosStreamMethod, steps, func(t *testing.T, c *calls.Calls) {
		begun := time.Now()
		result, err := c.Slow(t.Context(), "Ada")
		if err != nil || result.Message != "Hello Ada" || len(result.Attempts) != 2 {
			t.Fatalf("got %+v, %v", result, err)
		}
		if took := time.Since(begun); took != 300*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}
