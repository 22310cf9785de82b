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
