package jsbridge

import (
	"context"
	"io"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// body is a response's body. It is read from JavaScript's stream one chunk at a time.
type body struct {
	controller safejs.Value
	reader     safejs.Value
	empty      bool        // the response has no stream, or all of it has been read
	stop       func() bool // stops waiting for the end of the exchange's context
	once       sync.Once
	buffer     []byte
}

// reader locks a response's stream and returns its reader; empty means that the
// response has no stream.
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

// parts splits the result of a read, {done, value}, into its parts.
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

// copyOut copies a Uint8Array out of JavaScript's memory into a buffer, which grows
// where it must.
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
