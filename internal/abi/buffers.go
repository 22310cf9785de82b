package abi

import "math"

// Buffers are the memory that JavaScript and the program share. JavaScript writes
// text and bytes into In before it calls an export; the program writes what is
// to be done into the others, and JavaScript reads them when the export has returned.
//
// A buffer that grows may move. Package jsbridge/host tells JavaScript after
// every export where each of them lies.
type Buffers struct {
	In        []byte
	Actions   []uint32
	Text      []byte // what actions point into
	Fragments []uint32
	Result    uint32 // what the export answers beside its actions

	action int // where the last action begins
}

// NewBuffers makes the buffers of one program.
func NewBuffers() *Buffers {
	return &Buffers{
		In:        make([]byte, InputSize),
		Actions:   make([]uint32, 0, 256),
		Text:      make([]byte, 0, 4<<10),
		Fragments: make([]uint32, 0, FragmentWordSize*MaxFragments),
	}
}

// Reset empties what the last export left. Every export begins with it.
func (b *Buffers) Reset() {
	b.Actions, b.Text, b.Fragments = b.Actions[:0], b.Text[:0], b.Fragments[:0]
}

// Reserve makes room for an input that is longer than usual.
func (b *Buffers) Reserve(n uint32) {
	if uint64(n) > uint64(len(b.In)) {
		b.In = make([]byte, n)
	}
}

// Input is what JavaScript wrote for this export. More than there is room for is
// a fault in JavaScript, of which the instance dies.
func (b *Buffers) Input(n uint32) []byte {
	if uint64(n) > uint64(len(b.In)) {
		panic("an export was given more bytes than the input buffer holds")
	}
	return b.In[:n:n]
}

// What emits is not inlined: it stands everywhere, and would weigh kilobytes.

// Begin begins an action. The words that follow are its own, up to the next Begin
// or Finish.
//
//go:noinline
func (b *Buffers) Begin(action, call, attempt uint32) {
	b.Finish()
	b.action = len(b.Actions)
	b.Actions = append(b.Actions, action, call, attempt)
}

// Finish writes the last action's length into its first word, so that JavaScript
// can pass over it, and answers with the number of words of all. Every export ends
// with it.
func (b *Buffers) Finish() (words uint32) {
	if all := len(b.Actions); all > 0 {
		b.Actions[b.action] |= uint32(all-b.action) << lengthShift
	}
	return uint32(len(b.Actions))
}

// Word emits one word of an action.
//
//go:noinline
func (b *Buffers) Word(w uint32) { b.Actions = append(b.Actions, w) }

// Words emits several.
//
//go:noinline
func (b *Buffers) Words(w ...uint32) { b.Actions = append(b.Actions, w...) }

// Flag emits a word that is 1 or 0.
func (b *Buffers) Flag(set bool) {
	if set {
		b.Word(1)
	} else {
		b.Word(0)
	}
}

// Float emits a float64 as two words, the low one first.
//
//go:noinline
func (b *Buffers) Float(f float64) {
	bits := math.Float64bits(f)
	b.Actions = append(b.Actions, uint32(bits), uint32(bits>>32))
}

// String emits text as two words: where it lies in the text buffer, and how
// many bytes it has.
//
//go:noinline
func (b *Buffers) String(s string) {
	b.Actions = append(b.Actions, uint32(len(b.Text)), uint32(len(s)))
	b.Text = append(b.Text, s...)
}

// Bytes emits bytes likewise.
//
//go:noinline
func (b *Buffers) Bytes(s []byte) {
	b.Actions = append(b.Actions, uint32(len(b.Text)), uint32(len(s)))
	b.Text = append(b.Text, s...)
}

// Fragment emits a part of a frame's payload: where in the slice it begins, its
// length, the whole payload's length and the frame's flags. first says that the
// payload begins with it, decoded that it lies in the input buffer, decoded from text.
func (b *Buffers) Fragment(offset, length int, total int64, flags byte, first, decoded bool) {
	kind := uint32(flags)
	if first {
		kind |= FragmentFlagFirst
	}
	if decoded {
		kind |= FragmentFlagDecoded
	}
	b.Fragments = append(b.Fragments, kind, uint32(offset), uint32(length), uint32(total))
}

// Blocks are little-endian, as JavaScript writes them.

func uint32At(in []byte, at int) uint32 {
	in = in[at : at+4]
	return uint32(in[0]) | uint32(in[1])<<8 | uint32(in[2])<<16 | uint32(in[3])<<24
}

func float64At(in []byte, at int) float64 {
	return math.Float64frombits(uint64(uint32At(in, at)) | uint64(uint32At(in, at+4))<<32)
}

// Describe is a panic in words, for JavaScript to show.
func Describe(cause any) string {
	switch c := cause.(type) {
	case error:
		return c.Error()
	case string:
		return c
	}
	return "a panic that is no error"
}
