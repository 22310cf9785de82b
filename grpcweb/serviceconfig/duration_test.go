package serviceconfig

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// Scenario 8. There is no locale to set: neither direction asks for one, and a
// comma is refused whatever the machine's language.
func testDurations(t *testing.T) {
	for text, want := range map[string]plan.Duration{
		"0s":                     0,
		"-0s":                    0,
		"1s":                     plan.Second,
		"1.0s":                   plan.Second,
		"0.000000001s":           1,
		"-0.000000001s":          -1,
		".01s":                   10 * plan.Millisecond,
		"-.5s":                   -500 * plan.Millisecond,
		"1.s":                    plan.Second,
		"007s":                   7 * plan.Second,
		"1.000340012s":           1_000_340_012,
		"9223372036.854775807s":  math.MaxInt64,
		"9223372036.854775808s":  math.MaxInt64, // from here on it saturates
		"315576000000s":          math.MaxInt64,
		"-9223372036.854775808s": math.MinInt64,
		"-315576000000.0s":       math.MinInt64,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "s", ".s", "-", "-s", "-.s", "0", "5m", "1xs", "1,1s", "1e3s", "1.2.3s", "+1s", "--1s", "1 s", " 1s", "1s ", "1ss", "1S", "1_0s", "٣s",
		"0.0000000001s", "1.0000000000s", "315576000001s", "315576000000.000000001s", "-315576000000.000000001s", "-315576000001s", "99999999999999999999s", "-99999999999999999999s",
	} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
	for text, word := range map[string]string{`"5m"`: "in seconds", `"0.1234567891s"`: "9 digits", `"315576000001s"`: "315576000000s"} {
		refused(t, withHedging(`"hedgingDelay": `+text), "methodConfig[0].hedgingPolicy.hedgingDelay", word, "found "+text)
	}
	for d, want := range map[plan.Duration]string{
		0: "0s", 1: "0.000000001s", -1: "-0.000000001s", plan.Second: "1s", 1500 * plan.Millisecond: "1.5s", 93 * plan.Millisecond: "0.093s",
		math.MaxInt64: "9223372036.854775807s", math.MinInt64: "-9223372036.854775808s",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, d := range []int64{0, 1, -1, 1e9, 1500e6, -250e6, math.MaxInt64, math.MinInt64} {
		f.Add(d, FormatDuration(plan.Duration(d)))
	}
	for _, text := range []string{".01s", "1.s", "-0s", "1e3s", "315576000000s", "0.0000000001s", "1,1s", "", "-9227000000000000000s"} {
		f.Add(int64(0), text)
	}
	f.Fuzz(func(t *testing.T, d int64, text string) {
		written := FormatDuration(plan.Duration(d))
		if back, err := ParseDuration(written); err != nil || int64(back) != d {
			t.Errorf("%d is written %q and read as %d, %v", d, written, back, err)
		}
		got, err := ParseDuration(text)
		want, ok := referenceDuration(text)
		if (err == nil) != ok || got != want {
			t.Errorf("%q: got %d, %v; the reference has %d, %v", text, got, err, want, ok)
		}
	})
}

// TestDecimal is about the corners that no config has.
func TestDecimal(t *testing.T) {
	for text, want := range map[string]struct {
		n     int64
		whole bool
	}{
		"0": {0, true}, "-0.000": {0, true}, "0e99999999999": {0, true}, "0e-99999999999": {0, true},
		"1e-99999999999": {0, false}, "1e99999999999": {math.MaxInt64, true}, "-1E+99999999999": {math.MinInt64, true},
		"9223372036854775807": {math.MaxInt64, true}, "9223372036854775808": {math.MaxInt64, true}, "18446744073709551616": {math.MaxInt64, true},
		"-9223372036854775807": {-math.MaxInt64, true}, "-9223372036854775808": {math.MinInt64, true}, "-9223372036854775809": {math.MinInt64, true},
		"9223372036854775806.5":                  {math.MaxInt64 - 1, false},
		"1" + strings.Repeat("0", 400) + "e-400": {1, true}, "0." + strings.Repeat("0", 399) + "1e400": {1, true},
		"1.50e1": {15, true}, "1.55e1": {15, false}, "-2.5": {-2, false},
	} {
		if n, whole := decimalOf(text).scaled(0); n != want.n || whole != want.whole {
			t.Errorf("%.60s: got %d, %v, want %d, %v", text, n, whole, want.n, want.whole)
		}
	}
}

func TestFloat(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-0": 0, "2": 2, "1.5": 1.5, "1.6": 1.6, "0.1": 0.1, "0.3": 0.3, "0.7": 0.7, "-3.25": -3.25, "1e22": 1e22, "123456789012345e-10": 123456789012345e-10,
		"1e400": math.Inf(1), "-1e400": math.Inf(-1), "1e-400": math.SmallestNonzeroFloat64,
		"1" + strings.Repeat("0", 400) + "e-400": 1,
	} {
		if got := decimalOf(text).float(); got != want {
			t.Errorf("%.60s: got %v, want %v", text, got, want)
		}
	}
}

func TestParseRatio(t *testing.T) {
	for text, want := range map[string]int{"0.1": 100, "0.5466": 546, "1.001": 1001, "1e-05": 0, "1e-3": 1, "1e+21": highestRatio, "-0.1": -1, "-1e400": -1, "0": 0, "10": 10000} {
		if got, err := ParseRatio(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "NaN", "+Inf", "-Inf", "0x1p-2", ".5", "5.", "1,5", `"1"`, "[1]"} {
		if got, err := ParseRatio(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

// ratBetween clamps, for the references in these tests.
func ratBetween(r *big.Rat, lowest, highest int64) int64 {
	n := new(big.Int).Quo(r.Num(), r.Denom())
	switch {
	case n.Cmp(big.NewInt(lowest)) < 0:
		return lowest
	case n.Cmp(big.NewInt(highest)) > 0:
		return highest
	}
	return n.Int64()
}

// FuzzRatio compares with math/big. Which text is a number at all, encoding/json says.
func FuzzRatio(f *testing.F) {
	for _, text := range []string{"0.1", "1e-3", "-1e400", "0.5466", "10", "1e+21", "NaN", " 1", "1 ", "01", "-0", "0x1", "1e99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseRatio(text)
		var number json.Number
		trimmed := strings.Trim(text, " \t\r\n")
		is := json.Unmarshal([]byte(text), &number) == nil && string(number) == trimmed
		if (err == nil) != is {
			t.Errorf("%q: %d, %v; is it a number: %v", text, got, err, is)
		}
		if !is || hugeExponent.MatchString(text) {
			return
		}
		exact, ok := new(big.Rat).SetString(trimmed)
		if !ok {
			t.Fatalf("math/big does not read %q", trimmed)
		}
		if want := ratBetween(exact.Mul(exact, big.NewRat(1000, 1)), -1, highestRatio); int64(got) != want {
			t.Errorf("%q: %d; want %d", text, got, want)
		}
	})
}
