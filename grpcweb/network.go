package grpcweb

import "github.com/hedgerow-web/hedgerow/grpcweb/transport"

// streams reports whether the transport can send messages as they come.
func (ch *Channel) streams() bool {
	of, ok := ch.transport.(transport.Streamer)
	return ok && of.StreamsRequests()
}

// opensSockets reports whether requests that stream are sent over WebSockets.
func (ch *Channel) opensSockets() bool {
	of, ok := ch.transport.(transport.Socket)
	return ok && of.OpensSockets()
}

// online reports whether there is a network, as far as the transport knows.
func (ch *Channel) online() bool {
	of, ok := ch.transport.(transport.Network)
	return !ok || of.Online()
}

// add registers a call that is under way. The network is watched while there are calls
// that would wait for it.
func (ch *Channel) add(d *driver) {
	ch.calls[d] = struct{}{}
	if !d.machine.WaitsForReady() {
		return
	}
	if of, ok := ch.transport.(transport.Network); ok && ch.waiting == 0 {
		ch.unwatch = of.Watch(ch.networkChanged)
	}
	ch.waiting++
}

// remove forgets a call that has ended. A call that never ran was not registered.
func (ch *Channel) remove(d *driver) {
	if _, ok := ch.calls[d]; !ok {
		return
	}
	delete(ch.calls, d)
	if !d.machine.WaitsForReady() {
		return
	}
	if ch.waiting--; ch.waiting == 0 && ch.unwatch != nil {
		ch.unwatch()
		ch.unwatch = nil
	}
}

// networkChanged tells all calls whether there is a network now.
func (ch *Channel) networkChanged() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	now, up := ch.now(), ch.online()
	running := make([]*driver, 0, len(ch.calls))
	for d := range ch.calls {
		d.machine.Network(now, up)
		running = append(running, d)
	}
	for _, d := range running {
		d.carryOut(now)
	}
	tellAll(running)
}
