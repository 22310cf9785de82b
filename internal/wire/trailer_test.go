package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

func fields(md metadata.MD) string {
	var lines []string
	for name, value := range md.All() {
		lines = append(lines, fmt.Sprintf("%s=%q", name, value))
	}
	return strings.Join(lines, " ")
}

func TestParseTrailer(t *testing.T) {
	for block, want := range map[string]string{
		"":                                 ``,
		"grpc-status:0\r\n":                `grpc-status="0"`,
		"Grpc-Status: 0\r\nX-A:b\r\n":      `grpc-status="0" x-a="b"`,
		"a:1\nb:2":                         `a="1" b="2"`,
		"a: 1\r\na: 2\r\nA: 1":             `a="1" a="2" a="1"`,
		"a: b: c\r\n":                      `a="b: c"`,
		"a:\r\n":                           `a=""`,
		"\r\n\r\na:1\r\n\r\n":              `a="1"`,
		"no colon\r\n: nameless\r\na:1":    `a="1"`,
		" a \t:\t 1 \r\n":                  `a="1"`,
		"a-bin: aGk\r\n":                   `a-bin="hi"`,
		"A-BIN: aGk=\r\n":                  `a-bin="hi"`,
		"a-bin: aGk, eW8=,\r\n":            `a-bin="hi" a-bin="yo" a-bin=""`,
		"a-bin: not base64!\r\n":           `a-bin="not base64!"`, // Some servers send raw bytes (SEMANTICS 5.2h).
		"a-bin:\r\n":                       `a-bin=""`,
		"a: 1, 2\r\n":                      `a="1, 2"`, // Only in values of -bin fields is a comma known to be a separator.
		"a:1\r\r\n":                        `a="1"`,
		"\x00:1\r\nb:\xff\r\n":             "\x00=\"1\" b=\"\\xff\"",
		"-bin: aGk\r\nbin: aGk\r\nx: aGk ": `-bin="hi" bin="aGk" x="aGk"`,
	} {
		if got := fields(ParseTrailer(block)); got != want {
			t.Errorf("%q: %s; want %s", block, got, want)
		}
	}
}

// TestMaxFields: nothing is made of what comes behind one field too many.
func TestMaxFields(t *testing.T) {
	for what, field := range map[string]string{"fields": "a: 1\r\n", "of nothing": "a:\n", "binary": "a-bin: AA\n"} {
		for n, want := range map[int]int{MaxFields: MaxFields, MaxFields + 1: MaxFields + 1, 300_000: MaxFields + 1} {
			if got := ParseTrailer(strings.Repeat(field, n)).Len(); got != want {
				t.Errorf("%d %s: %d are read; want %d", n, what, got, want)
			}
		}
	}
	for n, want := range map[int]int{MaxFields - 1: MaxFields, MaxFields: MaxFields + 1, 1_000_000: MaxFields + 1} {
		var md metadata.MD
		if ReceiveField(&md, "x-bin", strings.Repeat(",", n)+"AA"); md.Len() != want {
			t.Errorf("%d commas: %d values are read; want %d", n, md.Len(), want)
		}
		if ReceiveField(&md, "y", "1"); md.Len() != min(want+1, MaxFields+1) {
			t.Errorf("%d commas, and another field: %d", n, md.Len())
		}
	}
	for list, want := range map[string]int{
		"": 1, ",": 1, " , ,\t,": 1, strings.Repeat(",", MaxFields-1): 1, strings.Repeat(",", MaxFields): MaxFields + 1, ",AA": 2, "AA,,": 3,
	} {
		var md metadata.MD
		if ReceiveField(&md, "x-bin", list); md.Len() != want {
			t.Errorf("%.20q: %d values are read; want %d", list, md.Len(), want)
		}
	}
	var text metadata.MD
	if ReceiveField(&text, "x", ",,"); text.Get("x") != ",," {
		t.Errorf("a text of commas is read as %q", text.Get("x"))
	}
	var ours metadata.MD // of the application's own nothing may be lost
	AppendField(&ours, "x-bin", strings.Repeat(",", 2*MaxFields))
	if AppendField(&ours, "y", "1"); ours.Len() != 2*MaxFields+2 {
		t.Errorf("%d fields of ours", ours.Len())
	}
	block := "grpc-status: 0\r\nx-bin: " + strings.Repeat(",", 1_000_000) + "\r\n"
	if n := testing.AllocsPerRun(5, func() { ParseTrailer(block) }); n > 100 {
		t.Errorf("%.0f allocations for a block of commas", n)
	}
}

func TestLowerASCII(t *testing.T) {
	for in, want := range map[string]string{"": "", "az-09": "az-09", "A": "a", "Z": "z", "x-Z": "x-z", "aAzZ@[`{": "aazz@[`{", "ÄÖ": "ÄÖ"} {
		if got := LowerASCII(in); got != want {
			t.Errorf("%q: %q; want %q", in, got, want)
		}
	}
}

func TestAppendTrailer(t *testing.T) {
	got := string(AppendTrailer([]byte("before|"), metadata.New("grpc-status", "0", "X-Bin", "\x00\xff", "x", "1", "x", "2")))
	if want := "before|grpc-status: 0\r\nx-bin: AP8\r\nx: 1\r\nx: 2\r\n"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

// FuzzTrailer checks that what is written can be read again, with names in any case and
// with or without the last CRLF, and that no block of bytes panics.
func FuzzTrailer(f *testing.F) {
	f.Add("grpc-status", "0", "x-bin", "\x00\xff", "x: 1\r\ny\n:\n")
	f.Add("a", "", "a", "b", "a-bin: ,,=,====\r")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2, block string) {
		if again := ParseTrailer(string(AppendTrailer(nil, ParseTrailer(block)))); clean(block) && fields(again) != fields(ParseTrailer(block)) {
			t.Errorf("%q is read as %s, and written and read again as %s", block, fields(ParseTrailer(block)), fields(again))
		}
		md := metadata.New(name1, value1, name2, value2, name1, value2)
		if md.Validate() != nil || !trimmed(name1, value1) || !trimmed(name1, value2) || !trimmed(name2, value2) {
			return
		}
		written := string(AppendTrailer(nil, md))
		for what, block := range map[string]string{
			"as written":   written,
			"without CRLF": strings.TrimSuffix(written, "\r\n"),
			"LF alone":     strings.ReplaceAll(written, "\r\n", "\n"),
			"upper case":   upperNames(written),
		} {
			if got := ParseTrailer(block); fields(got) != fields(md) {
				t.Errorf("%s, %q: %s; want %s", what, block, fields(got), fields(md))
			}
		}
	})
}

// clean reports whether the lines have nothing but printable ASCII, so that trimming and
// rewriting them changes nothing.
func clean(block string) bool {
	for i := range len(block) {
		if c := block[i]; (c < ' ' || c > '~') && c != '\n' {
			return false
		}
	}
	return true
}

func trimmed(name, value string) bool {
	return metadata.IsBinary(name) || strings.TrimSpace(value) == value
}

func upperNames(block string) string {
	lines := strings.Split(block, "\r\n")
	for i, line := range lines {
		if name, value, ok := strings.Cut(line, ":"); ok {
			lines[i] = strings.ToUpper(name) + ":" + value
		}
	}
	return strings.Join(lines, "\r\n")
}
