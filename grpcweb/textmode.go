package grpcweb

import (
	"context"
	"io"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// inText encodes a whole request's body in base64, and returns its length too. It is one
// text, because servers accept padding only at its end.
func inText(body transport.Body, size int64) (transport.Body, int64) {
	return &textBody{Body: body}, (size + 2) / 3 * 4
}

type textBody struct {
	transport.Body
	rest []byte // up to two bytes, which do not make a group of four digits yet
}

// Next returns the next piece of the text.
func (b *textBody) Next(ctx context.Context) ([]byte, error) {
	for {
		piece, err := b.Body.Next(ctx)
		if err != nil && (err != io.EOF || len(b.rest) == 0) { // at the end, what is left over is returned first
			return nil, err
		}
		raw := append(b.rest, piece...)
		whole := len(raw)
		if err == nil {
			whole -= whole % 3
		}
		b.rest = append([]byte(nil), raw[whole:]...)
		if whole > 0 {
			return wire.AppendText(make([]byte, 0, (whole+2)/3*4), raw[:whole]), nil
		}
	}
}
