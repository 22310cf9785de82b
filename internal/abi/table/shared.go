package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/explain"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Constant is a value of the core that JavaScript needs too, although it never crosses
// the border.
type Constant struct {
	Name  string // in TypeScript
	Value string // as TypeScript writes it
	Says  string
}

// Constants are the texts that both drivers show.
var Constants = []Constant{
	{"CANCELED_BY_CALLER", strconv.Quote(call.CanceledByCaller), "the message of a call that its caller canceled"},
	{"CANCELED_BEFORE", strconv.Quote(call.CanceledBefore), "the message of a call that its caller canceled before it began"},
	{"CANCELED_BY_READER", strconv.Quote(call.CanceledByReader), "the message of a stream that its reader left"},
	{"CHANNEL_IS_CLOSED", strconv.Quote(call.ChannelIsClosed), "the message of a call on a closed channel"},
	{"UNRESUMABLE", strconv.Quote(channel.Unresumable), "why a method cannot be resumed; a colon and the method follow"},
	{"REFRESH_INSIDE", strconv.Quote(channel.RefreshInside), "the message of a call that would wait for the refresh that makes it"},
	{"REQUEST_UNREADABLE", strconv.Quote(call.RequestUnreadable), "the message of a call whose request messages could not be read; a colon and the reason follow"},
}

// Socket is the WebSocket dialect. It has a file of its own, because only the few pages
// that use WebSockets load it.
var Socket = []Constant{
	{"SOCKET_DATA", strconv.Itoa(wire.SocketData), "the control byte of a message: a piece of the request follows"},
	{"SOCKET_HALF_CLOSE", strconv.Itoa(wire.SocketHalfClose), "the control byte of a message: no further piece follows"},
	{"SOCKET_PIECE", strconv.Itoa(wire.SocketPiece), "the longest piece, in bytes: the improbable wrapper reads 32 KiB at most, the control byte included, and closes with 1009 where there is more"},
}

// State is what the option state needs. It has a file of its own for the same reason.
var State = []Constant{
	{"STATE_UNUSABLE", strconv.Quote(channel.StateUnusable), "the kind of the warnings about the option state"},
	{"STATE_NOT_READ", strconv.Quote(channel.StateNotRead), "the text of a warning; a colon and the reason follow"},
	{"STATE_NOT_WRITTEN", strconv.Quote(channel.StateNotWritten), "likewise"},
}

func tsConstants(b *strings.Builder, constants []Constant) {
	for _, c := range constants {
		fmt.Fprintf(b, "/** %s */\nexport const %s = %s;\n\n", sentence(c.Says), c.Name, c.Value)
	}
}

// tsOnly writes constants that have a file of their own.
func tsOnly(constants []Constant) string {
	var b strings.Builder
	b.WriteString(tsGenerated)
	tsConstants(&b, constants)
	return strings.TrimSuffix(b.String(), "\n")
}

// tsExplanations writes the sentences with which errors explain themselves.
func tsExplanations() string {
	var b strings.Builder
	b.WriteString(tsGenerated)
	tsConstants(&b, []Constant{{"SILENT_MARK", strconv.Quote(explain.SilentMark), "what the message of an attempt that got no response in time says, before the time"}})
	b.WriteString("/** What is said of a call that stopped, by the reason. */\nexport const EXPLANATIONS: { readonly [reason: string]: string } = {\n")
	for _, s := range explain.Sentences {
		between := " "
		if len(s.Reason)+len(s.Says) > 120 { // more than a line
			between = "\n    "
		}
		fmt.Fprintf(&b, "  %s:%s%s,\n", s.Reason, between, quoted(s.Says))
	}
	b.WriteString("};\n")
	return b.String()
}

// quoted quotes text as the formatter of the TypeScript does.
func quoted(s string) string {
	if strings.Contains(s, "\"") && !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}
