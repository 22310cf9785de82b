// Program connect calls with connect-go over net/http, to compare with.
package main

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func main() {
	ctx := context.Background()
	method := func(name string) *connect.Client[wrapperspb.StringValue, wrapperspb.StringValue] {
		return connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](
			http.DefaultClient, "https://api.example.com/helloworld.Greeter/"+name, connect.WithGRPCWeb())
	}
	res, err := method("SayHello").CallUnary(ctx, connect.NewRequest(wrapperspb.String("Ada")))
	if err != nil {
		panic(err)
	}
	println(res.Msg.GetValue())
	stream, err := method("LotsOfReplies").CallServerStream(ctx, connect.NewRequest(wrapperspb.String("Ada")))
	if err != nil {
		panic(err)
	}
	for stream.Receive() {
		println(stream.Msg().GetValue())
	}
	if err := stream.Err(); err != nil {
		panic(err)
	}
}
