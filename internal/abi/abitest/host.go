// Package abitest plays JavaScript's part in the ABI, for tests: it tells a
// program what happened, through the buffers that JavaScript would write, and reads
// what the program wants done as the table of the ABI says it lies there.
//
// What was told can be kept on a tape, and told to any other build of the program.
package abitest

import (
	"fmt"
	"math"
	"reflect"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// Event is one call of an export.
type Event struct {
	Export int       // its place in table.Exports
	Args   []float64 // in their order, without the length of the input
	Input  []byte
	// Claims is how long the input is said to be, if that is not what it is.
	Claims uint32
}

// String is the event as a test's log shows it: "head(1, 0, 12.5, 200, 1, 27 bytes)".
func (e Event) String() string {
	export := table.Exports[e.Export]
	text := ""
	for i, arg := range e.Args {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(arg)
	}
	if takesInput(export) {
		text += fmt.Sprintf(", %q", e.Input)
	}
	return export.Name + "(" + text + ")"
}

func takesInput(e table.Export) bool {
	return len(e.Args) > 0 && e.Args[len(e.Args)-1].Type == table.Input
}

// Named makes an event of an export's name, its arguments and its input.
func Named(name string, input []byte, args ...float64) Event {
	place := placeOf(name)
	want := len(table.Exports[place].Args)
	if takesInput(table.Exports[place]) {
		want--
	}
	if len(args) != want {
		panic(fmt.Sprintf("%s takes %d arguments beside its input, not %d", name, want, len(args)))
	}
	return Event{Export: place, Args: args, Input: input}
}

func placeOf(name string) int {
	for place, e := range table.Exports {
		if e.Name == name {
			return place
		}
	}
	panic("no export is named " + name)
}

// Host holds a program as JavaScript does.
type Host struct {
	Buffers *abi.Buffers
	Program abi.Program
	Death   string // what the program died of; "": it lives

	opened Fields // the header of the last request
}

// Enter tells the program of an event. The answer is false if it has died of it.
func (h *Host) Enter(e Event) (lives bool) {
	b := h.Buffers
	if len(e.Input) > len(b.In) {
		b.Reserve(uint32(len(e.Input)))
	}
	copy(b.In, e.Input)
	b.Reset()
	defer func() {
		if cause := recover(); cause != nil {
			h.Death = abi.Describe(cause)
			b.Reset()
			lives = false
		}
	}()
	h.call(e)
	b.Finish()
	return true
}

// call calls the method that implements the export.
func (h *Host) call(e Event) {
	export := table.Exports[e.Export]
	args := make([]reflect.Value, 0, len(export.Args))
	for i, a := range export.Args {
		switch a.Type {
		case table.Input:
			args = append(args, reflect.ValueOf(h.Buffers.Input(e.Length())))
		case table.F64:
			args = append(args, reflect.ValueOf(e.Args[i]))
		default:
			args = append(args, reflect.ValueOf(uint32(int64(e.Args[i]))))
		}
	}
	reflect.ValueOf(h.Program).MethodByName(table.Camel(export.Name)).Call(args)
}

// Length is how long the input is said to be.
func (e Event) Length() uint32 {
	if e.Claims != 0 {
		return e.Claims
	}
	return uint32(len(e.Input))
}

// Fragment is a fragment that the last feed found.
type Fragment struct {
	Offset, Length int
	Total          int64
	Flags          byte // the frame's
	First, Decoded bool
}

// Fragments are those of the last feed.
func (h *Host) Fragments() []Fragment {
	words := h.Buffers.Fragments
	fragments := make([]Fragment, 0, len(words)/abi.FragmentWordSize)
	for ; len(words) > 0; words = words[abi.FragmentWordSize:] {
		flags := words[abi.FragmentWordFlags]
		fragments = append(fragments, Fragment{
			Offset: int(words[abi.FragmentWordOffset]), Length: int(words[abi.FragmentWordLength]), Total: int64(words[abi.FragmentWordTotal]),
			Flags: byte(flags), First: flags&abi.FragmentFlagFirst != 0, Decoded: flags&abi.FragmentFlagDecoded != 0,
		})
	}
	return fragments
}

// StartInput is what start reads: the block, in the table's order, then the text.
func StartInput(block abi.StartBlock, text string) []byte {
	var in []byte
	v := reflect.ValueOf(block)
	for _, f := range table.StartBlock.Fields {
		switch value := v.FieldByName(table.Camel(f.Name)); f.Type {
		case table.F64:
			in = appendUint64(in, math.Float64bits(value.Float()))
		default:
			in = appendUint32(in, uint32(value.Uint()))
		}
	}
	return append(in, text...)
}
