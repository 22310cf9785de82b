package grpcwebtest

import (
	"context"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// responseBody is a response's body. A goroutine makes its pieces, each when the one before it has been taken.
type responseBody struct {
	request *Request
	cancel  context.CancelFunc
	pieces  chan []byte
	err     error // how the body ended; it may be read when pieces is closed
	once    sync.Once
}

// respond begins the body of the response that a step describes.
func (r *Request) respond(ctx context.Context, s Step) *responseBody {
	ctx, cancel := context.WithCancel(ctx)
	b := &responseBody{request: r, cancel: cancel, pieces: make(chan []byte)}
	go func() {
		defer close(b.pieces)
		b.err = b.play(ctx, r, s)
	}()
	return b
}

// play sends the pieces of a body. Its error is how the body ends.
func (b *responseBody) play(ctx context.Context, r *Request, s Step) error {
	switch s.kind {
	case failure, cut:
		return io.EOF
	case httpError:
		return b.send(ctx, []byte(s.text), io.EOF)
	}
	for part := range r.parts(ctx, s) {
		if problem := part.check(); problem != "" || !part.mayBePart() {
			text := "grpcwebtest: a part of the response is " + part.String() + ", which cannot be one"
			return b.send(ctx, trailers(Fail(status.Internal).WithMessage(text)), io.EOF)
		}
		if err := wait(ctx, part.wait); err != nil {
			return err
		}
		switch part.kind {
		case failure:
			return b.send(ctx, trailers(part), io.EOF)
		case cut:
			return io.EOF
		case networkError:
			return part.err
		case hang:
			<-ctx.Done()
			return ctx.Err()
		}
		for _, message := range part.messages {
			if err := b.send(ctx, wire.AppendFrame(nil, 0, message), nil); err != nil {
				return err
			}
		}
	}
	return b.send(ctx, trailers(s), io.EOF)
}

// parts returns the steps of which a response is made.
func (r *Request) parts(ctx context.Context, s Step) iter.Seq[Step] {
	switch s.kind {
	case sequence:
		return slices.Values(s.steps)
	case conversation:
		return s.converse(ctx, r)
	default:
		return slices.Values([]Step{s})
	}
}

func trailers(s Step) []byte {
	return wire.AppendFrame(nil, wire.FlagTrailers, wire.AppendTrailer(nil, s.statusFields()))
}

// send sends a piece, and returns then if it was taken, or the context's error.
func (b *responseBody) send(ctx context.Context, piece []byte, then error) error {
	select {
	case b.pieces <- piece:
		return then
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Next returns the next piece.
func (b *responseBody) Next(ctx context.Context) ([]byte, error) {
	select {
	case piece, ok := <-b.pieces:
		if ok {
			return piece, nil
		}
		b.end(b.err == context.Canceled || b.err == context.DeadlineExceeded)
		return nil, b.err
	case <-ctx.Done():
		b.end(true)
		return nil, ctx.Err()
	}
}

// Close drops the rest.
func (b *responseBody) Close() error {
	b.end(true)
	return nil
}

func (b *responseBody) end(aborted bool) {
	b.once.Do(func() {
		b.cancel()
		b.request.end(aborted)
	})
}
