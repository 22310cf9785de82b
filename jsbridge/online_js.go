package jsbridge

import "github.com/hack-pad/safejs"

// Online returns what the browser says of its network, and true where it says
// nothing, as Node does. A browser knows whether there is a network interface, not
// whether anything can be reached through it.
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

// Watch calls changed whenever the page or the worker goes online or offline.
func (f *fetcher) Watch(changed func()) (stop func()) { return listenFor(connectivity[:], changed) }

// WatchHide calls hidden when the page is left.
func (f *fetcher) WatchHide(hidden func()) (stop func()) {
	return listenFor([]string{"pagehide"}, hidden)
}

// listenFor calls a function, in a goroutine of its own, at every event of these types.
func listenFor(events []string, changed func()) (stop func()) {
	global := safejs.Global()
	listens, err := global.Get("addEventListener")
	if err != nil || listens.Type() != safejs.TypeFunction {
		return func() {}
	}
	listener, err := callback(func(safejs.Value) { go changed() }) // A callback must not wait, and changed may.
	if err != nil {
		return func() {}
	}
	for _, event := range events {
		_, _ = global.Call("addEventListener", event, listener)
	}
	return func() {
		for _, event := range events {
			_, _ = global.Call("removeEventListener", event, listener)
		}
		free(listener)
	}
}

var connectivity = [...]string{"online", "offline"}
