package wire

import (
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// maxTimeoutValue is the largest number of a grpc-timeout, which has at most eight
// digits (PROTOCOL-HTTP2).
const maxTimeoutValue = 99_999_999

// FormatTimeout writes a timeout, given in nanoseconds, for grpc-timeout: in whole
// milliseconds, rounded up, or in a coarser unit if eight digits are too few (SEMANTICS
// 5.6a). The timeout must be above 0, because a call that has no time left is never
// sent.
func FormatTimeout(ns int64) string {
	value, unit := roundUp(ns, 1_000_000), byte('m')
	for _, coarser := range [...]struct {
		ns   int64
		unit byte
	}{{1e9, 'S'}, {60e9, 'M'}, {3600e9, 'H'}} {
		if value <= maxTimeoutValue {
			break
		}
		value, unit = roundUp(ns, coarser.ns), coarser.unit
	}
	return text.Decimal(value) + string(unit)
}

func roundUp(n, unit int64) int64 {
	whole := n / unit
	if n%unit > 0 {
		whole++
	}
	return whole
}

// ParseTimeout reads a grpc-timeout as servers do, and returns nanoseconds. ok is false
// if the text is not a timeout. One that is too long for an int64 becomes the largest.
func ParseTimeout(timeout string) (ns int64, ok bool) {
	if len(timeout) < 2 || len(timeout) > 9 {
		return 0, false
	}
	unit, ok := timeoutUnit(timeout[len(timeout)-1])
	if !ok {
		return 0, false
	}
	value, ok := text.Number(timeout[:len(timeout)-1])
	if !ok {
		return 0, false
	}
	if value > (1<<63-1)/unit {
		return 1<<63 - 1, true
	}
	return value * unit, true
}

func timeoutUnit(c byte) (ns int64, ok bool) {
	switch c {
	case 'n':
		return 1, true
	case 'u':
		return 1e3, true
	case 'm':
		return 1e6, true
	case 'S':
		return 1e9, true
	case 'M':
		return 60e9, true
	case 'H':
		return 3600e9, true
	}
	return 0, false
}
