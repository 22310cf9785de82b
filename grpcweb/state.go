package grpcweb

import (
	"sync"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// State is a small place that outlives the program, such as an item of localStorage.
type State interface {
	// Get returns the text that was stored last; "" if there is none.
	Get() (string, error)
	// Set stores a text of at most 4 KB in place of the last one.
	Set(text string) error
}

// WithState sets where the channel stores what it learns, so that it need not begin anew
// each time. NewChannel reads it, and waits at most a second for it. It is written when a
// call has ended and something has changed, at most once a second, and when the channel is
// closed or the page is left (if the transport is a [transport.Page]). Its methods are not
// called concurrently, unless Get takes too long. If they return an error, or Get a text
// that is something else, the channel does without it, and an observer of the channel gets
// one warning ("stateUnusable"). Default: nothing is stored (SEMANTICS 8.1).
func WithState(s State) Option {
	return option(func(of *settings) { of.state = s })
}

// statePatience is how long NewChannel waits for what was stored, and how long lies
// between two writes.
const statePatience = time.Second

// keptState is what a channel has learned, and where the application stores it.
type keptState struct {
	channel *Channel
	store   State
	writing sync.Mutex  // held while the store is written
	timer   *time.Timer // guarded by the channel's mutex; nil: nothing is to be written
	failed  bool        // likewise: the store is of no use
	warned  bool
	unwatch func()
}

// readState reads what was stored into the core's options. It returns why that failed.
func (s *settings) readState() (failure string) {
	if s.state == nil {
		return ""
	}
	s.core.KeepsState = true
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := s.state.Get()
		answers <- answer{text, err}
	}()
	timeout := time.NewTimer(statePatience)
	defer timeout.Stop()
	select {
	case a := <-answers:
		if a.err != nil {
			return channel.StateNotRead + ": " + a.err.Error()
		}
		s.core.State = a.text
		return ""
	case <-timeout.C:
		return channel.StateNotRead + ": it took more than " + statePatience.String()
	}
}

// keepState begins to store what the channel learns.
func (ch *Channel) keepState(store State, failure string) {
	if store == nil {
		return
	}
	k := &keptState{channel: ch, store: store}
	if failure != "" {
		k.fail(failure)
		return
	}
	for _, w := range ch.core.Warnings() {
		k.warned = k.warned || w.Kind == channel.StateUnusable
	}
	ch.kept = k
	if of, ok := ch.transport.(transport.Page); ok {
		k.unwatch = of.WatchHide(k.save)
	}
}

// touch has what was learned written soon. The channel's mutex is held.
func (k *keptState) touch() {
	if k != nil && k.timer == nil && !k.failed && !k.channel.closed {
		k.timer = time.AfterFunc(statePatience, k.save)
	}
}

// save writes what was learned, if it has changed. The channel's mutex is not held.
func (k *keptState) save() {
	k.writing.Lock()
	defer k.writing.Unlock()
	text, changed := k.changed()
	if !changed {
		return
	}
	if err := k.store.Set(text); err != nil {
		k.channel.mu.Lock()
		k.failed = true
		k.channel.mu.Unlock()
		k.fail(channel.StateNotWritten + ": " + err.Error())
	}
}

func (k *keptState) changed() (text string, changed bool) {
	k.channel.mu.Lock()
	defer k.channel.mu.Unlock()
	if k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
	if k.failed {
		return "", false
	}
	return k.channel.core.Save()
}

// close writes what was learned for the last time.
func (k *keptState) close() {
	if k == nil {
		return
	}
	if k.unwatch != nil {
		k.unwatch()
	}
	k.save()
}

func (k *keptState) fail(text string) {
	if ch := k.channel; ch.observer != nil && !k.warned {
		k.warned = true
		ch.observer(Event{Type: EventWarning, At: time.Now(), Warning: channel.StateUnusable, Text: text})
	}
}
