// Program protocall calls with the messages of protobuf-go. On the wire a StringValue is
// what the Greeter takes and gives; it spares the program grpc-go, which the generated
// package of its own messages links.
package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

func main() {
	ctx := context.Background()
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
	if err != nil {
		panic(err)
	}
	client, ada := protocall.New(ch, protocodec.Codec{}), &wrapperspb.StringValue{Value: "Ada"}
	res, err := protocall.Unary[wrapperspb.StringValue](ctx, client, "/helloworld.Greeter/SayHello", ada)
	if err != nil {
		panic(err)
	}
	println(res.Message.Value)
	stream, err := protocall.ServerStreaming[wrapperspb.StringValue](ctx, client, "/helloworld.Greeter/LotsOfReplies", ada)
	if err != nil {
		panic(err)
	}
	for message, err := range stream.All() {
		if err != nil {
			panic(err)
		}
		println(message.Value)
	}
}
