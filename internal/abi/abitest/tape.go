package abitest

import (
	"encoding/binary"
	"math"

	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// A tape is a sequence of events, to be told to any build of the program, and from
// any language. Numbers are little-endian. An event is
//
//   - a byte: the export's place in table.Exports (wasm/ABI.md lists them in this order),
//   - each argument in its order, but for the length of the input: a u32, or an f64 of eight bytes,
//   - if the export takes an input: a u32, which is its length, then so many bytes.
//
// Whoever plays a tape writes the input into the input buffer, which reserve makes
// longer if it must, and then calls the export with the arguments and the length.
// A tape that ends within an input has its last event claim more bytes than there are.
// A byte 255 in the place of an event says that what follows is for a fresh instance.
//
// What a program answers is a transcript: for each event
//
//   - a u32: the number of words in the action buffer, and then these words,
//   - a u32: the number of bytes in the text buffer that the actions point to, and then these bytes,
//   - a u32: the number of fragments, and then four words of each,
//   - a u32: the mailbox's result, of feed alone; of all others 0.
//
// A program that dies of an event leaves 0xffffffff in the place of all that; what
// is on the tape for the same instance is passed over. Two builds of the program that are alike leave the same
// transcript of every tape.

// Fresh stands on a tape between events for two instances.
const Fresh = 255

// AppendEvent records an event.
func AppendEvent(tape []byte, e Event) []byte {
	export := table.Exports[e.Export]
	tape = append(tape, byte(e.Export))
	for i, a := range export.Args {
		switch a.Type {
		case table.Input:
			tape = append(appendUint32(tape, e.Length()), e.Input...)
		case table.F64:
			tape = appendUint64(tape, math.Float64bits(e.Args[i]))
		default:
			tape = appendUint32(tape, uint32(int64(e.Args[i])))
		}
	}
	return tape
}

// ReadEvent reads the first event of a tape, and answers with the rest of it; ok is
// false at its end.
func ReadEvent(tape []byte) (e Event, rest []byte, ok bool) {
	if len(tape) == 0 || int(tape[0]) >= len(table.Exports) {
		return e, nil, false
	}
	e.Export = int(tape[0])
	tape = tape[1:]
	for _, a := range table.Exports[e.Export].Args {
		size := 4
		if a.Type == table.F64 {
			size = 8
		}
		if len(tape) < size {
			return e, nil, false
		}
		switch a.Type {
		case table.Input:
			e.Claims = binary.LittleEndian.Uint32(tape)
			there := min(uint64(e.Claims), uint64(len(tape)-4))
			e.Input, tape = tape[4:4+there], tape[4+there:]
			continue
		case table.F64:
			e.Args = append(e.Args, math.Float64frombits(binary.LittleEndian.Uint64(tape)))
		default:
			e.Args = append(e.Args, float64(binary.LittleEndian.Uint32(tape)))
		}
		tape = tape[size:]
	}
	return e, tape, true
}

// Play tells the program what is on a tape for one instance. It answers with the
// transcript, and with what is on the tape for the next one.
func (h *Host) Play(tape []byte) (transcript, rest []byte) {
	for lives := true; ; {
		if len(tape) > 0 && tape[0] == Fresh {
			return transcript, tape[1:]
		}
		e, rest, ok := ReadEvent(tape)
		if !ok {
			return transcript, nil
		}
		tape = rest
		switch {
		case !lives:
		case h.Enter(e):
			transcript = h.AppendAnswer(transcript, e)
		default:
			lives = false
			transcript = appendUint32(transcript, ^uint32(0))
		}
	}
}

// AppendAnswer records what the program has answered to an event.
func (h *Host) AppendAnswer(transcript []byte, e Event) []byte {
	b := h.Buffers
	transcript = appendWords(appendUint32(transcript, uint32(len(b.Actions))), b.Actions)
	transcript = append(appendUint32(transcript, uint32(len(b.Text))), b.Text...)
	transcript = appendWords(appendUint32(transcript, uint32(len(b.Fragments)/4)), b.Fragments)
	if table.Exports[e.Export].Name != "feed" {
		return appendUint32(transcript, 0)
	}
	return appendUint32(transcript, b.Result)
}

func appendWords(to []byte, words []uint32) []byte {
	for _, w := range words {
		to = appendUint32(to, w)
	}
	return to
}

func appendUint32(to []byte, n uint32) []byte { return binary.LittleEndian.AppendUint32(to, n) }

func appendUint64(to []byte, n uint64) []byte { return binary.LittleEndian.AppendUint64(to, n) }
