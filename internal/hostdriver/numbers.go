package hostdriver

import (
	"math"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// JavaScript's numbers are floats. They may be NaN, negative or infinite, and compilers
// differ in how they convert a float that does not fit an integer. So each number is
// bounded here before the core gets it. Inlining these widely used functions would add
// kilobytes to the WebAssembly.

// The bounds leave room for sums and differences: the difference between any two
// instants is a span that fits 64 bits. They are 73 years, which a clock that counts
// from 1970 reaches in 2043, and 146 years.
const (
	latest  plan.Duration = 1 << 61
	longest plan.Duration = 1 << 62
)

// nanoseconds rounds to the nearest nanosecond. A whole number of nanoseconds that was
// converted to milliseconds must convert back to the same number, or else a timer would
// fire a nanosecond early again and again.
//
//go:noinline
func nanoseconds(ms float64, bound plan.Duration) plan.Duration {
	ns := ms * float64(plan.Millisecond)
	switch {
	case ns >= float64(bound):
		return bound
	case ns <= -float64(bound):
		return -bound
	}
	return plan.Duration(math.RoundToEven(ns))
}

// instant converts a reading of JavaScript's clock. NaN is not an instant: the previous
// event's is used instead.
//
//go:noinline
func (d *Driver) instant(ms float64) plan.Duration {
	if ms != ms {
		return d.now
	}
	return nanoseconds(ms, latest)
}

// span converts a number of milliseconds. Infinity and NaN become Never, and so does a
// span that is longer than anybody would wait.
func span(ms float64) plan.Duration {
	if ms != ms {
		return plan.Never
	}
	if d := nanoseconds(ms, longest); d < longest {
		return d
	}
	return plan.Never
}

func milliseconds(d plan.Duration) float64 {
	if d == plan.Never {
		return math.Inf(1)
	}
	return float64(d) / float64(plan.Millisecond)
}

// due converts an instant to JavaScript's clock, rounding up. Large floats are coarser
// than nanoseconds, so the nearest one may be before the instant. A timer set to that
// would fire too early and be set to the same number again, for ever.
func due(at plan.Duration) float64 {
	ms := milliseconds(at)
	for nanoseconds(ms, plan.Never) < at {
		ms = math.Nextafter(ms, math.Inf(1))
	}
	return ms
}

// byteCount converts a length in bytes. JavaScript's integers are exact up to 2^53.
func byteCount(n float64) int64 {
	const most = 1 << 53
	switch {
	case n >= most:
		return most
	case n > 0:
		return int64(n)
	}
	return 0
}

// limit converts a limit in bytes. Infinity means no limit.
func limit(n float64) int64 {
	if n >= float64(channel.Unlimited) {
		return channel.Unlimited
	}
	return byteCount(n)
}

// count converts a number of things in memory. Every size of int can hold the result.
func count(n uint32) int { return int(min(n, math.MaxInt32)) }
