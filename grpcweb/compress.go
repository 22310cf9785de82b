package grpcweb

import (
	"bytes"
	"compress/gzip"
	"io"
	"sync"

	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// frame copies a message into its frame, compressed where the channel does that and
// the message becomes shorter by it.
func (ch *Channel) frame(message []byte) []byte {
	flags := byte(0)
	if ch.gzip {
		if packed := deflate(message); len(packed) < len(message) {
			message, flags = packed, wire.FlagCompressed
		}
	}
	return wire.AppendFrame(make([]byte, 0, wire.PrefixSize+len(message)), flags, message)
}

// deflaters are for use again: each holds most of a megabyte.
var deflaters = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func deflate(message []byte) []byte {
	var packed bytes.Buffer
	w := deflaters.Get().(*gzip.Writer)
	defer deflaters.Put(w)
	w.Reset(&packed)
	_, _ = w.Write(message) // into memory, which does not fail
	_ = w.Close()
	return packed.Bytes()
}

// inflate inflates a payload, as far as limit bytes and one more: who has sent a
// bomb is found out before it bursts.
func inflate(payload []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(payload))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // or a call's error would wrap what Recv says of a good end
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, max(limit, limit+1))) // the highest limit has none above it
}
