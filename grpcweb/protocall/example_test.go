package protocall_test

import (
	"context"
	"fmt"
	"log"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	pb "github.com/hedgerow-web/hedgerow/server/proto/helloworld"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld/helloworldhedgerow"
)

// exampleClient makes a client. In a browser, the transport is jsbridge.Fetch().
func exampleClient(network *fake.Network) *protocall.Client {
	ch, err := grpcweb.NewChannel(network, "https://api.example.com", grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}],
		"retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "1s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	return protocall.New(ch, protocodec.Codec{})
}

// A client that protoc-gen-go-hedgerow has generated. The first attempt of the call fails.
func Example() {
	client := exampleClient(fake.New(fake.Fail(status.Unavailable, "busy"), fake.Answer(hello("Hello Ada"))))
	defer client.Channel().Close()
	greeter := helloworldhedgerow.NewGreeterClient(client)

	res, err := greeter.SayHello(context.Background(), &pb.HelloRequest{Name: "Ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Message.GetMessage(), "after", len(res.Attempts), "attempts")
	// Output: Hello Ada after 2 attempts
}

// The same call without generated code.
func ExampleUnary() {
	client := exampleClient(fake.New(fake.Fail(status.NotFound, "nobody of that name")))
	defer client.Channel().Close()

	_, err := protocall.Unary[pb.HelloReply](context.Background(), client, "/helloworld.Greeter/SayHello", &pb.HelloRequest{Name: "Ada"})
	if st, ok := status.FromError(err); ok {
		fmt.Println(st.Code, st.Message, st.CommitReason)
	}
	// Output: NOT_FOUND nobody of that name fatalStatus
}

func ExampleServerStream_All() {
	client := exampleClient(fake.New(fake.Answer(hello("Hello Ada, 1 of 2"), hello("Hello Ada, 2 of 2"))))
	defer client.Channel().Close()

	stream, err := helloworldhedgerow.NewGreeterClient(client).LotsOfReplies(context.Background(), &pb.HelloRequest{Name: "Ada"})
	if err != nil {
		log.Fatal(err)
	}
	for reply, err := range stream.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(reply.GetMessage())
	}
	// Output:
	// Hello Ada, 1 of 2
	// Hello Ada, 2 of 2
}
