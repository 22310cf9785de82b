package server

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// nth returns the client as it sends an attempt with this number of attempts before it.
func (c *client) nth(previous int) *client {
	return c.with("Grpc-Previous-Rpc-Attempts", strconv.Itoa(previous))
}

func TestFaultsFailTheFirstAttempts(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		c := start(t, protocol, Options{Faults: Faults{Fail: 2, FailCode: codes.Aborted, Pushback: "70"}})
		ann := &helloworld.HelloRequest{Name: "Ann"}
		for _, method := range []string{"SayHello", "LotsOfReplies", "LotsOfGreetings", "BidiHello"} {
			for previous, attempt := range []*client{c, c.nth(1), c.nth(2)} {
				a := attempt.call(t, "/helloworld.Greeter/"+method, ann)
				if previous == 2 {
					want(t, method, a.ending(), "body 0")
					want(t, method, len(a.messages) > 0, true)
					continue
				}
				// It is an answer without a body, which lets a client try again.
				want(t, method, a.ending(), "head 10 attempt "+strconv.Itoa(previous+1)+" fails: this server was told to fail the first 2 attempts of each call")
				want(t, method, a.header.Get("Grpc-Retry-Pushback-Ms"), "70")
			}
		}
		want(t, "health", c.call(t, "/grpc.health.v1.Health/Check", &grpc_health_v1.HealthCheckRequest{}).header.Get("Grpc-Status"), "10")
		want(t, "a script", c.call(t, chaosPath+"Do", one(&chaosv1.Step{})).ending(), "body 0")
		want(t, "no number", c.with("Grpc-Previous-Rpc-Attempts", "two").call(t, "/helloworld.Greeter/SayHello", ann).header.Get("Grpc-Status"), "10")
	}
}

func TestFaultsFailByChance(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{Faults: Faults{FailRate: 1}})
	a := c.nth(7).call(t, "/helloworld.Greeter/SayHello", &helloworld.HelloRequest{})
	want(t, "always", a.ending(), "head 14 attempt 8 fails: this server was told to fail attempts by chance, with probability 1")

	c = start(t, "HTTP/1.1", Options{Faults: Faults{FailRate: 0.5}})
	var failed, answered int
	for range 60 { // All sixty end alike in one run out of 10^17.
		if c.call(t, "/helloworld.Greeter/SayHello", &helloworld.HelloRequest{}).ending() == "body 0" {
			answered++
		} else {
			failed++
		}
	}
	if failed == 0 || answered == 0 {
		t.Errorf("%d attempts failed and %d did not, with a probability of 0.5", failed, answered)
	}
}

func TestFaultsDelay(t *testing.T) {
	const delay = 50 * time.Millisecond
	c := start(t, "HTTP/1.1", Options{Faults: Faults{Delay: delay}})
	begin := time.Now()
	want(t, "delayed", c.call(t, "/helloworld.Greeter/SayHello", &helloworld.HelloRequest{}).ending(), "body 0")
	if took := time.Since(begin); took < delay {
		t.Errorf("answered after %v, before the delay of %v", took, delay)
	}

	// With so long a delay, only an attempt that is not delayed gets an answer. The deadline ends the other one.
	c = start(t, "HTTP/1.1", Options{Faults: Faults{Delay: time.Hour, DelayBelow: 1}})
	want(t, "second attempt", c.nth(1).call(t, "/helloworld.Greeter/SayHello", &helloworld.HelloRequest{}).ending(), "body 0")
	late := c.with("Grpc-Timeout", "20m").call(t, "/helloworld.Greeter/SayHello", &helloworld.HelloRequest{})
	want(t, "first attempt", late.header.Get("Grpc-Status"), "4")
}

func TestFaultsAreChecked(t *testing.T) {
	for _, test := range []struct {
		faults Faults
		wanted string
	}{
		{Faults{}, ""},
		{Faults{Fail: 3, FailRate: 1, FailCode: codes.Unauthenticated, Pushback: "-1", Delay: time.Second, DelayBelow: 1}, ""},
		{Faults{Fail: -1}, "Fail is -1"},
		{Faults{FailRate: 1.5}, "FailRate is 1.5"},
		{Faults{FailCode: 17}, "FailCode is 17"},
		{Faults{Pushback: "1s"}, `Pushback is "1s"`},
		{Faults{Delay: -1}, "Delay is -1ns"},
		{Faults{DelayBelow: -1}, "DelayBelow is -1"},
	} {
		err := test.faults.Check()
		if (err == nil) != (test.wanted == "") || err != nil && !strings.HasPrefix(err.Error(), "Faults."+test.wanted) {
			t.Errorf("%+v: got %v, want %q", test.faults, err, test.wanted)
		}
	}
	defer func() {
		if text, _ := recover().(string); !strings.HasPrefix(text, "server: Options.Faults.Fail is -1") {
			t.Errorf("New panicked with %q", text)
		}
	}()
	New(Options{Faults: Faults{Fail: -1}})
}
