package jsbridge

import (
	"context"
	"io"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// body is a response's body, pulled out of its stream.
type body struct {
	controller safejs.Value
	reader     safejs.Value
	empty      bool        // no stream, or nothing left in it
	stop       func() bool // ends the watch over the exchange's context
	once       sync.Once
	buffer     []byte
}

// reader takes hold of a response's stream; empty: it has none.
func reader(response safejs.Value) (r safejs.Value, empty bool, err error) {
	stream, err := response.Get("body")
	if err != nil || stream.Type() != safejs.TypeObject {
		return safejs.Value{}, true, err
	}
	r, err = stream.Call("getReader")
	return r, false, err
}

// Next reads the next chunk and copies it out of JavaScript's memory.
func (b *body) Next(ctx context.Context) ([]byte, error) {
	for !b.empty {
		piece, done, err := b.read(ctx)
		switch {
		case err != nil:
			b.end(true)
			if ctx.Err() == nil && isAbort(err) {
				err = &transport.Error{Aborted: true, Err: err}
			}
			return nil, err
		case done:
			b.empty = true
		case len(piece) > 0:
			return piece, nil
		}
	}
	b.end(false)
	return nil, io.EOF
}

func (b *body) read(ctx context.Context) (piece []byte, done bool, err error) {
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
		piece, err = copyOut(&b.buffer, chunk)
	}
	return piece, done, err
}

// parts takes the result of a read apart.
func parts(result safejs.Value) (chunk safejs.Value, done bool, err error) {
	flag, err := result.Get("done")
	if err != nil {
		return chunk, false, err
	}
	if done, err = flag.Bool(); err != nil || done {
		return chunk, done, err
	}
	chunk, err = result.Get("value")
	return chunk, false, err
}

// copyOut copies a Uint8Array out of JavaScript's memory, into a buffer that is made
// longer where it must be.
func copyOut(buffer *[]byte, chunk safejs.Value) ([]byte, error) {
	n, err := chunk.Length()
	if err != nil {
		return nil, err
	}
	if n > cap(*buffer) {
		*buffer = make([]byte, n)
	}
	piece := (*buffer)[:n]
	_, err = safejs.CopyBytesToGo(piece, chunk)
	return piece, err
}

// Close aborts the exchange, if its body was not read to the end.
func (b *body) Close() error {
	b.end(true)
	return nil
}

// end lets go of the exchange, once. The reader is canceled as well: a fetch
// that is not the browser's own may not heed the signal.
func (b *body) end(early bool) {
	b.once.Do(func() {
		b.stop()
		if !early {
			return
		}
		abort(b.controller)
		if !b.empty && b.reader.Type() == safejs.TypeObject {
			ignore(b.reader.Call("cancel"))
		}
	})
}
