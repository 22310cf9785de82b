// Command protocall-wasm is Hedgerow's Go API in a browser, as the benchmarks measure it
// beside connect-wasm: the same calls, with the same messages, and a retry policy.
package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
	"github.com/hedgerow-web/hedgerow/interop/page"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

const policy = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "5s",
	"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

func main() {
	page.Export("protocallGo", unary)
	page.Export("protocallGoStream", stream)
	select {}
}

func client(baseURL string) (*protocall.Client, error) {
	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), baseURL, grpcweb.WithServiceConfigJSON(policy))
	if err != nil {
		return nil, err
	}
	return protocall.New(ch, protocodec.Codec{}), nil
}

func unary(baseURL, name string, calls int) (int, error) {
	c, err := client(baseURL)
	if err != nil {
		return 0, err
	}
	for range calls {
		if _, err := protocall.Unary[wrapperspb.StringValue](context.Background(), c, "/helloworld.Greeter/SayHello", wrapperspb.String(name)); err != nil {
			return 0, err
		}
	}
	return calls, nil
}

// stream returns how many bytes of text came.
func stream(baseURL, name string, streams int) (int, error) {
	c, err := client(baseURL)
	if err != nil {
		return 0, err
	}
	bytes := 0
	for range streams {
		s, err := protocall.ServerStreaming[wrapperspb.StringValue](context.Background(), c, "/helloworld.Greeter/LotsOfReplies", wrapperspb.String(name))
		if err != nil {
			return 0, err
		}
		for message, err := range s.All() {
			if err != nil {
				return 0, err
			}
			bytes += len(message.GetValue())
		}
	}
	return bytes, nil
}
