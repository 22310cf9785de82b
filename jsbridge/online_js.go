package jsbridge

import "github.com/hack-pad/safejs"

// Online is what the browser says. It knows whether there is an interface to a
// network, not whether anything can be reached through it. Node does not tell.
func (f *fetcher) Online() bool {
	navigator, err := safejs.Global().Get("navigator")
	if err != nil || navigator.Type() != safejs.TypeObject {
		return true
	}
	onLine, err := navigator.Get("onLine")
	if err != nil || onLine.Type() != safejs.TypeBoolean {
		return true
	}
	online, err := onLine.Bool()
	return online || err != nil
}

// Watch listens to the page's or the worker's events.
func (f *fetcher) Watch(changed func()) (stop func()) {
	global := safejs.Global()
	listens, err := global.Get("addEventListener")
	if err != nil || listens.Type() != safejs.TypeFunction {
		return func() {}
	}
	listener, err := callback(func(safejs.Value) { go changed() }) // which may wait
	if err != nil {
		return func() {}
	}
	for _, event := range connectivity {
		_, _ = global.Call("addEventListener", event, listener)
	}
	return func() {
		for _, event := range connectivity {
			_, _ = global.Call("removeEventListener", event, listener)
		}
		free(listener)
	}
}

var connectivity = [...]string{"online", "offline"}
