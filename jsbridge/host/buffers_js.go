package host

import (
	"unsafe"

	"github.com/hedgerow-web/hedgerow/internal/abi"
)

var (
	box     [abi.BoxSize]uint32 // the mailbox, at an address that never changes
	buffers *abi.Buffers
	program abi.Program
)

// Serve sets the program that the exports call. It answers through the buffers.
func Serve(p abi.Program, b *abi.Buffers) {
	program, buffers = faulty(p), b
	publish()
}

//go:wasmexport mailbox
func mailbox() uint32 { return address(&box[0]) }

//go:wasmexport reserve
func reserve(bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	buffers.Reserve(bytes)
	return emitted()
}

func address[T any](p *T) uint32 { return uint32(uintptr(unsafe.Pointer(p))) }

// publish tells JavaScript where everything is, because buffers may move when they grow.
func publish() {
	b := buffers
	box = [abi.BoxSize]uint32{
		abi.BoxVersion:   abi.Version,
		abi.BoxInput:     address(unsafe.SliceData(b.In)),
		abi.BoxCapacity:  uint32(len(b.In)),
		abi.BoxActions:   address(unsafe.SliceData(b.Actions)),
		abi.BoxText:      address(unsafe.SliceData(b.Text)),
		abi.BoxTextSize:  uint32(len(b.Text)),
		abi.BoxFragments: address(unsafe.SliceData(b.Fragments)),
		abi.BoxCount:     uint32(len(b.Fragments) / abi.FragmentWordSize),
		abi.BoxResult:    b.Result,
	}
}

// emitted makes the buffers known, and answers with the actions' words. Each
// export ends so, but one that has died: see guard.
func emitted() uint32 {
	letCollect()
	words := buffers.Finish()
	publish()
	return words
}

// guard ends a panic, and writes its text into the text buffer. It is deferred in every
// export, because an exception must not cross the border. What the export answers then it
// has set at its beginning: TinyGo would allocate an answer that guard could set.
func guard() {
	cause := recover()
	if cause == nil {
		return
	}
	buffers.Text = append(buffers.Text[:0], abi.Describe(cause)...)
	publish()
}
