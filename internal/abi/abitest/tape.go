package abitest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// A tape is a sequence of events, to be told to any build of the program, and from
// any language: whoever plays it need not know the table. Numbers are
// little-endian. An event is
//
//   - a byte, which is how long the export's name is, and then the name,
//   - a byte, which is how many arguments there are, and each of them in its order:
//   - a byte 0, and a u32; or
//   - a byte 1, and an f64 of eight bytes; or
//   - a byte 2, a u32 which is the length of the input, and the input.
//
// Whoever plays a tape writes the input into the input buffer, which reserve makes
// longer if it must, and then calls the export with the arguments; the length stands
// for the input. A name of no length says that what follows is for a fresh instance.
//
// What a program answers is a transcript: for each event
//
//   - a u32: the number of words in the action buffer, and then these words,
//   - a u32: the number of bytes in the text buffer that the actions point to, and then these bytes,
//   - a u32: the number of fragments, and then four words of each,
//   - a u32: the mailbox's result, of feed alone; of all others 0.
//
// A program that dies of an event leaves 0xffffffff in the place of all that; what
// is on the tape for the same instance is skipped. Two builds of the program that are alike leave the same
// transcript of every tape.

// Fresh separates the events of two instances on a tape.
const Fresh = 0

// The byte before an argument.
const (
	isU32 = iota
	isF64
	isInput
)

// AppendEvent records an event.
func AppendEvent(tape []byte, e Event) []byte {
	export := table.Exports[e.Export]
	tape = append(append(tape, byte(len(export.Name))), export.Name...)
	tape = append(tape, byte(len(export.Args)))
	for i, a := range export.Args {
		switch a.Type {
		case table.Input:
			tape = append(appendUint32(append(tape, isInput), e.Length()), e.Input...)
		case table.F64:
			tape = appendUint64(append(tape, isF64), math.Float64bits(e.Args[i]))
		default:
			tape = appendUint32(append(tape, isU32), uint32(int64(e.Args[i])))
		}
	}
	return tape
}

// ReadEvent reads the first event of a tape, and answers with the rest of it.
func ReadEvent(tape []byte) (e Event, rest []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the tape ends within an event, or names an export that there is not")
		}
	}()
	name, tape := tape[1:1+tape[0]], tape[1+tape[0]:]
	e.Export = placeOf(string(name))
	args, tape := tape[0], tape[1:]
	for range args {
		kind := tape[0]
		tape = tape[1:]
		switch kind {
		case isInput:
			length := binary.LittleEndian.Uint32(tape)
			e.Input, tape = tape[4:4+length], tape[4+length:]
		case isF64:
			e.Args, tape = append(e.Args, math.Float64frombits(binary.LittleEndian.Uint64(tape))), tape[8:]
		default:
			e.Args, tape = append(e.Args, float64(binary.LittleEndian.Uint32(tape))), tape[4:]
		}
	}
	return e, tape, nil
}

// Play plays the events of one instance to the program. It returns the transcript, and
// the rest of the tape, which is for the next instance.
func (h *Host) Play(tape []byte) (transcript, rest []byte, err error) {
	for lives := true; len(tape) > 0; {
		if tape[0] == Fresh {
			return transcript, tape[1:], nil
		}
		var e Event
		if e, tape, err = ReadEvent(tape); err != nil {
			return nil, nil, err
		}
		switch {
		case !lives:
		case h.Enter(e):
			transcript = h.AppendAnswer(transcript, e)
		default:
			lives = false
			transcript = appendUint32(transcript, ^uint32(0))
		}
	}
	return transcript, nil, nil
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

// Answer is what a program has answered to an event.
type Answer struct {
	Died      bool
	Actions   []Action
	Fragments []uint32
	Result    uint32
}

// ReadAnswer reads the first answer of a transcript, and answers with the rest of it.
func ReadAnswer(transcript []byte) (a Answer, rest []byte, err error) {
	r := answerReader{transcript}
	count := r.word()
	if count == ^uint32(0) {
		return Answer{Died: true}, r.rest, nil
	}
	h := Host{Buffers: &abi.Buffers{Actions: r.words(count)}}
	h.Buffers.Text = r.take(r.word())
	a.Fragments = r.words(abi.FragmentWordSize * r.word())
	a.Result = r.word()
	a.Actions, err = h.Decode()
	return a, r.rest, err
}

// answerReader reads zeros after the end of a transcript.
type answerReader struct{ rest []byte }

func (r *answerReader) take(n uint32) []byte {
	n = uint32(min(uint64(n), uint64(len(r.rest))))
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *answerReader) word() uint32 {
	return binary.LittleEndian.Uint32(append(slices.Clone(r.take(4)), 0, 0, 0, 0))
}

func (r *answerReader) words(n uint32) (words []uint32) {
	for ; n > 0 && len(r.rest) > 0; n-- {
		words = append(words, r.word())
	}
	return words
}

// String is the answer in words, one action a line.
func (a Answer) String() string {
	if a.Died {
		return "it died"
	}
	text := fmt.Sprintf("result %d, fragments %v", a.Result, a.Fragments)
	for _, action := range a.Actions {
		text += fmt.Sprintf("\n  %s %d/%d %v", action.Name, action.Call, action.Attempt, action.Values)
	}
	return text
}
