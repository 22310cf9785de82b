package plan

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// SEMANTICS 2.6: one decimal integer in 0..2³¹−1 is a delay; all else says stop.
func TestPushbackOf(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   Pushback
	}{
		{nil, NoPushback},
		{[]string{"0"}, 0},
		{[]string{"10000"}, 10000},
		{[]string{" 7\t"}, 7},
		{[]string{"+7"}, 7},
		{[]string{"007"}, 7},
		{[]string{"2147483647"}, 2147483647},
		{[]string{"2147483648"}, PushbackStop},
		{[]string{"99999999999999999999"}, PushbackStop},
		{[]string{"-1"}, PushbackStop},
		{[]string{"-0"}, PushbackStop},
		{[]string{""}, PushbackStop},
		{[]string{" "}, PushbackStop},
		{[]string{"+"}, PushbackStop},
		{[]string{"++1"}, PushbackStop},
		{[]string{"1.5"}, PushbackStop},
		{[]string{"1s"}, PushbackStop},
		{[]string{"1, 2"}, PushbackStop}, // how a browser joins two
		{[]string{"1", "2"}, PushbackStop},
		{[]string{"1", "1"}, PushbackStop},
	} {
		var md metadata.MD
		for _, value := range c.values {
			md.Append("Grpc-Retry-Pushback-Ms", value)
		}
		if got := PushbackOf(md); got != c.want {
			t.Errorf("%q: %d; want %d", c.values, got, c.want)
		}
	}
}

func TestDelay(t *testing.T) {
	for p, want := range map[Pushback]Duration{0: 0, 70: 70 * Millisecond, 2147483647: 2147483647 * Millisecond} {
		if d, ok := p.Delay(); !ok || d != want {
			t.Errorf("%d: %d, %v", p, d, ok)
		}
	}
	for _, p := range []Pushback{NoPushback, PushbackStop} {
		if _, ok := p.Delay(); ok {
			t.Errorf("%d is a delay", p)
		}
	}
}

// FuzzPushback compares with the standard library, which reads signs too.
func FuzzPushback(f *testing.F) {
	for _, text := range []string{"0", " 7\t", "+7", "-1", "2147483648", "1, 2", "0x7", "1_0", "٣", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := PushbackStop
		trimmed := strings.Trim(text, " \t")
		if n, err := strconv.ParseInt(trimmed, 10, 64); err == nil && n <= math.MaxInt32 && trimmed[0] != '-' {
			want = Pushback(n)
		}
		got := PushbackOf(metadata.New(PushbackHeader, text))
		if got != want {
			t.Errorf("%q is %d; want %d", text, got, want)
		}
		if after, is := got.Delay(); is != (got != PushbackStop) || after < 0 {
			t.Errorf("%q is a delay of %d, %v", text, after, is)
		}
	})
}
