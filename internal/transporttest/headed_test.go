package transporttest

import (
	"context"
	"errors"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// headed sends every request over a WebSocket. The body that comes back begins with the
// response head; headed reads it and returns it as other transports do, so that one
// suite tests them all.
type headed struct{ transport.Socket }

func (h headed) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	over := *r
	over.Streams = true
	res, err := h.Socket.RoundTrip(ctx, &over)
	if err != nil {
		return nil, err
	}
	if res.Status != 101 || res.Header.Len() > 0 {
		return nil, errors.New("the response is not one of a WebSocket: it has another status than 101, or a header")
	}
	head, rest, err := headOf(ctx, res.Body)
	if err != nil {
		res.Body.Close()
		var of *transport.Error
		if !errors.As(err, &of) {
			err = &transport.Error{Err: err}
		}
		return nil, err
	}
	return &transport.Response{Status: 200, Header: head, Body: &behind{res.Body, rest}}, nil
}

// headOf reads the first frame, which is the response head, and returns with it the
// bytes behind it that have come.
func headOf(ctx context.Context, body transport.Body) (head metadata.MD, rest []byte, err error) {
	var frames wire.FrameReader
	var block []byte
	for {
		piece, err := body.Next(ctx)
		if err != nil {
			return head, nil, err
		}
		f, next, ok := frames.Next(piece, 0)
		if !ok {
			continue
		}
		block = append(block, piece[f.Offset:f.Offset+f.Length]...)
		if !f.Last {
			continue
		}
		fields := wire.ParseTrailer(string(block))
		for name, value := range fields.All() {
			head.Append(name, wire.FieldText(name, value))
		}
		return head, append([]byte(nil), piece[next:]...), nil
	}
}

// behind is a body without its first frame.
type behind struct {
	transport.Body
	rest []byte
}

func (b *behind) Next(ctx context.Context) ([]byte, error) {
	if rest := b.rest; len(rest) > 0 {
		b.rest = nil
		return rest, nil
	}
	return b.Body.Next(ctx)
}
