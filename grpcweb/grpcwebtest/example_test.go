package grpcwebtest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// A policy heals two failures. In a test, t is the test's own, and inside
// synctest.Test(t, …) the backoffs take no time.
func Example() {
	t := &exampleTest{}
	defer t.end()

	server := grpcwebtest.NewServer(t)
	server.On("/shop.Orders/Place", grpcwebtest.Fail(status.Unavailable).Times(2), grpcwebtest.Reply([]byte("receipt")))
	channel := server.Channel(grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4,
		"initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))

	res, err := channel.Unary(context.Background(), "/shop.Orders/Place", []byte("order"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s after %d attempts\n", res.Message, len(res.Attempts))
	for _, r := range server.Requests("/shop.Orders/Place") {
		fmt.Printf("attempt %d sent %q\n", r.Attempt, r.Messages())
	}
	// Output:
	// receipt after 3 attempts
	// attempt 1 sent ["order"]
	// attempt 2 sent ["order"]
	// attempt 3 sent ["order"]
}

// At its end a test fails if fewer requests came than there are steps, or more.
func ExampleServer_Verify() {
	t := &exampleTest{}
	defer t.end()

	server := grpcwebtest.NewServer(t)
	server.On("/shop.Orders/Place", grpcwebtest.Fail(status.Unavailable), grpcwebtest.Reply([]byte("receipt")))
	_, err := server.Channel().Unary(context.Background(), "/shop.Orders/Place", nil) // without a policy
	fmt.Println(status.CodeOf(err))
	// Output:
	// UNAVAILABLE
	// grpcwebtest: no request to /shop.Orders/Place came for step 2, Reply(…)
}

// exampleTest stands for the *testing.T that an example does not have. It prints what the
// test would.
type exampleTest struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTest) Helper()           {}
func (t *exampleTest) Cleanup(f func())  { t.cleanups = append(t.cleanups, f) }
func (t *exampleTest) Error(args ...any) { fmt.Println(args...) }
func (t *exampleTest) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (t *exampleTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (t *exampleTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *exampleTest) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}
