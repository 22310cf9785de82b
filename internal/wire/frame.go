// Package wire holds the codecs of gRPC-Web: frames, the trailers frame,
// timeouts, percent-encoding and base64. All of it is pure: bytes in, values out.
package wire

// The flag byte of a frame (SEMANTICS 5.2a, PROTOCOL-WEB).
const (
	FlagCompressed byte = 0x01
	FlagTrailers   byte = 0x80
)

// PrefixSize is the length of a frame's prefix: the flag byte and the payload's
// length, four bytes, big-endian. An int cannot hold the longest length where it has
// 32 bits, as in the npm package's WebAssembly: what counts announced bytes is an
// int64.
const PrefixSize = 5

// putLength and length stand here because encoding/binary brings reflection
// into the browser's binary.
func putLength(b []byte, n int64) {
	b[0], b[1], b[2], b[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}

func length(b []byte) int64 {
	return int64(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
}

// AppendFrame appends a whole frame.
func AppendFrame(b []byte, flags byte, payload []byte) []byte {
	b = append(b, flags, 0, 0, 0, 0)
	putLength(b[len(b)-4:], int64(len(payload)))
	return append(b, payload...)
}

// Fragment is a part of one frame's payload, where it lies in a chunk. A frame
// whose payload lies in one chunk is one fragment; one that is empty, or whose
// payload begins in a later chunk, begins with a fragment of no length.
type Fragment struct {
	Flags  byte
	First  bool // the frame begins with it
	Last   bool // the frame ends with it
	Offset int  // where in the chunk
	Length int
	Total  int64 // the payload's whole length
}

// FrameReader cuts a body, which comes in chunks of any size, into frames. The
// zero FrameReader stands before the first frame.
type FrameReader struct {
	prefix [PrefixSize]byte
	have   int // bytes of the prefix that are here
	flags  byte
	total  int64
	left   int64 // bytes of the payload that are still to come
}

// Next is the fragment that begins at offset at of the chunk, and the offset
// behind it. ok is false where the chunk holds no further one; then all of it
// has been read.
func (r *FrameReader) Next(chunk []byte, at int) (f Fragment, next int, ok bool) {
	first := r.left == 0
	if first {
		n := copy(r.prefix[r.have:], chunk[at:])
		r.have += n
		at += n
		if r.have < PrefixSize {
			return Fragment{}, at, false
		}
		r.have = 0
		r.flags = r.prefix[0]
		r.total = length(r.prefix[1:])
		r.left = r.total
	} else if at == len(chunk) {
		return Fragment{}, at, false
	}
	n := int(min(r.left, int64(len(chunk)-at)))
	r.left -= int64(n)
	return Fragment{Flags: r.flags, First: first, Last: r.left == 0, Offset: at, Length: n, Total: r.total}, at + n, true
}

// Want is how many bytes it is to, from here, to the end of the present prefix or
// payload; of a payload that is longer than any chunk, less is enough.
func (r *FrameReader) Want() int {
	if r.left > 0 {
		return int(min(r.left, 1<<31-1))
	}
	return PrefixSize - r.have
}

// Left is how many bytes of the present frame's payload are still to come.
func (r *FrameReader) Left() int64 { return r.left }

// Skip passes over bytes of the present payload that the caller has taken
// without showing them; there are at most Left.
func (r *FrameReader) Skip(n int) { r.left -= int64(n) }

// Inside reports whether a body that ended here would end inside a frame.
func (r *FrameReader) Inside() bool { return r.left > 0 || r.have > 0 }
