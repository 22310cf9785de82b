package fake

import "github.com/hedgerow-web/hedgerow/grpcweb/transport"

// Streaming returns a network like that of New which takes a request's messages as soon
// as there are any. Other networks are given requests only when they are complete.
func Streaming(attempts ...Attempt) *Network {
	n := New(attempts...)
	n.streams = true
	return n
}

// StreamsRequests reports whether the network takes requests that are not complete.
func (n *Network) StreamsRequests() bool { return n.streams }

// Online reports whether the network is up. At first it is.
func (n *Network) Online() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.offline
}

// Watch has a function called after every Connect.
func (n *Network) Watch(changed func()) (stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watches == nil {
		n.watches = make(map[*func()]struct{})
	}
	n.watches[&changed] = struct{}{}
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.watches, &changed)
	}
}

// Watched returns how many watches there are.
func (n *Network) Watched() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.watches)
}

// Connect brings the network up or down, which changes only what Online says:
// exchanges are carried even while it is down.
func (n *Network) Connect(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offline = !up
	for changed := range n.watches {
		go (*changed)()
	}
}

// Play has a function give the scripts of the exchanges from now on, as Scripted does;
// n goes on counting all exchanges.
func (n *Network) Play(script func(n int, r *transport.Request) Attempt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.script = script
}
