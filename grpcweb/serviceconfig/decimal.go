package serviceconfig

import (
	"errors"
	"math"
)

// decimal is a number exactly as it was written, digits × 10^exponent. As a
// float64, 1.001 would be 1.000 in thousandths, and 2⁵³+1 would be 2⁵³.
type decimal struct {
	negative bool
	digits   []byte // without leading zeros; none is 0
	exponent int
}

// maxExponent is as good as any higher one: no text has so many digits.
const maxExponent = 100_000_000

// decimalOf takes a number apart that is known to be well-formed.
func decimalOf(text string) decimal {
	var d decimal
	step := 0 // what a digit does to the exponent: from the point on, each is a decimal
	for i := range len(text) {
		switch c := text[i]; {
		case c == '-':
			d.negative = true
		case c == '.':
			step = 1
		case c == 'e' || c == 'E':
			d.exponent += exponentOf(text[i+1:])
			return d
		default:
			d.exponent -= step
			if c != '0' || len(d.digits) > 0 {
				d.digits = append(d.digits, c)
			}
		}
	}
	return d
}

func exponentOf(text string) int {
	n, sign := 0, 1
	for i := range len(text) {
		switch c := text[i]; c {
		case '-':
			sign = -1
		case '+':
		default:
			n = min(n*10+int(c-'0'), maxExponent)
		}
	}
	return n * sign
}

// scaled is the number × 10^places, cut to a whole number and saturated to
// int64, and whether nothing was cut away.
func (d decimal) scaled(places int) (n int64, whole bool) {
	point := len(d.digits) + d.exponent + places
	whole = true
	for i := max(point, 0); i < len(d.digits); i++ {
		whole = whole && d.digits[i] == '0'
	}
	size := d.upTo(point)
	switch {
	case !d.negative:
		return int64(min(size, math.MaxInt64)), whole
	case size > math.MaxInt64:
		return math.MinInt64, whole
	default:
		return -int64(size), whole
	}
}

// upTo is the number that the digits before the point make, zeros filling what
// is missing. It saturates.
func (d decimal) upTo(point int) uint64 {
	var n uint64
	if len(d.digits) == 0 {
		return n
	}
	for i := range max(point, 0) {
		if n > math.MaxUint64/10-1 {
			return math.MaxUint64
		}
		n *= 10
		if i < len(d.digits) {
			n += uint64(d.digits[i] - '0')
		}
	}
	return n
}

// float is the nearest float64 for numbers of up to 15 digits, and next to it
// for others. It is ±Inf beyond the range, but 0 only for 0.
// strconv.ParseFloat would cost a browser 3.6 KB for the last digit.
func (d decimal) float() float64 {
	if len(d.digits) == 0 {
		return 0
	}
	kept := min(len(d.digits), 19)
	f := float64(d.upTo(kept))
	if exponent := d.exponent + len(d.digits) - kept; exponent < 0 {
		f /= math.Pow10(-exponent)
	} else {
		f *= math.Pow10(exponent)
	}
	f = max(f, math.SmallestNonzeroFloat64)
	if d.negative {
		return -f
	}
	return f
}

// highestRatio fills the biggest bucket at once, so that no higher ratio does more.
const highestRatio = 1000 * 1000

// ParseRatio reads a tokenRatio, a JSON number such as "0.1" or "5e-1", in
// thousandths; further decimals are dropped (SEMANTICS 1.4 V20). What is above
// 1000 counts as 1000. Whether the ratio is high enough is for Validate to say.
func ParseRatio(text string) (thousandths int, err error) {
	r := reader{text: text}
	v := r.document()
	if r.problem != nil || v.kind != number {
		return 0, errors.New("must be " + wantNumber)
	}
	return ratioOf(text[v.from:v.to]), nil
}

func ratioOf(raw string) int {
	n, _ := decimalOf(raw).scaled(3)
	return int(max(min(n, highestRatio), -1))
}
