package plan

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// PushbackHeader is the trailer in which a server says when to retry, or not to.
const PushbackHeader = "grpc-retry-pushback-ms"

// Pushback is what a server said about further attempts: how many milliseconds to
// wait, or one of the two values below.
type Pushback int64

// The values of a Pushback that are not delays.
const (
	NoPushback   = Pushback(status.NoPushback)
	PushbackStop = Pushback(status.PushbackStop)
)

// Delay returns the wait that the server asked for, if it asked for one.
func (p Pushback) Delay() (Duration, bool) {
	if p < 0 {
		return 0, false
	}
	return Duration(p) * Millisecond, true
}

// PushbackOf reads the pushback of a failed attempt from its trailers. A single value
// that is a decimal integer in 0..2³¹−1 is a delay. Any other value means stop
// (SEMANTICS 2.6b to 2.6d). Several values mean stop too. In a browser they arrive as one value,
// joined by a comma, which is not an integer, so the result is the same.
func PushbackOf(trailer metadata.MD) Pushback {
	values := trailer.Values(PushbackHeader)
	switch len(values) {
	case 0:
		return NoPushback
	case 1:
		return parsePushback(values[0])
	default:
		return PushbackStop
	}
}

const maxInt32 = 1<<31 - 1

func parsePushback(text string) Pushback {
	text = trimSpaces(text)
	if text != "" && text[0] == '+' {
		text = text[1:]
	}
	if text == "" {
		return PushbackStop
	}
	var n int64
	for i := 0; i < len(text); i++ {
		digit := text[i] - '0'
		if digit > 9 {
			return PushbackStop
		}
		if n = n*10 + int64(digit); n > maxInt32 {
			return PushbackStop
		}
	}
	return Pushback(n)
}

func trimSpaces(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
