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

// Constants are all of them: texts that both drivers show, and the bytes of the
// WebSocket dialect, which both speak.
var Constants = []Constant{
	{"CANCELED_BY_CALLER", strconv.Quote(call.CanceledByCaller), "what a call says that its caller canceled"},
	{"CANCELED_BEFORE", strconv.Quote(call.CanceledBefore), "likewise, of one that was not sent at all"},
	{"CANCELED_BY_READER", strconv.Quote(call.CanceledByReader), "what a call says whose reader left"},
	{"CHANNEL_IS_CLOSED", strconv.Quote(call.ChannelIsClosed), "what a call of a closed channel says"},
	{"REQUEST_UNREADABLE", strconv.Quote(call.RequestUnreadable), "what a call says whose own messages failed; a colon follows, and why"},
	{"SOCKET_DATA", number(wire.SocketData), "the control byte of a WebSocket's message: a piece of the request follows"},
	{"SOCKET_HALF_CLOSE", number(wire.SocketHalfClose), "likewise: no further piece follows"},
	{"SOCKET_PIECE", number(wire.SocketPiece), "the longest piece, in bytes: the improbable wrapper reads 32 KiB at most, the control byte included, and closes with 1009 where there is more"},
}

func number(n int) string { return strconv.Itoa(n) }

func tsShared(b *strings.Builder) {
	for _, c := range Constants {
		fmt.Fprintf(b, "/** %s */\nexport const %s = %s;\n\n", sentence(c.Says), c.Name, c.Value)
	}
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
