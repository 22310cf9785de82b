// Package fake is a network for tests: a transport.RoundTripper whose every
// exchange follows a script, and which remembers what it was asked. It waits on
// the clock alone, so that in a synctest bubble its instants are exact.
package fake

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// Forever is a wait that only the context ends.
const Forever time.Duration = 1<<63 - 1

// Attempt is what one exchange meets.
type Attempt struct {
	Wait   time.Duration // before the head, or the failure
	Err    error         // in place of a head
	Status int           // HTTP status; 0: 200
	Header metadata.MD   // as it stands on the wire
	Body   []Piece
}

// After is the attempt, so much later.
func (a Attempt) After(d time.Duration) Attempt {
	a.Wait = d
	return a
}

// Piece is a part of a body, read by one Next; or, with Err, how it breaks.
type Piece struct {
	Wait time.Duration
	Data []byte
	Err  error
}

// Network plays attempts. It is safe for concurrent use.
type Network struct {
	script func(n int, r *transport.Request) Attempt

	mu   sync.Mutex
	seen []*Exchange
}

// Exchange is what the network saw of one exchange.
type Exchange struct {
	Request transport.Request
	Body    []byte // of the request
	Begun   time.Time
	Aborted bool // its context ended before it was over
	Read    int  // pieces of its body that were read
	Over    bool // nothing of it is left: it failed, or its body was read or closed
}

// New is a network on which the n-th exchange meets the n-th attempt, and all
// later ones the last.
func New(attempts ...Attempt) *Network {
	return Scripted(func(n int, _ *transport.Request) Attempt { return attempts[min(n, len(attempts))-1] })
}

// Scripted is a network on which a function says what an exchange meets; n
// counts them from 1.
func Scripted(f func(n int, r *transport.Request) Attempt) *Network { return &Network{script: f} }

// Seen is what the network has seen so far, in order.
func (n *Network) Seen() []Exchange {
	n.mu.Lock()
	defer n.mu.Unlock()
	seen := make([]Exchange, len(n.seen))
	for i, x := range n.seen {
		seen[i] = *x
	}
	return seen
}

// Open is how many exchanges are not over.
func (n *Network) Open() int {
	open := 0
	for _, x := range n.Seen() {
		if !x.Over {
			open++
		}
	}
	return open
}

// RoundTrip plays an attempt.
func (n *Network) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	body, err := readAll(ctx, r.Body)
	x := &Exchange{Request: *r, Body: body, Begun: time.Now()}
	n.mu.Lock()
	n.seen = append(n.seen, x)
	count := len(n.seen)
	n.mu.Unlock()
	a := n.script(count, r)
	if err == nil {
		err = wait(ctx, a.Wait)
	}
	if err == nil {
		err = a.Err
	}
	if err != nil {
		n.over(ctx, x)
		return nil, err
	}
	if a.Status == 0 {
		a.Status = 200
	}
	return &transport.Response{Status: a.Status, Header: a.Header, Body: &responseBody{network: n, exchange: x, ctx: ctx, pieces: a.Body}}, nil
}

// over notes that an exchange has ended, and whether by its context.
func (n *Network) over(ctx context.Context, x *Exchange) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !x.Over {
		x.Over, x.Aborted = true, ctx.Err() != nil
	}
}

func readAll(ctx context.Context, b transport.Body) ([]byte, error) {
	var all []byte
	for {
		piece, err := b.Next(ctx)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, piece...)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	if d == Forever {
		<-ctx.Done()
		return ctx.Err()
	}
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type responseBody struct {
	network  *Network
	exchange *Exchange
	ctx      context.Context
	pieces   []Piece
	last     []byte
}

// Next plays the next piece. The one before it is overwritten, as a transport
// that reuses its buffer does it.
func (b *responseBody) Next(ctx context.Context) ([]byte, error) {
	for i := range b.last {
		b.last[i] = 0xEE
	}
	if len(b.pieces) == 0 {
		b.network.over(ctx, b.exchange)
		return nil, io.EOF
	}
	piece := b.pieces[0]
	b.pieces = b.pieces[1:]
	err := wait(ctx, piece.Wait)
	if err == nil {
		err = piece.Err
	}
	if err != nil {
		b.network.over(ctx, b.exchange)
		return nil, err
	}
	b.network.mu.Lock()
	b.exchange.Read++
	b.network.mu.Unlock()
	b.last = append([]byte(nil), piece.Data...)
	return b.last, nil
}

// Close ends the exchange.
func (b *responseBody) Close() error {
	b.network.over(b.ctx, b.exchange)
	return nil
}
