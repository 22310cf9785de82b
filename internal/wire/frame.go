// Package wire holds the codecs of gRPC-Web: frames, the trailers frame,
// timeouts, percent-encoding and base64. All of it is pure: bytes in, values out.
package wire

// The flag byte of a frame (SEMANTICS 5.2a, PROTOCOL-WEB).
const (
	FlagCompressed byte = 0x01
	FlagTrailers   byte = 0x80
)

// PrefixSize is the length of a frame's prefix: the flag byte, then the payload's length
// in four bytes, big-endian. Lengths are int64 here, because an int has only 32 bits in
// the npm package's WebAssembly, and cannot hold the longest length.
const PrefixSize = 5

// putLength and length stand in for encoding/binary, which would add reflection to the
// program in the npm package.
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

// Fragment is the part of a frame's payload that is in one chunk. A frame whose payload
// is in one chunk is one fragment. A frame that is empty, or whose payload begins in a
// later chunk, begins with a fragment of length 0.
type Fragment struct {
	Flags  byte
	First  bool // the frame begins with this fragment
	Last   bool // the frame ends with this fragment
	Offset int  // where the fragment begins in the chunk
	Length int
	Total  int64 // the length of the whole payload
}

// FrameReader splits a body, which comes in chunks of any size, into frames. The zero
// FrameReader is at the beginning of a body.
type FrameReader struct {
	prefix [PrefixSize]byte
	have   int // how many bytes of the prefix have come
	flags  byte
	total  int64
	left   int64 // how many bytes of the payload are still to come
}

// Next returns the fragment that begins at offset at of the chunk, and the offset after
// it. ok is false if no fragment begins there; then the whole chunk has been read.
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

// Whole appends the frames that begin at offset at and lie whole in the chunk, as fragments,
// as long as they have no flags and no more than so many bytes. It returns the offset after
// them. Most messages of a stream are like that, and Next costs three times as much.
func (r *FrameReader) Whole(chunk []byte, at int, most int64, to []Fragment) ([]Fragment, int) {
	for !r.Inside() && len(to) < cap(to) && len(chunk)-at >= PrefixSize && chunk[at] == 0 {
		n := length(chunk[at+1:])
		if n > most || n > int64(len(chunk)-at-PrefixSize) {
			break
		}
		at += PrefixSize
		to = append(to, Fragment{First: true, Last: true, Offset: at, Length: int(n), Total: n})
		at += int(n)
	}
	return to, at
}

// Want returns how many bytes are missing to the end of the current prefix or payload.
// For a payload that is longer than any chunk can be, it returns fewer.
func (r *FrameReader) Want() int {
	if r.left > 0 {
		return int(min(r.left, 1<<31-1))
	}
	return PrefixSize - r.have
}

// Left returns how many bytes of the current frame's payload are still to come.
func (r *FrameReader) Left() int64 { return r.left }

// Skip passes over n bytes of the current payload, which the caller has taken from the
// body without Next. n is at most Left.
func (r *FrameReader) Skip(n int) { r.left -= int64(n) }

// Inside reports whether a body that ended here would end inside a frame.
func (r *FrameReader) Inside() bool { return r.left > 0 || r.have > 0 }
