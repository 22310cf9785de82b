// Program channel calls with bytes alone: whoever has a serializer of their own needs no
// more.
package main

import (
	"context"
	"io"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

func main() {
	ctx := context.Background()
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
	if err != nil {
		panic(err)
	}
	res, err := ch.Unary(ctx, "/helloworld.Greeter/SayHello", []byte("\n\x03Ada"))
	if err != nil {
		panic(err)
	}
	println(string(res.Message))
	stream, err := ch.NewStream(ctx, "/helloworld.Greeter/LotsOfReplies", grpcweb.WithWholeRequest())
	if err != nil {
		panic(err)
	}
	if err := stream.Send([]byte("\n\x03Ada")); err != nil {
		panic(err)
	}
	if err := stream.CloseSend(); err != nil {
		panic(err)
	}
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		println(string(message))
	}
}
