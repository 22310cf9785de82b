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

// Attempt is what one exchange meets: so much of the request is taken, then
// comes the wait, then the head, or the error in its place.
type Attempt struct {
	Take   int           // pieces of the request; 0: all, to its end; Nothing: none
	Wait   time.Duration // before the head, or the failure
	Err    error         // in place of a head
	Status int           // HTTP status; 0: 200
	Header metadata.MD   // as it stands on the wire
	Body   []Piece
}

// Nothing is a Take of no pieces.
const Nothing = -1

// After is the attempt, so much later.
func (a Attempt) After(d time.Duration) Attempt {
	a.Wait = d
	return a
}

// Taking is the attempt, of a server that reads only so much of the request
// before it answers.
func (a Attempt) Taking(pieces int) Attempt {
	a.Take = pieces
	return a
}

// Piece is a part of a body, read by one Next; or, with Err, how it breaks.
type Piece struct {
	Take int // pieces of the request that are taken before; 0: none; Rest: all, to its end
	Wait time.Duration
	Data []byte
	Err  error
}

// Rest is a Piece's Take of all that is left.
const Rest = -1

// Answering is a network on which a function says what an exchange meets that
// has sent this request; n counts them from 1.
func Answering(f func(n int, request []byte) Attempt) *Network { return &Network{answers: f} }

// Network plays attempts. It is safe for concurrent use.
type Network struct {
	script  func(n int, r *transport.Request) Attempt
	answers func(n int, request []byte) Attempt // in place of script
	streams bool

	mu      sync.Mutex
	seen    []*Exchange
	offline bool
	watches map[*func()]struct{}
}

// Exchange is what the network saw of one exchange.
type Exchange struct {
	Request transport.Request
	Body    []byte // of the request, as much as was taken
	Taken   int    // pieces of it
	Whole   bool   // to its end
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
	x := &Exchange{Request: *r, Begun: time.Now()}
	n.mu.Lock()
	n.seen = append(n.seen, x)
	count, script := len(n.seen), n.script
	n.mu.Unlock()
	var a Attempt
	if script != nil {
		a = script(count, r)
	}
	err := n.take(ctx, x, a.Take-1)
	if err == nil && script == nil {
		a = n.answers(count, x.Body)
	}
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

// take takes pieces of the request, one and so many more: -1 takes all to its
// end, less takes none.
func (n *Network) take(ctx context.Context, x *Exchange, more int) error {
	for i := 0; more == -1 || i <= more; i++ {
		piece, err := x.Request.Body.Next(ctx)
		if errors.Is(err, io.EOF) {
			n.mu.Lock()
			x.Whole = true
			n.mu.Unlock()
			return nil
		}
		if err != nil {
			return err
		}
		n.mu.Lock()
		x.Body = append(x.Body, piece...)
		x.Taken++
		n.mu.Unlock()
	}
	return nil
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
	var err error
	if piece.Take != 0 {
		err = b.network.take(ctx, b.exchange, max(piece.Take-1, -1))
	}
	if err == nil {
		err = wait(ctx, piece.Wait)
	}
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
