package host

import (
	"math"
	"unsafe"
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
	box       [boxSize]uint32
	in        []byte // what JavaScript writes, for exports to read
	actions   []uint32
	text      []byte
	fragments []uint32
)

// Chunks of bodies come in slices of at most so many bytes.
const inputSize = 64 << 10

func init() {
	in = make([]byte, inputSize)
	actions = make([]uint32, 0, 256)
	text = make([]byte, 0, 4<<10)
	fragments = make([]uint32, 0, 4*maxFragments)
	publish()
}

func address[T any](p *T) uint32 { return uint32(uintptr(unsafe.Pointer(p))) }

func publish() {
	box[boxInput], box[boxCapacity] = address(unsafe.SliceData(in)), uint32(len(in))
	box[boxActions] = address(unsafe.SliceData(actions))
	box[boxText] = address(unsafe.SliceData(text))
	box[boxFragments] = address(unsafe.SliceData(fragments))
	box[boxCount] = uint32(len(fragments) / fragmentWords)
}

// begin empties the buffers of the last export. An export that never ended, for
// it panicked, has left the instance for dead.
func begin() uint32 {
	actions, text, fragments = actions[:0], text[:0], fragments[:0]
	return 0
}

// emitted makes the buffers known, and answers with the actions' words.
func emitted() uint32 {
	publish()
	return uint32(len(actions))
}

// guard turns a panic into the answer fatal, with the panic's text in the text
// buffer. It stands in every export: an exception must not cross the border.
func guard(words *uint32) {
	cause := recover()
	if cause == nil {
		return
	}
	text = append(text[:0], describe(cause)...)
	publish()
	box[boxResult] = uint32(len(text))
	*words = fatal
}

func describe(cause any) string {
	switch c := cause.(type) {
	case error:
		return c.Error()
	case string:
		return c
	}
	return "a panic that is no error"
}

func input(n uint32) []byte { return in[:n] }

// grow makes room for an input that is longer than usual.
func grow(n int) {
	if n > len(in) {
		in = make([]byte, n)
	}
	publish()
}

// What emits is not inlined: it stands everywhere, and would weigh kilobytes.

// Word emits one word of an action.
//
//go:noinline
func Word(w uint32) { actions = append(actions, w) }

// Words emits several.
//
//go:noinline
func Words(w ...uint32) { actions = append(actions, w...) }

// Float emits a float64 as two words, the low one first.
//
//go:noinline
func Float(f float64) {
	bits := math.Float64bits(f)
	actions = append(actions, uint32(bits), uint32(bits>>32))
}

// Bytes emits bytes, or text, as two words: where they lie in the text buffer,
// and how many they are.
//
//go:noinline
func Bytes[T ~string | ~[]byte](b T) {
	actions = append(actions, uint32(len(text)), uint32(len(b)))
	text = append(text, b...)
}

// Text is the text buffer, for text that is written in parts: take the length
// before, SetText after, and emit both.
func Text() []byte { return text }

// SetText replaces the text buffer by one that was appended to.
func SetText(t []byte) { text = t }

// maxFragments is how many fragments one feed can answer with; feed again for more.
const (
	maxFragments  = 256
	fragmentWords = 4
)

// Fragment emits a fragment of a message: in which offset of the chunk it
// begins, its length, the message's whole length, and the frame's flags, with
// bit 8 set where the message begins with it, and bit 9 where it lies in the input
// buffer, decoded from text.
func Fragment(offset, length, total int, flags byte, first, decoded bool) {
	kind := uint32(flags)
	if first {
		kind |= 1 << 8
	}
	if decoded {
		kind |= 1 << 9
	}
	fragments = append(fragments, kind, uint32(offset), uint32(length), uint32(total))
}

// MaxFragments is the most that Fragment may be called in one feed.
const MaxFragments = maxFragments
