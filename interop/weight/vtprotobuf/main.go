// Program vtprotobuf calls with messages that vtprotobuf serializes.
package main

import (
	"context"

	"github.com/planetscale/vtprotobuf/types/known/wrapperspb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/vtcodec"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

func main() {
	ctx := context.Background()
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com")
	if err != nil {
		panic(err)
	}
	client, ada := protocall.New(ch, vtcodec.Codec{}), &wrapperspb.StringValue{Value: "Ada"}
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
