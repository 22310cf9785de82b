package fake

import "github.com/hedgerow-web/hedgerow/grpcweb/transport"

// Streaming is a network like New's that takes a request's messages as they
// come. Others get requests that are complete.
func Streaming(attempts ...Attempt) *Network {
	n := New(attempts...)
	n.streams = true
	return n
}

// StreamsRequests reports whether it takes messages as they come.
func (n *Network) StreamsRequests() bool { return n.streams }

// Online reports whether there is a network: at first there is.
func (n *Network) Online() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.offline
}

// Watch has a function called whenever Connect is.
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

// Watched is how many watch.
func (n *Network) Watched() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.watches)
}

// Connect takes the network away, or gives it back. What runs goes on: who asks
// for more must look.
func (n *Network) Connect(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offline = !up
	for changed := range n.watches {
		go (*changed)()
	}
}

// Play has a function say what the exchanges meet from now on; n counts them from 1.
func (n *Network) Play(script func(n int, r *transport.Request) Attempt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.script = script
}
