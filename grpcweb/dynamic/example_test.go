//go:build !js

package dynamic_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/dynamic"
	"github.com/hedgerow-web/hedgerow/grpcweb/httptransport"
	"github.com/hedgerow-web/hedgerow/server"
)

// A server is asked what it has, and a method of it is called with JSON.
func Example() {
	handler := server.New(server.Options{})
	defer handler.Close()
	s := httptest.NewServer(handler)
	defer s.Close()
	channel, err := grpcweb.NewChannel(httptransport.New(s.Client().Transport), s.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	client, err := dynamic.Reflect(context.Background(), channel)
	if err != nil {
		log.Fatal(err)
	}
	text, err := client.Describe("helloworld.HelloRequest")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
	response, err := client.Unary(context.Background(), "helloworld.Greeter/SayHello", []byte(`{"name": "Ada"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(response.Message) > 0, len(response.Attempts))

	// Output:
	// message HelloRequest {
	//   string name = 1;
	// }
	// true 1
}
