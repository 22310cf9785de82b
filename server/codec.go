package server

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// codec is grpc-go's codec for protobuf, except that it does not decode scripts which are longer than script.MaxScript, because an
// empty step takes two bytes on the wire and over a hundred in memory.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

func (c codec) Unmarshal(data mem.BufferSlice, message any) error {
	if r, ok := message.(*chaosv1.Request); ok && data.Len() > script.MaxScript {
		buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
		defer buffer.Free()
		if scriptSize(buffer.ReadOnlyData()) > script.MaxScript {
			r.Steps = unreadScript
			return nil
		}
	}
	return c.CodecV2.Unmarshal(data, message)
}

// unreadScript takes the place of a script that is longer than script.MaxScript, and so was not decoded.
var unreadScript = []*chaosv1.Step{{}}

func isUnread(r *chaosv1.Request) bool {
	return len(r.GetSteps()) == 1 && r.GetSteps()[0] == unreadScript[0]
}

// payloadField is the field number of Request.payload.
const payloadField = 3

// scriptSize returns the length of a request without its payload. Bytes that are not protobuf are all counted; if the size is small
// enough, the decoder reports what is wrong with them.
func scriptSize(b []byte) int {
	size := 0
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return size + len(b)
		}
		value := protowire.ConsumeFieldValue(number, kind, b[n:])
		if value < 0 {
			return size + len(b)
		}
		if number != payloadField {
			size += n + value
		}
		b = b[n+value:]
	}
	return size
}
