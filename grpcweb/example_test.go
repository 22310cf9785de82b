package grpcweb_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// A policy for all methods of a channel. In a browser the transport is
// jsbridge.Fetch(); here it is a network that loses the first request.
func Example() {
	defaultMethodConfig := grpcweb.MethodConfig{
		Names: []grpcweb.MethodName{grpcweb.DefaultMethodName},
		RetryPolicy: &grpcweb.RetryPolicy{
			MaxAttempts:          5,
			InitialBackoff:       1 * time.Second,
			MaxBackoff:           5 * time.Second,
			BackoffMultiplier:    1.5,
			RetryableStatusCodes: []status.Code{status.Unavailable},
		},
	}
	channel, err := grpcweb.NewChannel(unsteadyNetwork(), "https://localhost:5001",
		grpcweb.WithServiceConfig(grpcweb.ServiceConfig{
			MethodConfigs: []grpcweb.MethodConfig{defaultMethodConfig},
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	request, _ := proto.Marshal(&helloworld.HelloRequest{Name: "Go"})
	response, err := channel.Unary(context.Background(), "/helloworld.Greeter/SayHello", request)
	if err != nil {
		log.Fatal(err)
	}
	var reply helloworld.HelloReply
	if err := proto.Unmarshal(response.Message, &reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println("From server:", reply.GetMessage())
	fmt.Println("Attempts:", len(response.Attempts))

	// Output:
	// From server: Hello Go
	// Attempts: 2
}

// Hedging for one method, which may safely run several times.
func ExampleHedgingPolicy() {
	methodConfig := grpcweb.MethodConfig{
		Names: []grpcweb.MethodName{{Service: "helloworld.Greeter", Method: "SayHello"}},
		HedgingPolicy: &grpcweb.HedgingPolicy{
			MaxAttempts:         3,
			HedgingDelay:        20 * time.Millisecond,
			NonFatalStatusCodes: []status.Code{status.Unavailable},
		},
	}
	slow := fake.Answer([]byte("slow")).After(time.Hour)
	quick := fake.Answer([]byte("quick"))
	channel, err := grpcweb.NewChannel(fake.New(slow, quick), "https://localhost:5001",
		grpcweb.WithServiceConfig(grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{methodConfig}}))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	response, err := channel.Unary(context.Background(), "/helloworld.Greeter/SayHello", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, attempt := range response.Attempts {
		fmt.Println(attempt.Number, attempt.Kind, attempt.Outcome)
	}
	fmt.Printf("%s\n", response.Message)

	// Output:
	// 1 first aborted
	// 2 hedge committed
	// quick
}

// Everything that is wrong is told at once, each problem with its path.
func ExampleConfigError() {
	_, err := grpcweb.NewChannel(fake.New(), "https://localhost:5001", grpcweb.WithServiceConfigJSON(`{
		"methodConfig": [{
			"name": [{}],
			"hedgingPolicy": {"maxAttempts": 1, "hedgingDelay": "-1s"}
		}]
	}`))
	fmt.Println(err)

	// Output:
	// the channel's options are not valid:
	//   methodConfig[0].hedgingPolicy.maxAttempts: must be 2 or more: it counts the first attempt too (found 1)
	//   methodConfig[0].hedgingPolicy.hedgingDelay: must not be negative (found "-1s")
}

// unsteadyNetwork loses the first request. The server on it has the client try
// again at once, so that the example takes no time.
func unsteadyNetwork() *fake.Network {
	reply, _ := proto.Marshal(&helloworld.HelloReply{Message: "Hello Go"})
	return fake.New(
		fake.Fail(status.Unavailable, "busy", "grpc-retry-pushback-ms", "0"),
		fake.Answer(reply),
	)
}
