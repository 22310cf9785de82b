package host

import (
	"unsafe"

	"github.com/hedgerow-web/hedgerow/internal/abi"
)

// The mailbox: words at an address that never changes, in which JavaScript
// finds where everything else lies. Buffers may move when they grow, so it
// looks again after every export.
const (
	boxInput     = iota // address of the input buffer
	boxCapacity         // its size in bytes
	boxActions          // address of the action buffer
	boxText             // address of the text that actions point into
	boxFragments        // address of the fragments of the last feed
	boxCount            // how many there are
	boxResult           // what the export answers, beside its actions
	boxSize
)

var (
	box     [boxSize]uint32
	buffers *abi.Buffers
	program abi.Program
)

// Serve puts a program, which answers through the buffers, behind the exports, for
// JavaScript to call.
func Serve(p abi.Program, b *abi.Buffers) {
	program, buffers = p, b
	publish()
}

func address[T any](p *T) uint32 { return uint32(uintptr(unsafe.Pointer(p))) }

func publish() {
	b := buffers
	box[boxInput], box[boxCapacity] = address(unsafe.SliceData(b.In)), uint32(len(b.In))
	box[boxActions] = address(unsafe.SliceData(b.Actions))
	box[boxText] = address(unsafe.SliceData(b.Text))
	box[boxFragments] = address(unsafe.SliceData(b.Fragments))
	box[boxCount] = uint32(len(b.Fragments) / abi.FragmentWords)
	box[boxResult] = b.Result
}

// begin empties the buffers of the last export. An export that never ended, for
// it panicked, has left the instance for dead.
func begin() { buffers.Reset() }

// emitted makes the buffers known, and answers with the actions' words.
func emitted() uint32 {
	publish()
	return uint32(len(buffers.Actions))
}

// guard turns a panic into the answer fatal, with the panic's text in the text
// buffer. It stands in every export: an exception must not cross the border.
func guard(words *uint32) {
	cause := recover()
	if cause == nil {
		return
	}
	buffers.Text = append(buffers.Text[:0], abi.Describe(cause)...)
	buffers.Result = uint32(len(buffers.Text))
	publish()
	*words = abi.Fatal
}

func input(n uint32) []byte { return buffers.Input(n) }
