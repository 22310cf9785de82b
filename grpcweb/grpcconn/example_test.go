package grpcconn_test

import (
	"context"
	"fmt"
	"log"

	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// A generated stub, unchanged, whose calls are tried again. In a browser the
// transport is jsbridge.Fetch(); here it is a network that is busy at first.
func Example() {
	network := fake.New(
		fake.Fail(status.Unavailable, "busy", "grpc-retry-pushback-ms", "0"),
		fake.Answer(hello("Hello Go")),
		fake.Fail(status.NotFound, "nobody of that name"),
	)
	channel, err := grpcweb.NewChannel(network, "https://localhost:5001", grpcweb.WithServiceConfigJSON(`{"methodConfig": [{
		"name": [{"service": "helloworld.Greeter"}],
		"retryPolicy": {"maxAttempts": 5, "initialBackoff": "1s", "maxBackoff": "5s", "backoffMultiplier": 1.5,
			"retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	client := helloworld.NewGreeterClient(grpcconn.New(channel))

	reply, err := client.SayHello(context.Background(), &helloworld.HelloRequest{Name: "Go"})
	fmt.Println(reply.GetMessage(), err)

	_, err = client.SayHello(context.Background(), &helloworld.HelloRequest{Name: "Nobody"})
	fmt.Println(err, grpcstatus.Code(err) == codes.NotFound)
	if st, ok := status.FromError(err); ok { // the channel's own view of it
		fmt.Println(len(st.Attempts), st.CommitReason)
	}

	// Output:
	// Hello Go <nil>
	// rpc error: code = NotFound desc = nobody of that name true
	// 1 fatalStatus
}
