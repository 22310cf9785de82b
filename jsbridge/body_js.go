package jsbridge

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// body is a response's body. It is read from JavaScript's stream one chunk at a time.
type body struct {
	fetcher  *fetcher
	aborter  *aborter
	reader   safejs.Value
	response safejs.Value // with whole: the response
	whole    bool         // the response has no stream, but can be read as a whole
	empty    bool         // the response has no body, or all of it has been read
	visit    *visit
	stop     func() bool // stops waiting for the end of the exchange's context
	once     sync.Once
	closed   atomic.Bool  // the rest is not wanted
	chunk    safejs.Value // the chunk that was read last, a Uint8Array
	at, size int          // how much of it was taken, and its length
	buffer   []byte
	place    []byte // where the next piece is wanted
}

// open gets hold of a response's body: it locks the stream, if there is one. A fetch
// that knows no streams gives a response that can only be read as a whole.
func (b *body) open(response safejs.Value) error {
	stream, err := property(response, "body")
	if err != nil {
		return err
	}
	if stream.Type() == safejs.TypeNull {
		b.empty = true
		return nil
	}
	if b.reader, err = stream.Call("getReader"); err == nil || isFunction(stream, "getReader") {
		return err
	}
	if !isFunction(response, "arrayBuffer") {
		return errors.New("it has neither a body's stream nor arrayBuffer")
	}
	b.response, b.whole = response, true
	return nil
}

// isFunction reports whether an object has a function of this name.
func isFunction(object safejs.Value, name string) bool {
	if object.Type() != safejs.TypeObject {
		return false
	}
	is, err := property(object, name)
	return err == nil && is.Type() == safejs.TypeFunction
}

// Next returns the next piece of the body, copied out of JavaScript's memory. Chromium's
// chunks may have megabytes; it takes them in pieces.
func (b *body) Next(ctx context.Context) ([]byte, error) {
	for !b.empty {
		piece, err := b.piece()
		if err == nil && len(piece) > 0 {
			return piece, nil
		}
		if err == nil {
			err = b.read(ctx)
		}
		if err != nil {
			interrupted := isAbort(err) || b.visit.interrupted()
			b.end(true)
			err = caught(err)
			if ctx.Err() == nil && interrupted {
				err = &transport.Error{Aborted: true, Err: err}
			}
			return nil, err
		}
	}
	b.end(false)
	if spare := b.buffer; cap(spare) > 0 && cap(spare) <= maxBuffer { // the caller has nothing of it any more
		b.buffer = nil
		buffers.Put(&spare)
	}
	return nil, io.EOF
}

// Place offers memory for the next piece.
func (b *body) Place(memory []byte) { b.place = memory }

const (
	// maxPiece is how much of a chunk is copied at once where no more is wanted.
	maxPiece = 64 << 10
	// minPart is the least room for which a chunk is cut: a cut costs as much as the copying
	// of this much.
	minPart = 16 << 10
)

// piece copies what is left of the chunk, or a part of it, to where it is wanted, or else
// into the buffer. It returns nothing if nothing is left.
func (b *body) piece() (piece []byte, err error) {
	left := b.size - b.at
	if left == 0 || b.closed.Load() {
		return nil, nil
	}
	if room := len(b.place); room >= min(left, minPart) {
		piece = b.place[:min(left, room)]
	} else {
		piece = grow(&b.buffer, min(left, maxPiece))
	}
	b.place = nil
	from := b.chunk
	if b.at > 0 {
		if from, err = from.Call("subarray", b.at); err != nil {
			return nil, err
		}
	}
	if _, err = safejs.CopyBytesToGo(piece, from); err != nil {
		err = b.copyForeign(piece)
	}
	if b.at += len(piece); b.at == b.size {
		b.chunk = safejs.Value{}
	}
	return piece, err
}

// errNotBytes is the failure of a body whose stream, which is not the browser's, gives
// something else.
var errNotBytes = errors.New("the response body's stream gave something that is not a Uint8Array: look at what stands in for fetch")

// copyForeign copies from a chunk that Go does not take: one of another realm, another view
// of bytes, or a whole buffer. From then on an array of this realm stands for it.
func (b *body) copyForeign(piece []byte) error {
	own, err := ownView(b.chunk)
	if err != nil {
		return errNotBytes
	}
	if n, err := own.Length(); err != nil || n != b.size {
		return errNotBytes
	}
	b.chunk = own
	_, err = safejs.CopyBytesToGo(piece, own)
	return err
}

