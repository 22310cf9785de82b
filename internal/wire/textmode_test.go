package wire

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// decoded reads a text in chunks, each of them up to so many bytes at a time. It checks
// that what was decoded does not overwrite what is still to be read.
func decoded(t testing.TB, r *TextReader, limit int, chunks ...string) (raw []byte, ok bool) {
	t.Helper()
	for _, c := range chunks {
		chunk := []byte(c)
		for at := 0; at < len(chunk); {
			n, next, ok := r.Decode(chunk, at, limit)
			if n > limit || at+n > next || next > len(chunk) {
				t.Fatalf("%q from %d: %d bytes, at most %d, up to %d", c, at, n, limit, next)
			}
			if string(chunk[next:]) != c[next:] {
				t.Fatalf("%q from %d: the rest was overwritten: %q", c, at, chunk[next:])
			}
			raw = append(raw, chunk[at:at+n]...)
			if !ok {
				return raw, false
			}
			if next == at {
				t.Fatalf("%q from %d: nothing is read", c, at)
			}
			at = next
		}
	}
	return raw, true
}

// A text may consist of several parts, each of them padded, and may come in any chunks.
var parts = []string{"a", "bc", "def", "", "g", "h", "ij", "klmno", "\xff\x00", strings.Repeat("x", 10)}

func padded(parts ...string) (text string) {
	for _, p := range parts {
		text += base64.StdEncoding.EncodeToString([]byte(p))
	}
	return text
}

func TestTextReader(t *testing.T) {
	t.Run("97_cut_anywhere", func(t *testing.T) {
		text, want := padded(parts...), strings.Join(parts, "")
		for i := 0; i <= len(text); i++ {
			for j := i; j <= len(text); j++ {
				for _, limit := range []int{1, 2, 5, 1 << 20} {
					var r TextReader
					if got, ok := decoded(t, &r, limit, text[:i], text[i:j], text[j:]); !ok || string(got) != want || r.Inside() {
						t.Fatalf("cut at %d and %d, limit %d: %q, %v, inside %v; want %q", i, j, limit, got, ok, r.Inside(), want)
					}
				}
			}
		}
	})
	t.Run("97_equals_in_chunks_of_their_own", func(t *testing.T) {
		var r TextReader
		if got, ok := decoded(t, &r, 9, "aA", "=", "=", "aGk", "=", "aGll"); !ok || string(got) != "hhihie" {
			t.Errorf("%q, %v", got, ok)
		}
	})
	t.Run("byte_by_digit", func(t *testing.T) { // A byte is not held back until its group is complete.
		var r TextReader
		for i, c := range []struct {
			digit, want string
			inside      bool
		}{{"a", "", true}, {"G", "h", false}, {"l", "i", false}, {"l", "e", false}, {"a", "", true}, {"A", "h", false}, {"=", "", false}, {"=", "", false}} {
			if got, ok := decoded(t, &r, 9, c.digit); !ok || string(got) != c.want || r.Inside() != c.inside {
				t.Errorf("digit %d: %q, %v, inside %v; want %q, %v", i, got, ok, r.Inside(), c.want, c.inside)
			}
		}
	})
	t.Run("padding_that_is_missing_at_the_end", func(t *testing.T) {
		for text, want := range map[string]string{"aA": "h", "aA=": "h", "aGk": "hi"} {
			var r TextReader
			if got, ok := decoded(t, &r, 9, text); !ok || string(got) != want || r.Inside() {
				t.Errorf("%q: %q, %v, inside %v; want %q", text, got, ok, r.Inside(), want)
			}
		}
	})
	t.Run("both_alphabets", func(t *testing.T) {
		for _, text := range []string{"-_-_", "+/+/"} {
			var r TextReader
			if got, ok := decoded(t, &r, 9, text); !ok || string(got) != "\xfb\xff\xbf" {
				t.Errorf("%q: %q, %v", text, got, ok)
			}
		}
	})
}

// Line ends may stand at the end of the body, and nothing may follow them.
func TestTextReaderLines(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r\n\r\n", "\r"} {
		for text, want := range map[string]string{"aGll": "hie", "aGk=": "hi", "aGk": "hi", "": ""} {
			for limit := 1; limit < 5; limit++ {
				var r TextReader
				if got, ok := decoded(t, &r, limit, text, end); !ok || string(got) != want || r.Inside() {
					t.Errorf("%q, limit %d: %q, %v", text+end, limit, got, ok)
				}
				for _, more := range []string{"a", "="} {
					if _, ok := decoded(t, &r, limit, more); ok {
						t.Errorf("%q behind %q is taken", more, text+end)
					}
				}
			}
		}
	}
}

