package abi

import "math"

// Buffers are the memory that JavaScript and the program share. JavaScript writes
// text and bytes into In before it calls an export. The program writes actions into the
// others, and JavaScript reads them when the export has returned.
//
// A buffer that grows may move. Package jsbridge/host tells JavaScript after
// every export where each of them is.
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

// Reset drops what the previous export wrote. Every export begins with it.
func (b *Buffers) Reset() {
	b.Actions, b.Text, b.Fragments = b.Actions[:0], b.Text[:0], b.Fragments[:0]
}

// Reserve makes room for an input that is longer than usual. JavaScript refuses text that
// would need more than MaxInput, so more is a bug, and the panic ends the instance.
func (b *Buffers) Reserve(n uint32) {
	if n > MaxInput {
		panic("an export was to be given more bytes than the input buffer may hold")
	}
	if uint64(n) > uint64(len(b.In)) {
		b.In = make([]byte, n)
	}
}

// Input returns what JavaScript wrote for this export. If that is more than the buffer
// holds, JavaScript has a bug, and the panic ends the instance.
func (b *Buffers) Input(n uint32) []byte {
	if uint64(n) > uint64(len(b.In)) {
		panic("an export was given more bytes than the input buffer holds")
	}
	return b.In[:n:n]
}

// The methods that write actions are not inlined. They are called in many places, and
// inlining them would add kilobytes to the WebAssembly. They write each word by its index,
// because TinyGo's append copies even one word by a function of the browser's.

// Begin begins an action. The words that follow are its own, up to the next Begin
// or Finish.
//
//go:noinline
func (b *Buffers) Begin(action, call, attempt uint32) {
	b.Finish()
	b.action = len(b.Actions)
	to := b.room(3)
	to[0], to[1], to[2] = action, call, attempt
}

// Finish writes the last action's length into its first word, so that JavaScript can skip
// the action, and returns the number of words of all actions. Every export ends with it.
func (b *Buffers) Finish() (words uint32) {
	if all := len(b.Actions); all > 0 {
		b.Actions[b.action] |= uint32(all-b.action) << lengthShift
	}
	return uint32(len(b.Actions))
}

// room makes room for n further words, and returns it.
//
//go:noinline
func (b *Buffers) room(n int) []uint32 {
	at := len(b.Actions)
	if at+n > cap(b.Actions) {
		b.Actions = append(make([]uint32, 0, 2*(at+n)), b.Actions...)
	}
	b.Actions = b.Actions[:at+n]
	return b.Actions[at:]
}

// Word writes one word of an action.
//
//go:noinline
func (b *Buffers) Word(w uint32) { b.room(1)[0] = w }

// Words writes several words.
//
//go:noinline
func (b *Buffers) Words(w ...uint32) {
	to := b.room(len(w))
	for i := range to {
		to[i] = w[i]
	}
}

// Flag writes a word that is 1 or 0.
func (b *Buffers) Flag(set bool) {
	if set {
		b.Word(1)
	} else {
		b.Word(0)
	}
}

// Float writes a float64 as two words, the low one first.
//
//go:noinline
func (b *Buffers) Float(f float64) {
	bits := math.Float64bits(f)
	to := b.room(2)
	to[0], to[1] = uint32(bits), uint32(bits>>32)
}

// String writes text into the text buffer, and its offset and length into the action.
//
//go:noinline
func (b *Buffers) String(s string) {
	to := b.room(2)
	to[0], to[1] = uint32(len(b.Text)), uint32(len(s))
	if s != "" {
		b.Text = append(b.Text, s...)
	}
}

// Bytes writes bytes in the same way.
//
//go:noinline
func (b *Buffers) Bytes(s []byte) {
	to := b.room(2)
	to[0], to[1] = uint32(len(b.Text)), uint32(len(s))
	if len(s) > 0 {
		b.Text = append(b.Text, s...)
	}
}

// Fragment writes a part of a frame's payload: its offset in the slice, its length, the
// length of the whole payload, and the frame's flags. It is first if the payload begins
// with it, and decoded if it was decoded from text and is now in the input buffer.
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

// Describe describes a panic in words, for JavaScript to show.
func Describe(cause any) string {
	switch c := cause.(type) {
	case error:
		return c.Error()
	case string:
		return c
	}
	return "a panic that is no error"
}
