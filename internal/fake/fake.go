// Package fake is a network for tests: a transport.RoundTripper whose exchanges follow
// a script, and which records what it was sent. It waits for nothing but the clock and
// the contexts, so that in a synctest bubble all instants are exact.
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

// Attempt is the script of one exchange: the network takes pieces of the request, then
// it waits, then it answers with a head and a body, or with an error.
type Attempt struct {
	Take   int           // how many pieces of the request to take; 0 takes all, to its end; Nothing takes none
	Wait   time.Duration // how long to wait before the head or the error
	Err    error         // if not nil, comes instead of a head
	Status int           // the HTTP status; 0 stands for 200
	Header metadata.MD   // as it stands on the wire
	Body   []Piece
}

// Nothing is an Attempt's Take of no pieces.
const Nothing = -1

// After returns the attempt with another Wait.
func (a Attempt) After(d time.Duration) Attempt {
	a.Wait = d
	return a
}

// Taking returns the attempt with another Take: that of a server which reads only so
// many pieces of the request before it answers.
func (a Attempt) Taking(pieces int) Attempt {
	a.Take = pieces
	return a
}

// Piece is a part of a response body, which one Next reads. With Err, it is where the
// body breaks.
type Piece struct {
	Take int // how many pieces of the request to take first; 0 takes none; Rest takes all, to its end
	Wait time.Duration
	Data []byte
	Err  error
}

// Rest is a Piece's Take of all that is left of the request.
const Rest = -1

// Answering returns a network that takes the whole request of each exchange and then
// asks a function for the script; n counts the exchanges from 1.
func Answering(f func(n int, request []byte) Attempt) *Network { return &Network{answers: f} }

// Network plays scripts. It is safe for concurrent use.
type Network struct {
	script  func(n int, r *transport.Request) Attempt
	answers func(n int, request []byte) Attempt // is asked where script is nil
	streams bool

	mu      sync.Mutex
	seen    []*Exchange
	offline bool
	watches map[*func()]struct{}
}

// Exchange is what the network saw of one exchange.
type Exchange struct {
	Request transport.Request
	Body    []byte // what was taken of the request's body
	Taken   int    // how many pieces of the request's body were taken
	Whole   bool   // the request's body was taken to its end
	Begun   time.Time
	Aborted bool // the exchange's context had ended when it was over
	Read    int  // how many pieces of the response's body were read
	Over    bool // the exchange failed, or the response's body was read to its end or closed
}

// New returns a network on which the n-th exchange follows the n-th script, and all
// further ones follow the last.
func New(attempts ...Attempt) *Network {
	return Scripted(func(n int, _ *transport.Request) Attempt { return attempts[min(n, len(attempts))-1] })
}

// Scripted returns a network that asks a function for the script of each exchange
// before anything of the request is taken; n counts the exchanges from 1.
func Scripted(f func(n int, r *transport.Request) Attempt) *Network { return &Network{script: f} }

// Seen returns what the network has seen of the exchanges so far, in their order.
func (n *Network) Seen() []Exchange {
	n.mu.Lock()
	defer n.mu.Unlock()
	seen := make([]Exchange, len(n.seen))
	for i, x := range n.seen {
		seen[i] = *x
	}
	return seen
}

// Open returns how many exchanges are not over.
func (n *Network) Open() int {
	open := 0
	for _, x := range n.Seen() {
		if !x.Over {
			open++
		}
	}
	return open
}

// RoundTrip plays a script up to the response head.
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

// over notes that an exchange is over, and whether its context had ended.
func (n *Network) over(ctx context.Context, x *Exchange) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !x.Over {
		x.Over, x.Aborted = true, ctx.Err() != nil
	}
}

// take takes one piece of the request and so many more. With more = -1 it takes all, to
// the end; with less, none.
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

// Next plays the next piece. It overwrites the piece before it, as a transport does that
// reuses its buffer.
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
