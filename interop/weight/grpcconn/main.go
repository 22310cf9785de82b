// Program grpcconn calls with stubs made by protoc-gen-go-grpc.
package main

import (
	"context"
	"io"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/jsbridge"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

func main() {
	ctx := context.Background()
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
	if err != nil {
		panic(err)
	}
	client, ada := helloworld.NewGreeterClient(grpcconn.New(ch)), &helloworld.HelloRequest{Name: "Ada"}
	reply, err := client.SayHello(ctx, ada)
	if err != nil {
		panic(err)
	}
	println(reply.GetMessage())
	stream, err := client.LotsOfReplies(ctx, ada)
	if err != nil {
		panic(err)
	}
	for {
		reply, err := stream.Recv()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		println(reply.GetMessage())
	}
}
