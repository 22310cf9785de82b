package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxPayload is the longest payload that a prefix can announce.
const maxPayload int64 = 1<<32 - 1

func putPrefix(b []byte, flags byte, payload int64) {
	b[0] = flags
	putLength(b[1:PrefixSize], payload)
}

func TestPrefix(t *testing.T) {
	for _, c := range []struct {
		flags   byte
		payload int64
		want    string
	}{
		{0, 0, "00 00 00 00 00"},
		{FlagTrailers, 1, "80 00 00 00 01"},
		{FlagCompressed, 0x01020304, "01 01 02 03 04"},
		{FlagTrailers | FlagCompressed, maxPayload, "81 ff ff ff ff"},
	} {
		var b [PrefixSize]byte
		putPrefix(b[:], c.flags, c.payload)
		if got := fmt.Sprintf("% x", b); got != c.want {
			t.Errorf("a payload of %d: %s; want %s", c.payload, got, c.want)
		}
		var r FrameReader
		if f, at, ok := r.Next(b[:], 0); !ok || at != PrefixSize || f.Flags != c.flags || f.Total != c.payload || !f.First || f.Last != (c.payload == 0) {
			t.Errorf("a payload of %d is read as %+v, at %d, %v", c.payload, f, at, ok)
		}
	}
}

func TestFrameReader(t *testing.T) {
	body := AppendFrame(AppendFrame(nil, 0, []byte("hello")), FlagTrailers, nil)
	var r FrameReader
	fragments := func(chunk []byte) string {
		var text string
		for at := 0; ; {
			f, next, ok := r.Next(chunk, at)
			if at = next; !ok {
				if at != len(chunk) {
					t.Errorf("stopped at %d of %d", at, len(chunk))
				}
				return text
			}
			text += fmt.Sprintf("[%d first %v last %v %q of %d]", f.Flags, f.First, f.Last, chunk[f.Offset:f.Offset+f.Length], f.Total)
		}
	}
	for _, c := range []struct {
		chunk  []byte
		want   string
		inside bool
	}{
		{body[:3], ``, true},
		{body[3:5], `[0 first true last false "" of 5]`, true}, // This chunk ends the prefix, and has nothing of the payload.
		{nil, ``, true},
		{body[5:7], `[0 first false last false "he" of 5]`, true},
		{body[7:10], `[0 first false last true "llo" of 5]`, false},
		{body[10:], `[128 first true last true "" of 0]`, false},
		{body, `[0 first true last true "hello" of 5][128 first true last true "" of 0]`, false},
	} {
		if got := fragments(c.chunk); got != c.want || r.Inside() != c.inside {
			t.Errorf("%q: %s, inside %v; want %s, %v", c.chunk, got, r.Inside(), c.want, c.inside)
		}
	}
}

func TestWhole(t *testing.T) {
	frame := func(flags byte, payload string) []byte { return AppendFrame(nil, flags, []byte(payload)) }
	chunk := slices.Concat(frame(0, "a"), frame(0, ""), frame(0, "four"), frame(0, "fives"), frame(0, "b"), frame(FlagCompressed, "c"), frame(0, "d"), frame(0, "e"))
	for _, c := range []struct {
		from, to, most, room int
		want                 string
		next                 int
	}{
		{0, 54, 4, 9, `"a" "" "four"`, 20}, // The next one has more than four bytes.
		{0, 54, 5, 2, `"a" ""`, 11},        // There is room for two.
		{20, 54, 5, 9, `"fives" "b"`, 36},  // The next one has a flag.
		{42, 53, 5, 9, `"d"`, 48},          // The payload of the next one has not come.
		{42, 52, 5, 9, `"d"`, 48},          // Nor has the whole prefix.
		{42, 54, 5, 9, `"d" "e"`, 54},
		{54, 54, 5, 9, ``, 54},
	} {
		var r FrameReader
		fragments, next := r.Whole(chunk[:c.to], c.from, int64(c.most), make([]Fragment, 0, c.room))
		var texts []string
		for _, f := range fragments {
			texts = append(texts, strconv.Quote(string(chunk[f.Offset:f.Offset+f.Length])))
			if !f.First || !f.Last || f.Flags != 0 || f.Total != int64(f.Length) {
				t.Errorf("from %d on: %+v", c.from, f)
			}
		}
		if got := strings.Join(texts, " "); got != c.want || next != c.next {
			t.Errorf("from %d to %d: %s, then %d; want %s, then %d", c.from, c.to, got, next, c.want, c.next)
		}
	}
	var inside FrameReader
	inside.Next(frame(0, "long")[:7], 0)
	if f, at := inside.Whole(chunk, 0, 5, make([]Fragment, 0, 9)); len(f) > 0 || at > 0 {
		t.Errorf("inside a frame, %v were read", f)
	}
}

