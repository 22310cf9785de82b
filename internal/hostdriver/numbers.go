package hostdriver

import (
	"math"

	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// JavaScript's numbers are floats: they may be NaN, negative or infinite, and the
// conversion of what an integer does not hold differs between compilers. So each
// is bounded here before it becomes one of the core's. What stands everywhere is
// not inlined: it would weigh kilobytes.

// The bounds leave room to add and to subtract: the difference of any two
// instants is a span that 64 bits hold. They are 73 years, which a clock that
// counts from 1970 keeps to until 2043, and 146 years.
const (
	latest  plan.Duration = 1 << 61
	longest plan.Duration = 1 << 62
)

// nanoseconds rounds: a millisecond's fraction that came from a whole number of
// nanoseconds must lead back to it, or a timer would fire a nanosecond early for ever.
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

// instant is a reading of JavaScript's clock. NaN is no instant: none is later
// than the one before.
//
//go:noinline
func (d *Driver) instant(ms float64) plan.Duration {
	if ms != ms {
		return d.now
	}
	return nanoseconds(ms, latest)
}

// span is a number of milliseconds. Infinity, as what is longer than anybody
// waits, is Never, and so is NaN.
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

// due is an instant of JavaScript's clock that is not before at, and hardly
// later. Where floats are coarser than nanoseconds the nearest one may be before
// it, and a timer that was set for that would be set for it again, for ever.
func due(at plan.Duration) float64 {
	ms := milliseconds(at)
	for nanoseconds(ms, plan.Never) < at {
		ms = math.Nextafter(ms, math.Inf(1))
	}
	return ms
}

// byteCount is how long something is: JavaScript's integers are exact up to 2^53.
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

// limit is a number of bytes: Infinity is no limit.
func limit(n float64) int64 {
	if n >= float64(channel.Unlimited) {
		return channel.Unlimited
	}
	return byteCount(n)
}

// count is a number of things that lie in memory, as an int of any size holds it.
func count(n uint32) int { return int(min(n, math.MaxInt32)) }
