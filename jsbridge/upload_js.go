package jsbridge

import (
	"context"
	"io"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// upload is a request's body as fetch takes it: the bytes where their number is
// known, for then they are all there; else a stream of them. begun is to be
// called when the fetch has begun, or could not.
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
	array, err := construct("Uint8Array", len(b))
	if err == nil {
		_, err = safejs.CopyBytesToJS(array, b)
	}
	return array, err
}

// stream is a ReadableStream of the body. What fetch reads is written into its
// other end, by a goroutine: so no function of ours is called by JavaScript but
// those that wait for a promise, and fetch's own pace holds the sender back.
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

// pump writes a body into a stream, each piece when the one before it has been
// read. It ends with the body, with ctx, or when nobody reads any more.
func pump(ctx context.Context, body transport.Body, writer safejs.Value) {
	defer body.Close()
	err := copyInto(ctx, body, writer)
	if err == io.EOF {
		ignore(writer.Call("close"))
		return
	}
	ignore(writer.Call("abort")) // fetch must not take what has come for all there is
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
