package wire

import (
	"math"
	"testing"
)

func TestFormatTimeout(t *testing.T) {
	const ms, second, minute, hour = 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000
	for ns, want := range map[int64]string{
		1:                      "1m", // It is rounded up, never to 0.
		ms:                     "1m",
		ms + 1:                 "2m",
		1500 * ms:              "1500m",
		99_999_999 * ms:        "99999999m",
		99_999_999*ms + 1:      "100000S",
		100_000 * second:       "100000S",
		99_999_999 * second:    "99999999S",
		99_999_999*second + 1:  "1666667M",
		99_999_999 * minute:    "99999999M",
		99_999_999*minute + 1:  "1666667H",
		2_000_000 * hour:       "2000000H",
		math.MaxInt64:          "2562048H",
		math.MaxInt64 / 2:      "76861434M",
		100*minute + 1*ms:      "6000001m",
		99_999_999*ms - ms + 1: "99999999m",
	} {
		if got := FormatTimeout(ns); got != want {
			t.Errorf("%d ns: %s; want %s", ns, got, want)
		}
	}
}

func TestParseTimeout(t *testing.T) {
	for text, want := range map[string]int64{
		"1n": 1, "2u": 2_000, "3m": 3_000_000, "4S": 4_000_000_000, "5M": 300_000_000_000, "6H": 21_600_000_000_000,
		"0m": 0, "00000007n": 7, "99999999n": 99_999_999, "99999999H": math.MaxInt64,
		"2562047H": 2_562_047 * 3_600_000_000_000, "2562048H": math.MaxInt64, // the last that an int64 can hold, and the first that it cannot
	} {
		if got, ok := ParseTimeout(text); !ok || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "m", "5", "100000000m", "-1m", "+1m", "1.5S", "1 S", " 1S", "1s", "1h", "1_0m", "０m"} {
		if got, ok := ParseTimeout(text); ok {
			t.Errorf("%q is taken for %d ns", text, got)
		}
	}
}

// FuzzTimeout checks that the timeout that is sent is never shorter than the time that
// is left, and at most one unit longer.
func FuzzTimeout(f *testing.F) {
	f.Add(int64(1), "1n")
	f.Add(int64(99_999_999_000_001), "99999999H")
	f.Add(int64(math.MaxInt64), "x")
	f.Fuzz(func(t *testing.T, ns int64, text string) {
		if ns > 0 {
			sent := FormatTimeout(ns)
			got, ok := ParseTimeout(sent)
			unit, _ := timeoutUnit(sent[len(sent)-1])
			if !ok || got < ns || len(sent) > 9 || got != math.MaxInt64 && got-ns >= unit {
				t.Errorf("%d ns goes out as %s, which is %d, %v", ns, sent, got, ok)
			}
		}
		if got, ok := ParseTimeout(text); ok && (got < 0 || len(text) > 9) {
			t.Errorf("%q is taken for %d", text, got)
		}
	})
}
