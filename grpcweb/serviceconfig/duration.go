package serviceconfig

import (
	"errors"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// maxSeconds is the range of a proto3 JSON Duration, some 10,000 years either way.
const maxSeconds = 315_576_000_000

// Why a text is no duration.
var (
	errDuration = errors.New("must be " + wantDuration)
	errFraction = errors.New("must have at most 9 digits after the point")
	errRange    = errors.New("must be within 315576000000s either way")
)

// ParseDuration reads a proto3 JSON Duration: decimal seconds with at most nine
// decimals and an s, such as "1.5s". A digit may be missing on one side of the
// point. What nanoseconds in an int64 cannot hold, about 292 years, saturates
// (SEMANTICS 1.2).
func ParseDuration(written string) (plan.Duration, error) {
	seconds, unit := strings.CutSuffix(written, "s")
	whole, fraction, _ := text.Cut(strings.TrimPrefix(seconds, "-"), '.')
	switch {
	case !unit || whole+fraction == "" || !digitsOnly(whole+fraction):
		return 0, errDuration
	case len(fraction) > 9:
		return 0, errFraction
	}
	exact := decimalOf(seconds)
	if !withinRange(exact) {
		return 0, errRange
	}
	n, _ := exact.scaled(9)
	return plan.Duration(n), nil
}

func withinRange(seconds decimal) bool {
	n, whole := seconds.scaled(0)
	atEnd := n == maxSeconds || n == -maxSeconds
	return -maxSeconds < n && n < maxSeconds || atEnd && whole
}

func digitsOnly(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// FormatDuration writes a duration as ParseDuration reads it, with no more
// decimals than it needs: "1.5s".
func FormatDuration(d plan.Duration) string {
	sign, n := "", uint64(d)
	if d < 0 {
		sign, n = "-", -n
	}
	said := sign + text.Decimal(int64(n/1e9))
	if nanos := n % 1e9; nanos != 0 {
		nine := text.Decimal(int64(1e9 + nanos))[1:] // with its leading zeros
		said += "." + strings.TrimRight(nine, "0")
	}
	return said + "s"
}