// read reads the next chunk, or notes that there is none.
func (b *body) read(ctx context.Context) error {
	if b.whole {
		return b.readWhole(ctx)
	}
	promise, err := b.reader.Call("read")
	if err != nil {
		return err
	}
	result, err := await(ctx, promise)
	if err != nil {
		return err
	}
	chunk, done, err := b.parts(result)
	if b.empty = done; err != nil || done {
		return err
	}
	if err = b.take(chunk); err == nil && b.size == 0 { // a stream of nothing else must not keep the page from its turns
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
	}
	return err
}

// take notes the next chunk.
func (b *body) take(chunk safejs.Value) error {
	b.visit.progresses()
	b.chunk, b.at, b.size = chunk, 0, 0
	if chunk.Type() != safejs.TypeObject {
		return errNotBytes
	}
	length, err := property(chunk, "byteLength")
	if err != nil {
		return err
	}
	n, err := length.Int()
	if err != nil || n < 0 {
		return errNotBytes
	}
	b.size = n
	return nil
}

// readWhole reads the whole body at once, and nothing after that.
func (b *body) readWhole(ctx context.Context) error {
	if b.response.Type() != safejs.TypeObject {
		b.empty = true
		return nil
	}
	promise, err := b.response.Call("arrayBuffer")
	if err != nil {
		return err
	}
	b.response = safejs.Value{}
	buffer, err := await(ctx, promise)
	if err != nil {
		return err
	}
	return b.take(buffer)
}

// parts splits the result of a read, {done, value}, into its parts.
func (b *body) parts(result safejs.Value) (chunk safejs.Value, done bool, err error) {
	if result.Type() != safejs.TypeObject {
		return chunk, false, errNotBytes
	}
	flag, err := property(result, "done")
	if err != nil {
		return chunk, false, err
	}
	if done, err = flag.Truthy(); err != nil || done {
		return chunk, done, err
	}
	chunk, err = property(result, "value")
	return chunk, false, err
}

// copyOut copies a Uint8Array out of JavaScript's memory into a buffer, which grows
// where it must.
func copyOut(buffer *[]byte, array safejs.Value) ([]byte, error) {
	n, err := array.Length()
	if err != nil {
		return nil, err
	}
	piece := grow(buffer, n)
	_, err = safejs.CopyBytesToGo(piece, array)
	return piece, err
}

// grow returns n bytes of a buffer, which grows where it must.
func grow(buffer *[]byte, n int) []byte {
	if n > cap(*buffer) {
		if spare, ok := buffers.Get().(*[]byte); ok && cap(*spare) >= n {
			*buffer = *spare
		} else {
			*buffer = make([]byte, n)
		}
	}
	return (*buffer)[:n]
}

// buffers are those of bodies that have been read to their ends. None is longer than
// maxBuffer.
var buffers sync.Pool

const maxBuffer = maxPiece

// ownView returns an array of this realm over the bytes of a view, or of a whole buffer.
func ownView(array safejs.Value) (safejs.Value, error) {
	if buffer, err := property(array, "buffer"); err != nil || buffer.Type() != safejs.TypeObject {
		return uint8Array(array)
	}
	var parts [3]any
	for i, name := range [...]string{"buffer", "byteOffset", "byteLength"} {
		part, err := property(array, name)
		if err != nil {
			return part, err
		}
		parts[i] = part
	}
	return uint8Array(parts[:]...)
}

// uint8Array makes an array of bytes.
func uint8Array(args ...any) (safejs.Value, error) {
	class, err := uint8ArrayClass()
	if err != nil {
		return class, err
	}
	return class.New(args...)
}

// Close aborts the exchange unless its body was read to the end.
func (b *body) Close() error {
	b.end(true)
	return nil
}

// end releases what the exchange holds, once. If it ends early, the reader is
// canceled too, since a fetch that has replaced the browser's own may ignore the
// signal.
func (b *body) end(early bool) {
	b.once.Do(func() {
		alive := b.stop()
		b.visit.end()
		if !early {
			if alive {
				b.fetcher.reuse(b.aborter)
			}
			return
		}
		b.closed.Store(true)
		b.aborter.abort()
		if !b.empty && b.reader.Type() == safejs.TypeObject {
			ignore(b.reader.Call("cancel"))
		}
	})
}
