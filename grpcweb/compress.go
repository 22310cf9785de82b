package grpcweb

import (
	"bytes"
	"compress/gzip"
	"io"
	"sync"

	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// frame copies a message into a frame. It compresses the message if the channel does so
// and the message becomes shorter by it.
func (ch *Channel) frame(message []byte) []byte {
	flags := byte(0)
	if ch.gzip {
		if packed := deflate(message); len(packed) < len(message) {
			message, flags = packed, wire.FlagCompressed
		}
	}
	return wire.AppendFrame(make([]byte, 0, wire.PrefixSize+len(message)), flags, message)
}

// deflaters are reused, because each holds most of a megabyte.
var deflaters = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func deflate(message []byte) []byte {
	var packed bytes.Buffer
	w := deflaters.Get().(*gzip.Writer)
	defer deflaters.Put(w)
	w.Reset(&packed)
	_, _ = w.Write(message) // writing to memory does not fail
	_ = w.Close()
	return packed.Bytes()
}

// inflate inflates a payload, but stops one byte after the limit. So a payload that would
// become very long is refused before it takes much memory.
func inflate(payload []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(payload))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // a call's error must not wrap io.EOF, which Recv returns at a good end
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, max(limit, limit+1))) // limit+1 overflows for the highest limit
}
