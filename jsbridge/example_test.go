package jsbridge_test

import (
	"context"
	"fmt"
	"log"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/jsbridge"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// A conversation in which each answer comes before the next question. It works in any
// browser.
func ExampleWebSocket() {
	ch, err := grpcweb.NewChannel(jsbridge.WebSocket(), "https://api.example.com")
	if err != nil {
		log.Fatal(err)
	}
	defer ch.Close()
	chat, err := helloworld.NewGreeterClient(grpcconn.New(ch)).BidiHello(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"Ada", "Grace"} {
		if err := chat.Send(&helloworld.HelloRequest{Name: name}); err != nil {
			log.Fatal(err) // If it is io.EOF, Recv returns the status.
		}
		answer, err := chat.Recv()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.GetMessage())
	}
}

// Calls with cookies, which another origin gets only with Include.
func ExampleFetch() {
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(jsbridge.WithCredentials(jsbridge.Include)), "https://api.example.com",
		grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.1s",
			"maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer ch.Close()
	reply, err := helloworld.NewGreeterClient(grpcconn.New(ch)).SayHello(context.Background(), &helloworld.HelloRequest{Name: "Ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.GetMessage())
}
