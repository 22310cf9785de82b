package server

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// limits bound what callers may cost the server. They are not options: only tests change them, to make them small.
type limits struct {
	body  int64         // the most bytes that a request's body may have
	held  int64         // the most bytes that all exchanges together may hold
	piece time.Duration // the time for each piece of a message to arrive; also for the only message of a unary request to begin
	idle  time.Duration // the time for the next message of a request stream to begin

	// How long a connection stays open after a response that came before the end of its request, unless the client closes it. It is long
	// because a client may read nothing before it has written all that it has: Node's fetch does so if the source of the request's body
	// never makes it wait.
	linger time.Duration
}

var usual = limits{body: 64 << 20, held: 128 << 20, piece: 10 * time.Second, idle: 5 * time.Minute, linger: 5 * time.Second}

// pieceSize is how many bytes of a message must arrive within limits.piece, unless the message ends before. Without this, a client
// that sends a byte now and then could keep its connection for as long as it likes.
const pieceSize = 64 << 10

// memory counts the bytes that exchanges hold. They must be bounded because grpc-go reads a request as fast as it comes, whether or
// not its handler wants it.
type memory struct {
	limit int64
	used  atomic.Int64
}

// take counts n more bytes if there is room for them, and reports whether there was.
func (m *memory) take(n int64) bool {
	if m.used.Add(n) > m.limit {
		m.used.Add(-n)
		return false
	}
	return true
}

func (m *memory) give(n int64) { m.used.Add(-n) }

// errTooMuch ends a request that costs more than it may. It has this type because grpc-go turns the code into RESOURCE_EXHAUSTED,
// and any other error into UNAVAILABLE, which clients would retry.
var errTooMuch error = http2.StreamError{
	Code:  http2.ErrCodeEnhanceYourCalm,
	Cause: errors.New("the request is longer than this server accepts, or too many requests are in progress"),
}

// body is the body of a request as grpc-go reads it: plain frames, even if they came as text or over a WebSocket. It bounds how many
// bytes there may be and how long they may take to arrive.
type body struct {
	io.ReadCloser
	exchange    *exchange
	idle        time.Duration // how long the client may be silent between messages
	beforeClose func()        // is called once, when grpc-go closes the body

	ended  atomic.Bool // the body was read to its end
	closed atomic.Bool
	once   sync.Once
	total  int64

	prefix [5]byte // of the current frame
	have   int     // how many bytes of the prefix have come
	left   int64   // how many bytes of the current frame's payload are still to come
	since  int     // how many bytes have come since the read deadline was set
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.total += int64(n)
	if b.total > b.exchange.limits.body || !b.exchange.hold(int64(n)) {
		return 0, errTooMuch
	}
	if err == io.EOF {
		b.ended.Store(true)
		b.exchange.expect(0)
		return n, err
	}
	if fresh := b.advance(p[:n]); fresh || b.since >= pieceSize {
		b.wait()
	}
	return n, err
}

// wait sets the deadline by which more must arrive.
func (b *body) wait() {
	b.since = 0
	if b.have > 0 || b.left > 0 {
		b.exchange.expect(b.exchange.limits.piece)
		return
	}
	b.exchange.expect(b.idle)
}

// advance follows the frames through bytes that were read. It reports whether a frame has begun or ended.
func (b *body) advance(p []byte) (fresh bool) {
	b.since += len(p)
	for len(p) > 0 {
		if b.left > 0 {
			n := min(b.left, int64(len(p)))
			b.left -= n
			p = p[n:]
			fresh = fresh || b.left == 0
			continue
		}
		fresh = fresh || b.have == 0
		n := copy(b.prefix[b.have:], p)
		b.have += n
		p = p[n:]
		if b.have == len(b.prefix) {
			b.have = 0
			b.left = int64(b.prefix[1])<<24 | int64(b.prefix[2])<<16 | int64(b.prefix[3])<<8 | int64(b.prefix[4])
		}
	}
	return fresh
}

func (b *body) Close() error {
	b.closed.Store(true)
	b.once.Do(b.beforeClose)
	return b.ReadCloser.Close()
}

// hold counts bytes that the exchange holds until it is over, if there is room for them, and reports whether there was.
func (x *exchange) hold(n int64) bool {
	if !x.memory.take(n) {
		return false
	}
	x.held.Add(n)
	return true
}

// expect sets how long a Read of the request may wait from now on; 0 means forever.
func (x *exchange) expect(d time.Duration) {
	x.reading.Lock()
	defer x.reading.Unlock()
	if x.unread.Load() {
		return // stopReading has ended all reading.
	}
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	x.setReadDeadline(deadline)
}

func (x *exchange) setReadDeadline(t time.Time) {
	if x.conn != nil {
		_ = x.conn.SetReadDeadline(t)
		return
	}
	_ = http.NewResponseController(x.w).SetReadDeadline(t) // It fails only for a recorder in tests, where no Read waits.
}
