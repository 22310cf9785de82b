package jsbridge

import (
	"sync"
	"time"

	"github.com/hack-pad/safejs"
)

// page is what is known of the page's life. It is listened to while there are exchanges.
var page struct {
	mu         sync.Mutex
	exchanges  int
	stop       func() // stops listening; nil: nothing is listened to
	lingers    bool   // it will be seen whether the page is still listened to for something
	used       bool   // there was an exchange since lingers was set
	departures int    // how often the page was left
	left       bool   // it will soon be gone, or is in the back/forward cache
	unloading  bool   // it was told that it may be left, a moment ago
}

// unloadingTime is how long a page counts as being left after beforeunload. Browsers take
// some ten milliseconds of it to end the page's requests.
const unloadingTime = time.Second

// visit is what an exchange knows of the page's life. Where the page's leaving ends the
// exchange, no server has failed (SEMANTICS 5.3b).
type visit struct {
	departures int // as they were when the exchange last made progress
	once       sync.Once
}

// visitPage begins a visit, which must be ended.
func visitPage() *visit {
	page.mu.Lock()
	defer page.mu.Unlock()
	page.exchanges++
	page.used = true
	if page.stop == nil && hears() {
		page.left, page.unloading = false, false
		page.stop = listenTo(onPage, "beforeunload", "pagehide", "pageshow")
	}
	return &visit{departures: page.departures}
}

// end ends the visit. It may be called more than once.
func (v *visit) end() {
	v.once.Do(func() {
		page.mu.Lock()
		defer page.mu.Unlock()
		if page.exchanges--; page.exchanges == 0 && page.stop != nil && !page.lingers {
			linger()
		}
	})
}

// lingerTime is for how long, at least, the page is still listened to behind the last
// exchange: to begin and to end listening costs a browser ten times what a call does.
var lingerTime = 5 * time.Second

// linger stops listening once there has been no exchange for a while. The timer is
// JavaScript's, because a timer of Go's would be set and cleared whenever the program
// waits for anything.
func linger() {
	if lingerTime == 0 {
		stopListening()
		return
	}
	if page.lingers = listenOnce(func() {
		page.mu.Lock()
		defer page.mu.Unlock()
		page.lingers = false
		switch {
		case page.exchanges > 0: // the last of them lingers
		case page.used:
			linger()
		default:
			stopListening()
		}
	}); page.lingers {
		page.used = false
		return
	}
	stopListening()
}

func stopListening() {
	page.stop()
	page.stop = nil
}

// listenOnce calls a function after lingerTime. It reports whether it will.
func listenOnce(f func()) bool {
	var timer safejs.Func
	timer, err := callback(func(safejs.Value) {
		free(timer)
		f()
	})
	if err != nil {
		return false
	}
	if _, err = safejs.Global().Call("setTimeout", timer, lingerTime.Milliseconds()); err != nil {
		free(timer)
	}
	return err == nil
}

// progresses notes that the exchange has gone on: if the page was left before, it came
// back, and the exchange has outlived that.
func (v *visit) progresses() {
	page.mu.Lock()
	defer page.mu.Unlock()
	v.departures = page.departures
}

// interrupted reports whether the page's leaving is what ended the exchange. A page that
// comes back may learn only then what became of its requests.
func (v *visit) interrupted() bool {
	page.mu.Lock()
	defer page.mu.Unlock()
	return page.left || page.unloading || page.departures != v.departures
}

// onPage notes an event of the page. Firefox and WebKit end a page's requests when its
// navigation begins, long before pagehide. Nothing follows if the navigation is a
// download, or if the user stays. So beforeunload counts for a moment only, which begins
// when the page runs again: a dialog may have asked the user.
func onPage(event string) {
	page.mu.Lock()
	defer page.mu.Unlock()
	switch event {
	case "beforeunload":
		page.unloading = true
		time.AfterFunc(0, func() { time.AfterFunc(unloadingTime, stay) })
	case "pagehide":
		page.departures++
		page.left = true
	default:
		page.left, page.unloading = false, false
	}
}

func stay() {
	page.mu.Lock()
	defer page.mu.Unlock()
	page.unloading = false
}

// hears reports whether there are such events: Node has none.
func hears() bool { return isFunction(safejs.Global(), "addEventListener") }

// listenTo calls a handler with the types of the page's, or the worker's, events. It must
// not wait.
func listenTo(heard func(event string), types ...string) (stop func()) {
	global := safejs.Global()
	if !hears() {
		return func() {}
	}
	listener, err := callback(func(event safejs.Value) { heard(text(event, "type")) })
	if err != nil {
		return func() {}
	}
	for _, event := range types {
		_, _ = global.Call("addEventListener", event, listener)
	}
	return func() {
		for _, event := range types {
			_, _ = global.Call("removeEventListener", event, listener)
		}
		free(listener)
	}
}