// A character that is not base64 is refused where it stands, after what came before it was decoded.
func TestTextReaderRefuses(t *testing.T) {
	for text, want := range map[string]struct {
		raw string
		at  int
	}{
		"=":        {"", 0},
		"a=":       {"", 1},
		"aGll=":    {"hie", 4},
		"aA===":    {"h", 4},
		"aGk==":    {"hi", 4},
		"aA=k":     {"h", 3},
		"aA=a====": {"h", 3},
		"aG k":     {"h", 2},
		"aGl\n\t":  {"hi", 4},
		"a\xffGk":  {"", 1},
		"aGll\x00": {"hie", 4},
		"{":        {"", 0},
		"aGll.":    {"hie", 4},
	} {
		for cut := 0; cut <= want.at; cut++ {
			var r TextReader
			raw, ok := decoded(t, &r, 9, text[:cut])
			chunk := []byte(text[cut:])
			n, next, bad := r.Decode(chunk, 0, 9)
			if raw = append(raw, chunk[:n]...); !ok || bad || cut+next != want.at || string(raw) != want.raw {
				t.Errorf("%q cut at %d: %q, %v, %v at %d; want %q, at %d", text, cut, raw, ok, bad, cut+next, want.raw, want.at)
			}
		}
	}
}

// Decode stops after the last byte that is wanted and the padding after it.
func TestTextReaderLimit(t *testing.T) {
	for text, stops := range map[string][]int{ // by limit, from 0
		"aGllaGll":     {0, 2, 3, 4, 6, 7, 8},
		"aA==aA==":     {0, 4, 8},
		"aGk=aGk=":     {0, 2, 4, 6, 8},
		"aGk=====":     {0, 2, -4},
		"aGll\xffaGll": {0, 2, 3, 4, -4},
	} {
		for limit, want := range stops {
			var r TextReader
			n, next, ok := r.Decode([]byte(text), 0, limit)
			if ok != (want >= 0) || next != max(want, -want) || ok && n != limit {
				t.Errorf("%q, limit %d: %d bytes up to %d, %v; want up to %d", text, limit, n, next, ok, want)
			}
		}
	}
	var r TextReader
	chunk := []byte("--aGll--")
	if n, next, ok := r.Decode(chunk, 2, 2); n != 2 || next != 5 || !ok || string(chunk) != "--hill--" {
		t.Errorf("%d bytes up to %d, %v: %q", n, next, ok, chunk)
	}
	if n, next, ok := r.Decode(chunk, len(chunk), 2); n != 0 || next != len(chunk) || !ok {
		t.Errorf("at the end: %d bytes up to %d, %v", n, next, ok)
	}
}

func TestAppendText(t *testing.T) {
	raw := []byte("\x00\xff\xfe\xfd any bytes, of any length ~~~???")
	for n := range len(raw) + 1 {
		if got, want := string(AppendText([]byte("before "), raw[:n])), "before "+base64.StdEncoding.EncodeToString(raw[:n]); got != want {
			t.Errorf("%d bytes: %s; want %s", n, got, want)
		}
	}
}

// FuzzTextReader compares with a decoder that decodes groups of four digits with the
// standard library. It also encodes any bytes and decodes them again.
func FuzzTextReader(f *testing.F) {
	f.Add(padded(parts...), []byte("hello"), uint8(3), uint8(2))
	f.Add("aGk=aA==aA", []byte{}, uint8(1), uint8(0))
	f.Add("aGk==aA=", []byte{0xff}, uint8(0), uint8(5))
	f.Fuzz(func(t *testing.T, text string, raw []byte, cut, limit uint8) {
		var chunks []string
		for rest, step := text, int(cut)+1; rest != ""; {
			n := min(step, len(rest))
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		var r TextReader
		got, ok := decoded(t, &r, int(limit)+1, chunks...)
		want, valid := straight(text)
		if ok = ok && !r.Inside(); ok != valid || ok && !bytes.Equal(got, want) {
			t.Errorf("%q is read as %q, %v; want %q, %v", text, got, ok, want, valid)
		}

		sent := string(AppendText(nil, raw))
		if want := base64.StdEncoding.EncodeToString(raw); sent != want {
			t.Errorf("%q is sent as %s; want %s", raw, sent, want)
		}
		var back TextReader
		if got, ok := decoded(t, &back, int(limit)+1, sent, sent); !ok || !bytes.Equal(got, append(bytes.Clone(raw), raw...)) {
			t.Errorf("%q twice comes back as %q, %v", raw, got, ok)
		}
	})
}

// straight decodes group by group. The last group may lack its padding.
func straight(text string) (raw []byte, ok bool) {
	text = strings.TrimRight(text, "\r\n")
	text = strings.NewReplacer("-", "+", "_", "/", "\r", ".", "\n", ".").Replace(text) // The library would ignore line ends.
	for ; text != ""; text = text[min(4, len(text)):] {
		group := text[:min(4, len(text))]
		if len(group) < 4 {
			group = strings.TrimSuffix(group, "=")
			if strings.HasPrefix(text, "=") || len(text) == 3 && text[1] == '=' {
				return nil, false
			}
			group += strings.Repeat("=", 4-len(group))
		}
		part, err := base64.StdEncoding.DecodeString(group)
		if err != nil {
			return nil, false
		}
		raw = append(raw, part...)
	}
	return raw, true
}
