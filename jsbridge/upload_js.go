package jsbridge

import (
	"context"
	"io"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// upload returns a request's body as fetch takes it: the bytes themselves where their
// number is known, because then all of them are there, and else a stream. The caller
// calls begun when the fetch has begun, or with the error if it could not.
func upload(ctx context.Context, r *transport.Request) (body safejs.Value, begun func(error), err error) {
	if r.Size >= 0 {
		body, err = whole(ctx, r)
		return body, func(error) {}, err
	}
	return stream(ctx, r.Body)
}

// whole reads the request's body into a Uint8Array.
func whole(ctx context.Context, r *transport.Request) (safejs.Value, error) {
	all := make([]byte, 0, r.Size)
	for {
		piece, err := r.Body.Next(ctx)
		if err == io.EOF {
			return bytesOf(all)
		}
		if err != nil {
			return safejs.Value{}, err
		}
		all = append(all, piece...)
	}
}

func bytesOf(b []byte) (safejs.Value, error) {
	array, err := uint8Array(len(b))
	if err == nil {
		_, err = safejs.CopyBytesToJS(array, b)
	}
	return array, err
}

// stream returns a ReadableStream of the body. It is one end of a TransformStream; a
// goroutine writes into the other end. So JavaScript calls no function of ours but
// those that wait for a promise, and the sender is held to the pace at which fetch
// reads.
func stream(ctx context.Context, body transport.Body) (readable safejs.Value, begun func(error), err error) {
	pipe, err := construct("TransformStream")
	if err != nil {
		return readable, nil, err
	}
	if readable, err = pipe.Get("readable"); err != nil {
		return readable, nil, err
	}
	writable, err := pipe.Get("writable")
	if err != nil {
		return readable, nil, err
	}
	writer, err := writable.Call("getWriter")
	if err != nil {
		return readable, nil, err
	}
	return readable, func(err error) {
		if err == nil {
			go pump(ctx, body, writer)
		}
	}, nil
}

// pump writes a body into a stream, each piece after the one before it has been
// read. It returns when all is written, when ctx ends, or when fetch stops reading.
func pump(ctx context.Context, body transport.Body, writer safejs.Value) {
	defer body.Close()
	err := copyInto(ctx, body, writer)
	if err == io.EOF {
		ignore(writer.Call("close"))
		return
	}
	ignore(writer.Call("abort")) // To close it would tell fetch that the request is complete.
}

func copyInto(ctx context.Context, body transport.Body, writer safejs.Value) error {
	for {
		piece, err := body.Next(ctx)
		if err != nil {
			return err
		}
		chunk, err := bytesOf(piece)
		if err != nil {
			return err
		}
		written, err := writer.Call("write", chunk)
		if err != nil {
			return err
		}
		if _, err := await(ctx, written); err != nil {
			return err
		}
	}
}
