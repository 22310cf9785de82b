package jsbridge

import (
	"context"
	"errors"
	"io"
	"sync"

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
	buffer   []byte
	place    []byte // where the next piece is wanted
}

// open gets hold of a response's body: it locks the stream, if there is one. A fetch
// that knows no streams gives a response that can only be read as a whole.
func (b *body) open(response safejs.Value) error {
	stream, err := response.Get("body")
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
	property, err := object.Get(name)
	return err == nil && property.Type() == safejs.TypeFunction
}

// Next reads the next chunk and copies it out of JavaScript's memory.
func (b *body) Next(ctx context.Context) ([]byte, error) {
	for !b.empty {
		piece, done, err := b.read(ctx)
		switch {
		case err != nil:
			interrupted := isAbort(err) || b.visit.interrupted()
			b.end(true)
			if ctx.Err() == nil && interrupted {
				err = &transport.Error{Aborted: true, Err: err}
			}
			return nil, err
		case done:
			b.empty = true
		case len(piece) > 0:
			b.visit.progresses()
			return piece, nil
		}
	}
	b.end(false)
	if spare := b.buffer; cap(spare) > 0 && cap(spare) <= maxBuffer { // the caller has nothing of it any more
		b.buffer = nil
		buffers.Put(&spare)
	}
	return nil, io.EOF
}

func (b *body) read(ctx context.Context) (piece []byte, done bool, err error) {
	if b.whole {
		piece, err = b.readWhole(ctx)
		return piece, len(piece) == 0, err
	}
	promise, err := b.reader.Call("read")
	if err != nil {
		return nil, false, err
	}
	result, err := await(ctx, promise)
	if err != nil {
		return nil, false, err
	}
	chunk, done, err := parts(result)
	if err == nil && !done {
		piece, err = b.copyOut(chunk)
	}
	return piece, done, err
}

// copyOut copies a chunk to where it is wanted, if it fits there, or else into the buffer.
func (b *body) copyOut(chunk safejs.Value) ([]byte, error) {
	to := &b.buffer
	if n, err := chunk.Length(); err == nil && n <= len(b.place) {
		to = &b.place
	}
	piece, err := copyOut(to, chunk)
	b.place = nil
	return piece, err
}

// Place offers memory for the next piece.
func (b *body) Place(memory []byte) { b.place = memory }

// readWhole reads the whole body at once, and nothing after that.
func (b *body) readWhole(ctx context.Context) ([]byte, error) {
	if b.response.Type() != safejs.TypeObject {
		return nil, nil
	}
	promise, err := b.response.Call("arrayBuffer")
	if err != nil {
		return nil, err
	}
	b.response = safejs.Value{}
	buffer, err := await(ctx, promise)
	if err != nil {
		return nil, err
	}
	if buffer, err = uint8Array(buffer); err != nil {
		return nil, err
	}
	return copyOut(&b.buffer, buffer)
}

// parts splits the result of a read, {done, value}, into its parts.
func parts(result safejs.Value) (chunk safejs.Value, done bool, err error) {
	flag, err := result.Get("done")
	if err != nil {
		return chunk, false, err
	}
	if done, err = flag.Truthy(); err != nil || done {
		return chunk, done, err
	}
	chunk, err = result.Get("value")
	return chunk, false, err
}

// copyOut copies a Uint8Array out of JavaScript's memory into a buffer, which grows
// where it must. The array may be of another realm, whose arrays Go does not take.
func copyOut(buffer *[]byte, chunk safejs.Value) ([]byte, error) {
	n, err := chunk.Length()
	if err != nil {
		return nil, err
	}
	if n > cap(*buffer) {
		if spare, ok := buffers.Get().(*[]byte); ok && cap(*spare) >= n {
			*buffer = *spare
		} else {
			*buffer = make([]byte, n)
		}
	}
	piece := (*buffer)[:n]
	if _, err = safejs.CopyBytesToGo(piece, chunk); err == nil {
		return piece, nil
	}
	if chunk, err = ownView(chunk); err != nil {
		return nil, err
	}
	_, err = safejs.CopyBytesToGo(piece, chunk)
	return piece, err
}

// buffers are those of bodies that have been read to their ends. None is longer than
// maxBuffer.
var buffers sync.Pool

const maxBuffer = 256 << 10

// ownView returns an array of this realm over the bytes of one of another.
func ownView(array safejs.Value) (safejs.Value, error) {
	var parts [3]any
	for i, name := range [...]string{"buffer", "byteOffset", "byteLength"} {
		part, err := array.Get(name)
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
		b.aborter.abort()
		if !b.empty && b.reader.Type() == safejs.TypeObject {
			ignore(b.reader.Call("cancel"))
		}
	})
}
