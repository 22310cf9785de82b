package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Constant is a value of the core's that JavaScript needs too, although it never
// crosses the boundary.
type Constant struct {
	Name  string // in TypeScript
	Value string // as TypeScript writes it
	Says  string
}

// Constants are the texts that both drivers show.
var Constants = []Constant{
	{"CANCELED_BY_CALLER", strconv.Quote(call.CanceledByCaller), "what a call says that its caller canceled"},
	{"CANCELED_BEFORE", strconv.Quote(call.CanceledBefore), "likewise, of one that was not sent at all"},
	{"CANCELED_BY_READER", strconv.Quote(call.CanceledByReader), "what a call says whose reader left"},
	{"CHANNEL_IS_CLOSED", strconv.Quote(call.ChannelIsClosed), "what a call of a closed channel says"},
	{"REQUEST_UNREADABLE", strconv.Quote(call.RequestUnreadable), "what a call says whose own messages failed; a colon follows, and why"},
}

// Socket is the WebSocket dialect. Its file is one of its own, because few pages
// load what uses it: all of them would have to load the table apart.
var Socket = []Constant{
	{"SOCKET_DATA", strconv.Itoa(wire.SocketData), "the control byte of a message: a piece of the request follows"},
	{"SOCKET_HALF_CLOSE", strconv.Itoa(wire.SocketHalfClose), "likewise: no further piece follows"},
	{"SOCKET_PIECE", strconv.Itoa(wire.SocketPiece), "the longest piece, in bytes: the improbable wrapper reads 32 KiB at most, the control byte included, and closes with 1009 where there is more"},
}

func tsConstants(b *strings.Builder, constants []Constant) {
	for _, c := range constants {
		fmt.Fprintf(b, "/** %s */\nexport const %s = %s;\n\n", sentence(c.Says), c.Name, c.Value)
	}
}

// tsSocket is what only WebSockets need.
func tsSocket() string {
	var b strings.Builder
	b.WriteString(tsGenerated)
	tsConstants(&b, Socket)
	return strings.TrimSuffix(b.String(), "\n")
}

func tsShared(b *strings.Builder) {
	tsConstants(b, Constants)
	b.WriteString("/** The options of a channel that limit something: whole numbers above 0, or Infinity. */\nexport const NUMBERS: readonly string[] = [\n")
	for _, n := range channel.Numbers {
		fmt.Fprintf(b, "  %q,\n", n.Name)
	}
	b.WriteString("];\n\n/** The options of a channel that are one of a few words, the default first. */\nexport const CHOICES: { readonly [name: string]: readonly string[] } = {\n")
	for _, c := range channel.Choices {
		if c.Name != "acceptCompression" { // which is a list in TypeScript
			fmt.Fprintf(b, "  %s: [\"%s\"],\n", c.Name, strings.Join(c.Words, `", "`))
		}
	}
	b.WriteString("};\n\n")
}
