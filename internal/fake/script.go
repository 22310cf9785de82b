package fake

import (
	"errors"
	"strconv"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// ErrNetwork is the error of a network that fails.
var ErrNetwork = errors.New("the network failed")

const contentType = "application/grpc-web+proto"

// Answer scripts a response with these messages and the status OK.
func Answer(messages ...[]byte) Attempt {
	a := Attempt{Header: Head()}
	for _, m := range messages {
		a.Body = append(a.Body, Piece{Data: Message(m)})
	}
	a.Body = append(a.Body, Piece{Data: Trailers(status.OK, "")})
	return a
}

// Fail scripts a Trailers-Only response: a status, and more trailers as names and
// values in turn.
func Fail(code status.Code, message string, trailers ...string) Attempt {
	header := Head()
	for name, value := range statusFields(code, message, trailers...).All() {
		header.Append(name, wire.FieldText(name, value))
	}
	return Attempt{Header: header}
}

// Break scripts an exchange without a response.
func Break(err error) Attempt { return Attempt{Err: err} }

// Silence scripts a server that never answers.
func Silence() Attempt { return Attempt{Wait: Forever} }

// Head returns the header of a response that has a body, with more fields as names
// and values in turn.
func Head(fields ...string) metadata.MD {
	return metadata.New(append([]string{"content-type", contentType}, fields...)...)
}

// Message returns the frame of a message.
func Message(payload []byte) []byte { return wire.AppendFrame(nil, 0, payload) }

// Trailers returns the frame of the trailers.
func Trailers(code status.Code, message string, trailers ...string) []byte {
	return wire.AppendFrame(nil, wire.FlagTrailers, wire.AppendTrailer(nil, statusFields(code, message, trailers...)))
}

// Cut splits a body into pieces of n bytes, the last of which may be shorter.
func Cut(body []byte, n int) []Piece {
	var pieces []Piece
	for len(body) > 0 {
		k := min(n, len(body))
		pieces = append(pieces, Piece{Data: body[:k]})
		body = body[k:]
	}
	return pieces
}

// Later returns a piece that comes after a wait.
func Later(d time.Duration, data []byte) Piece { return Piece{Wait: d, Data: data} }

func statusFields(code status.Code, message string, more ...string) metadata.MD {
	md := metadata.New(more...)
	md.Append("grpc-status", strconv.Itoa(int(code)))
	if message != "" {
		md.Append("grpc-message", wire.EncodePercent(message))
	}
	return md
}
