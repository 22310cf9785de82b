// Command connect-wasm is connect-go in a browser, as the benchmarks of the npm package
// measure it: a global function connectGo makes unary calls, one after the other, over
// the page's fetch, and connectGoStream reads streams to their ends.
//
// On the wire a StringValue is what HelloRequest and HelloReply are; it spares the program
// grpc-go, which their generated package links.
package main

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/hedgerow-web/hedgerow/interop/page"
)

func main() {
	page.Export("connectGo", unary)
	page.Export("connectGoStream", stream)
	select {}
}

func client(url string) *connect.Client[wrapperspb.StringValue, wrapperspb.StringValue] {
	return connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](http.DefaultClient, url, connect.WithGRPCWeb())
}

func unary(baseURL, name string, calls int) (int, error) {
	c := client(baseURL + "/helloworld.Greeter/SayHello")
	for range calls {
		if _, err := c.CallUnary(context.Background(), connect.NewRequest(wrapperspb.String(name))); err != nil {
			return 0, err
		}
	}
	return calls, nil
}

// stream returns how many bytes of text came.
func stream(baseURL, name string, streams int) (int, error) {
	c := client(baseURL + "/helloworld.Greeter/LotsOfReplies")
	bytes := 0
	for range streams {
		s, err := c.CallServerStream(context.Background(), connect.NewRequest(wrapperspb.String(name)))
		if err != nil {
			return 0, err
		}
		for s.Receive() {
			bytes += len(s.Msg().GetValue())
		}
		if err := s.Err(); err != nil {
			return 0, err
		}
		if err := s.Close(); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}
