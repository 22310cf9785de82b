// Command connect-wasm is connect-go in a browser, as the benchmarks of the npm package
// measure it: a global function connectGo makes unary calls, one after the other, over
// the page's fetch.
package main

import (
	"context"
	"net/http"
	"syscall/js"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func main() {
	js.Global().Set("connectGo", js.FuncOf(func(_ js.Value, args []js.Value) any {
		baseURL, name, calls := args[0].String(), args[1].String(), args[2].Int()
		return promise(func() error { return call(baseURL, name, calls) })
	}))
	select {}
}

// call says hello. On the wire a StringValue is what HelloRequest and HelloReply are;
// it spares the program grpc-go, which their generated package holds.
func call(baseURL, name string, calls int) error {
	client := connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](
		http.DefaultClient, baseURL+"/helloworld.Greeter/SayHello", connect.WithGRPCWeb())
	for range calls {
		if _, err := client.CallUnary(context.Background(), connect.NewRequest(wrapperspb.String(name))); err != nil {
			return err
		}
	}
	return nil
}

// promise is JavaScript's, of what runs on a goroutine of its own.
func promise(run func() error) js.Value {
	executor := js.FuncOf(func(_ js.Value, settle []js.Value) any {
		go func() {
			if err := run(); err != nil {
				settle[1].Invoke(js.Global().Get("Error").New(err.Error()))
				return
			}
			settle[0].Invoke()
		}()
		return nil
	})
	defer executor.Release()
	return js.Global().Get("Promise").New(executor)
}
