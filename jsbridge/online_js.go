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
func (f *fetcher) Watch(changed func()) (stop func()) {
	return listenTo(func(string) { go changed() }, "online", "offline") // The handler must not wait, and changed may.
}

// WatchHide calls hidden when the page is left.
func (f *fetcher) WatchHide(hidden func()) (stop func()) {
	return listenTo(func(string) { go hidden() }, "pagehide")
}
