package text_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hedgerow-web/hedgerow/internal/text"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":             `""`,
		"plain":        `"plain"`,
		"a b":          `"a b"`,
		`"\`:           `"\"\\"`,
		"a\nb\x00\x7f": `"a\x0ab\x00\x7f"`,
		"grüße":        `"grüße"`,
	} {
		if got := text.Quote(in); got != want {
			t.Errorf("Quote(%q) is %s; want %s", in, got, want)
		}
	}
}

func TestChar(t *testing.T) {
	for _, c := range []rune{'a', ' ', '~', '\'', '\\', '"', '\n', '\ufeff', '\uffff', '\U00010000', 'ü', '😀'} {
		if got, want := text.Char(c), strconv.QuoteRuneToASCII(c); got != want {
			t.Errorf("Char(%U) is %s; want %s", c, got, want)
		}
	}
	if got, want := text.Char(0), `'\u0000'`; got != want {
		t.Errorf("Char(0) is %s; want %s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "007": 7, "42": 42, "9223372036854775807": math.MaxInt64} {
		if got, ok := text.Number(in); !ok || got != want {
			t.Errorf("Number(%q) is %d, %v; want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-1", "+1", " 1", "1.5", "1e3", "x", "9223372036854775808", "99999999999999999999"} {
		if got, ok := text.Number(in); ok {
			t.Errorf("Number(%q) is %d; the text is not a number", in, got)
		}
	}
}

func TestList(t *testing.T) {
	if text.List([]string{"a", "b"}) != "a, b" || text.List(nil) != "" {
		t.Error("header names are joined otherwise than by a comma and a space")
	}
}

func TestDecimal(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 9, 10, 4294967295, math.MaxInt64, math.MinInt64} {
		if got, want := text.Decimal(n), strconv.FormatInt(n, 10); got != want {
			t.Errorf("Decimal(%d) is %s", n, got)
		}
	}
	if got := text.Decimal(uint32(math.MaxUint32)); got != "4294967295" {
		t.Errorf("Decimal of the largest uint32 is %s", got)
	}
}

func TestCutAndCount(t *testing.T) {
	for _, in := range []string{"", ":", "a", "a:b", "a:b:c", ":b", "a:"} {
		before, after, found := strings.Cut(in, ":")
		if b, a, f := text.Cut(in, ':'); b != before || a != after || f != found {
			t.Errorf("Cut(%q) is %q, %q, %v; want %q, %q, %v", in, b, a, f, before, after, found)
		}
		if got, want := text.Count(in, ':'), strings.Count(in, ":"); got != want {
			t.Errorf("Count(%q) is %d; want %d", in, got, want)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct{ b, s string }{{"", ""}, {"ab", "ab"}, {"ab", "ac"}, {"ab", "cb"}, {"ab", "a"}, {"a", "ab"}, {"", "a"}} {
		if got := text.Equal([]byte(c.b), c.s); got != (c.b == c.s) {
			t.Errorf("%q and %q: %v", c.b, c.s, got)
		}
	}
}

func TestTrim(t *testing.T) {
	for in, want := range map[string]string{"": "", " ": "", "a": "a", " a b\t": "a b", "\r\n\v\fa\r\n": "a", "\u00a0a": "\u00a0a"} {
		if got := text.Trim(in); got != want {
			t.Errorf("Trim(%q) is %q; want %q", in, got, want)
		}
	}
}

func TestClause(t *testing.T) {
	for in, want := range map[string]string{"": "", ".": "", "a": "a", "a.": "a", "a..": "a", "a.b": "a.b"} {
		if got := text.Clause(in); got != want {
			t.Errorf("Clause(%q) is %q; want %q", in, got, want)
		}
	}
}

func TestIndex(t *testing.T) {
	var index text.Index
	if index.Find("") != -1 || index.Len() != 0 {
		t.Error("something is found in an empty index")
	}
	for i := range 10_000 {
		if s := strconv.Itoa(i); index.Find(s) != -1 {
			t.Fatalf("%s is found before it is added", s)
		} else if index.Add(s); index.Find(s) != i || index.Len() != i+1 {
			t.Fatalf("%s has number %d of %d", s, index.Find(s), index.Len())
		}
	}
	for i := range 10_000 {
		if got := index.Find(strconv.Itoa(i)); got != i {
			t.Fatalf("%d has number %d", i, got)
		}
	}
}

func TestSpan(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 ms", 999: "0 ms", 1_000: "0.001 ms", 1_050_000: "1.05 ms", 250_000_000: "250 ms", 999_999_999: "999.999 ms", 1_000_000_000: "1 s",
		1_500_000_000: "1.5 s", 1_234_567_890: "1.234 s", 60_000_000_000: "60 s", 1<<63 - 1: "9223372036.854 s",
	} {
		if got := text.Span(ns); got != want {
			t.Errorf("%d: %q; want %q", ns, got, want)
		}
	}
}

// FuzzText compares with the standard library, for which this package stands in.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "9223372036854775807", "9223372036854775808", "-1", " a.b. ", "\"\\\x00\x7f", "é..", "\v\f"} {
		f.Add(text, byte('.'))
	}
	f.Fuzz(func(t *testing.T, s string, separator byte) {
		n, ok := text.Number(s)
		want, err := strconv.ParseInt(s, 10, 64)
		if digits := strings.Trim(s, "0123456789") == ""; ok != (err == nil && digits) || ok && n != want {
			t.Errorf("%q is the number %d, %v; want %d, %v", s, n, ok, want, err)
		}
		before, after, found := text.Cut(s, separator)
		if b, a, is := strings.Cut(s, string([]byte{separator})); b != before || a != after || is != found {
			t.Errorf("%q is cut to %q and %q, %v", s, before, after, found)
		}
		if got := text.Count(s, separator); got != strings.Count(s, string([]byte{separator})) {
			t.Errorf("%q has %d of %q", s, got, separator)
		}
		if got := text.Trim(s); got != strings.Trim(s, " \t\n\v\f\r") {
			t.Errorf("%q is trimmed to %q", s, got)
		}
		if got := text.Clause(s); got != strings.TrimRight(s, ".") {
			t.Errorf("%q goes on as %q", s, got)
		}
		if back, err := strconv.Unquote(text.Quote(s)); utf8.ValidString(s) && (err != nil || back != s) {
			t.Errorf("%q is quoted as %s, which is %q, %v", s, text.Quote(s), back, err)
		}
		if !text.Equal([]byte(s), s) || text.Equal([]byte(s), s+"x") {
			t.Errorf("%q is not equal to itself", s)
		}
	})
}
