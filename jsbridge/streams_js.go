package jsbridge

import "github.com/hack-pad/safejs"

// canStream reports whether fetch can send a request as a stream. One that cannot does
// not read the request's duplex, and would send the text "[object ReadableStream]".
func canStream() bool {
	asked := false
	getter, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		asked = true
		return "half"
	})
	if err != nil {
		return false
	}
	defer getter.Release()
	body, err := construct("ReadableStream")
	if err != nil {
		return false
	}
	object, err := safejs.Global().Get("Object")
	if err != nil {
		return false
	}
	init, err := object.Call("assign", map[string]any{"method": "POST", "body": body})
	if err != nil {
		return false
	}
	if _, err = object.Call("defineProperty", init, "duplex", map[string]any{"get": getter}); err != nil {
		return false
	}
	request, err := construct("Request", "https://localhost", init)
	if err != nil {
		return false // a Request without support for streams, or one that the page has replaced
	}
	headers, err := request.Get("headers")
	if err != nil {
		return false
	}
	typed, err := headers.Call("has", "content-type")
	if err != nil {
		return false
	}
	converted, err := typed.Bool()
	return err == nil && !converted && asked
}