func TestSkip(t *testing.T) {
	var r FrameReader
	r.Next(AppendFrame(nil, 0, make([]byte, 10))[:8], 0)
	if r.Left() != 7 {
		t.Fatalf("%d left", r.Left())
	}
	if r.Skip(4); r.Left() != 3 || !r.Inside() {
		t.Errorf("%d left, inside %v", r.Left(), r.Inside())
	}
	if r.Skip(3); r.Left() != 0 || r.Inside() {
		t.Errorf("%d left, inside %v", r.Left(), r.Inside())
	}
}

// A payload may be longer than a 32-bit int can count. Its parts are returned, and the rest of it is counted, all the same.
func TestLongPayloads(t *testing.T) {
	for _, total := range []int64{1<<31 - 1, 1 << 31, maxPayload} {
		var chunk [PrefixSize + 10]byte
		putPrefix(chunk[:], 0, total)
		var r FrameReader
		f, at, ok := r.Next(chunk[:], 0)
		if !ok || at != len(chunk) || f.Length != 10 || f.Last || f.Total != total || r.Left() != total-10 {
			t.Errorf("%d: %+v, at %d, %v, %d left", total, f, at, ok, r.Left())
		}
		if want := r.Want(); want <= 0 || int64(want) > r.Left() {
			t.Errorf("%d: of the %d left %d are wanted", total, r.Left(), want)
		}
		for r.Left() > 10 {
			r.Skip(int(min(r.Left()-10, 1<<30)))
		}
		if f, _, ok := r.Next(chunk[:10], 0); !ok || f.Length != 10 || !f.Last || r.Inside() {
			t.Errorf("%d: the end is %+v, %v, inside %v", total, f, ok, r.Inside())
		}
	}
}

// Want counts the bytes to the end of the prefix, and then those to the end of the payload.
func TestWant(t *testing.T) {
	var r FrameReader
	body := append(AppendFrame(nil, 0, []byte("abc")), AppendFrame(nil, 0, nil)...)
	for i, want := range []int{5, 4, 3, 2, 1, 3, 2, 1, 5, 4, 3, 2, 1, 5} {
		if got := r.Want(); got != want {
			t.Errorf("before byte %d: %d are wanted; want %d", i, got, want)
		}
		if i < len(body) {
			r.Next(body[:i+1], i)
		}
	}
}

// The improbable wrapper reads messages of at most 32 KiB, the control byte included.
func TestSocketPiece(t *testing.T) {
	if size := 1 + SocketPiece; size != 32*1024 {
		t.Errorf("the longest message has %d bytes", size)
	}
}

// FuzzFrame checks that every frame is read as it was written, wherever the body is cut,
// and that reading any other bytes neither panics nor fails to advance.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("hello"), byte(0), []byte{}, byte(0x80), uint8(3))
	f.Add([]byte{0, 255, 255, 255, 255}, byte(1), []byte("x"), byte(0xff), uint8(0))
	f.Fuzz(func(t *testing.T, one []byte, flags1 byte, two []byte, flags2 byte, cut uint8) {
		body := AppendFrame(AppendFrame(nil, flags1, one), flags2, two)
		var payloads [][]byte
		var flags []byte
		var r FrameReader
		step := int(cut) + 1
		for from := 0; from < len(body); from += step {
			chunk := body[from:min(from+step, len(body))]
			whole, at := r.Whole(chunk, 0, int64(len(body)), make([]Fragment, 0, 2))
			for _, frag := range whole {
				payloads, flags = append(payloads, chunk[frag.Offset:frag.Offset+frag.Length]), append(flags, frag.Flags)
			}
			for {
				frag, next, ok := r.Next(chunk, at)
				if at = next; !ok {
					break
				}
				if frag.First {
					payloads, flags = append(payloads, nil), append(flags, frag.Flags)
				}
				last := len(payloads) - 1
				payloads[last] = append(payloads[last], chunk[frag.Offset:frag.Offset+frag.Length]...)
				if frag.Last != (int64(len(payloads[last])) == frag.Total) {
					t.Fatalf("%d of %d bytes, last %v", len(payloads[last]), frag.Total, frag.Last)
				}
			}
		}
		if r.Inside() || len(payloads) != 2 || !bytes.Equal(payloads[0], one) || !bytes.Equal(payloads[1], two) ||
			flags[0] != flags1 || flags[1] != flags2 {
			t.Errorf("%q and %q are read as %q, flags %v", one, two, payloads, flags)
		}

		var wild FrameReader // This one reads the payload, which may be any bytes, as a body.
		for at, ok := 0, true; ok; {
			var frag Fragment
			before := at
			if frag, at, ok = wild.Next(one, at); ok && (at <= before && frag.Length > 0 || frag.Offset+frag.Length > len(one)) {
				t.Fatalf("%+v at %d", frag, at)
			}
		}
	})
}
