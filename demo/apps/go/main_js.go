// Command hedgerow-app is a page in Go: it calls a gRPC-Web server with generated clients, and
// shows what was tried.
package main

import (
	"context"
	"syscall/js"
	"time"

	"example.com/hedgerow-app/calls"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

var document = js.Global().Get("document")

func main() {
	c, err := calls.New(jsbridge.Fetch(), api())
	if err != nil {
		show("This page is not set up as it should be: "+err.Error(), nil)
		return
	}
	onClick("hello", c.Hello)
	onClick("unreliable", c.Unreliable)
	onClick("slow", c.Slow)
	document.Get("body").Get("classList").Call("add", "ready")
	select {} // A program that ends can be called no more.
}

// api is where the server is: what the page names, or where the page is from.
func api() string {
	if named := document.Call("querySelector", "meta[name=api]"); named.Truthy() && named.Get("content").String() != "" {
		return named.Get("content").String()
	}
	return js.Global().Get("location").Get("origin").String()
}

// onClick makes a call whenever a button is pressed. A callback from JavaScript must not
// wait, so the call has a goroutine.
func onClick(id string, call func(context.Context, string) (calls.Result, error)) {
	element(id).Call("addEventListener", "click", js.FuncOf(func(js.Value, []js.Value) any {
		name := element("name").Get("value").String()
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			result, err := call(ctx, name)
			if err != nil {
				result.Message = err.Error()
			}
			show(result.Message, result.Attempts)
		}()
		return nil
	}))
}

// show puts a message, and the attempts below it, at the top of the list.
func show(message string, attempts []status.AttemptRecord) {
	item := document.Call("createElement", "li")
	item.Set("textContent", message)
	tried := document.Call("createElement", "ol")
	for _, a := range attempts {
		line := document.Call("createElement", "li")
		line.Set("textContent", calls.Describe(a))
		tried.Call("append", line)
	}
	item.Call("append", tried)
	element("results").Call("prepend", item)
}

func element(id string) js.Value { return document.Call("getElementById", id) }
