// Package calls makes the calls of the page. It knows nothing of JavaScript, so it is tested
// like any Go.
package calls

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	chaosv1 "example.com/hedgerow-app/gen/chaos/v1"
	"example.com/hedgerow-app/gen/chaos/v1/chaosv1hedgerow"
	"example.com/hedgerow-app/gen/helloworld"
	"example.com/hedgerow-app/gen/helloworld/helloworldhedgerow"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// config retries every method, but hedges one, whose server is slow at times. Hedge only
// what may safely run several times.
var config = grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{
	{
		Names: []grpcweb.MethodName{grpcweb.DefaultMethodName},
		RetryPolicy: &grpcweb.RetryPolicy{
			MaxAttempts: 4, InitialBackoff: 300 * time.Millisecond, MaxBackoff: 2 * time.Second, BackoffMultiplier: 2,
			RetryableStatusCodes: []status.Code{status.Unavailable},
		},
	},
	{
		Names: []grpcweb.MethodName{{Service: chaosv1hedgerow.ChaosName, Method: "Stream"}},
		HedgingPolicy: &grpcweb.HedgingPolicy{
			MaxAttempts: 3, HedgingDelay: 300 * time.Millisecond, NonFatalStatusCodes: []status.Code{status.Unavailable},
		},
	},
}}

// Calls makes calls to one server. It is safe for concurrent use.
type Calls struct {
	channel *grpcweb.Channel
	greeter helloworldhedgerow.GreeterClient
	chaos   chaosv1hedgerow.ChaosClient
}

// New makes one Calls for a server. Keep it for as long as the page lives.
func New(rt transport.RoundTripper, baseURL string) (*Calls, error) {
	ch, err := grpcweb.NewChannel(rt, baseURL, grpcweb.WithServiceConfig(config))
	if err != nil {
		return nil, err
	}
	client := protocall.New(ch, protocodec.Codec{})
	return &Calls{ch, helloworldhedgerow.NewGreeterClient(client), chaosv1hedgerow.NewChaosClient(client)}, nil
}

// Close ends all calls.
func (c *Calls) Close() error { return c.channel.Close() }

// Result is a message, and what was tried to get it.
type Result struct {
	Message  string
	Attempts []status.AttemptRecord
}

// Hello is answered at once.
func (c *Calls) Hello(ctx context.Context, name string) (Result, error) {
	res, err := c.greeter.SayHello(ctx, &helloworld.HelloRequest{Name: name})
	if err != nil {
		return failed(err)
	}
	return Result{res.Message.GetMessage(), res.Attempts}, nil
}

// Unreliable is a call whose first two attempts fail; the retry policy heals it.
func (c *Calls) Unreliable(ctx context.Context, name string) (Result, error) {
	busy := &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: int32(status.Unavailable), Message: "restarting"}}}
	res, err := c.chaos.Do(ctx, script(name, busy, busy, &chaosv1.Step{}))
	if err != nil {
		return failed(err)
	}
	return Result{string(res.Message.GetPayload()), res.Attempts}, nil
}

// Slow is a call whose first attempt takes five seconds. It is hedged: the second attempt is
// sent 300 ms after the first, and answers.
func (c *Calls) Slow(ctx context.Context, name string) (Result, error) {
	slow := &chaosv1.Delay{Distribution: &chaosv1.Delay_FixedMs{FixedMs: 5000}}
	one := uint32(1)
	stream, err := c.chaos.Stream(ctx, script(name, &chaosv1.Step{Delay: slow, Messages: &one}, &chaosv1.Step{Messages: &one}))
	if err != nil {
		return failed(err)
	}
	var result Result
	for reply, err := range stream.All() {
		if err != nil {
			return failed(err)
		}
		result.Message = string(reply.GetPayload())
	}
	result.Attempts = stream.Attempts()
	return result, nil
}

// script says hello, and says what the server shall do with each attempt.
func script(name string, steps ...*chaosv1.Step) *chaosv1.Request {
	return &chaosv1.Request{CallId: rand.Text(), Payload: []byte("Hello " + name), Steps: steps}
}

// failed returns what was tried, together with the error.
func failed(err error) (Result, error) {
	st, ok := status.FromError(err)
	if !ok {
		return Result{}, err
	}
	return Result{Attempts: st.Attempts}, err
}

// Describe says what became of an attempt.
func Describe(a status.AttemptRecord) string {
	text := a.Kind.String() + " attempt, begun after " + milliseconds(a.StartedAt) + ": " + a.Outcome.String()
	switch a.Outcome {
	case status.OutcomeFailed:
		text += " after " + milliseconds(a.EndedAt) + " with " + status.Code(a.Code).String()
	case status.OutcomeCommitted:
		text += " after " + milliseconds(a.HeadAt)
	}
	return text
}

func milliseconds(ns int64) string { return fmt.Sprint(time.Duration(ns).Milliseconds(), " ms") }
