package plan

import (
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
