package hedge

import (
	"math/bits"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// sketch remembers how long the latest attempts took, as a histogram whose bars are a
// quarter of an octave wide: from 65 µs up to 69 s, in 160 bytes. What is newer weighs
// more: after memory attempts, an older one counts 1/e of what it did.
type sketch struct {
	bars   [bars]uint16
	weight uint32 // of the next attempt, in 1/65536; from firstWeight to twice that
}

const (
	bars        = 80
	lowest      = 16 // 2^16 ns: below the second bar
	memory      = 200
	firstWeight = 160 << 16 // so that all bars together stay below 2^16
)

// bar is the index of the bar that holds a span.
func bar(d plan.Duration) int {
	ns := uint64(max(d, 0))
	if ns < 1<<lowest {
		return 0
	}
	octave := bits.Len64(ns) - 1
	return min((octave-lowest)*4+int(ns>>(octave-2)&3), bars-1)
}

// edge is the shortest span of a bar.
func edge(bar int) plan.Duration {
	return plan.Duration(4+bar&3) << (bar/4 + lowest - 2)
}

// total is the weight of all attempts.
func (s *sketch) total() (sum uint32) {
	for _, n := range s.bars {
		sum += uint32(n)
	}
	return sum
}

// next is what the next attempt weighs. Instead of making all older ones lighter each
// time, each weighs a little more than the one before; when it weighs twice as much as
// the first one did, all are halved.
//
// hasty lets what is older fade four times as fast.
func (s *sketch) next(hasty bool) uint32 {
	if s.weight < firstWeight {
		s.weight = firstWeight
	}
	if s.weight >= 2*firstWeight {
		s.weight /= 2
		for i := range s.bars {
			s.bars[i] = (s.bars[i] + uint16(i&1)) / 2 // half of what is odd is rounded up
		}
	}
	now := s.weight >> 16
	grows := s.weight / memory
	if hasty {
		grows *= 4
	}
	s.weight += grows
	return now
}

// answered counts an attempt that took this long.
func (s *sketch) answered(took plan.Duration, hasty bool) {
	weight := s.next(hasty) // which may halve the bars
	s.bars[bar(took)] += uint16(weight)
}

// cutOff counts an attempt that had no answer yet when it was given up. It would have
// taken longer than that, nobody knows how much longer, so its weight is spread over all
// longer spans as the attempts that were answered are. To leave it out, or to take the
// span until it was cut off for an answer's, would make the slow look rarer than they
// are. (This is the self-consistent form of the Kaplan-Meier estimate.)
func (s *sketch) cutOff(after plan.Duration, hasty bool) {
	weight := s.next(hasty)
	own := bar(after)
	first := s.above(own, after)
	sum := first
	for i := own + 1; i < bars; i++ {
		sum += uint32(s.bars[i])
	}
	if sum == 0 {
		s.bars[min(own+1, bars-1)] += uint16(weight)
		return
	}
	seen, given := first, uint32(0)
	for i := own; ; {
		share := seen*weight/sum - given // what is rounded down here goes to the next bar
		s.bars[i] += uint16(share)
		given += share
		if i++; i == bars {
			return
		}
		seen += uint32(s.bars[i])
	}
}

// above is how much of a bar lies above a span, if its attempts lie evenly in it.
func (s *sketch) above(bar int, span plan.Duration) uint32 {
	from, to := edge(bar), edge(bar+1)
	switch {
	case span <= from:
		return uint32(s.bars[bar])
	case span >= to:
		return 0
	}
	return uint32(float64(s.bars[bar]) * float64(to-span) / float64(to-from))
}

// exceededBy is the span that this share of the attempts exceeds.
func (s *sketch) exceededBy(share float64) plan.Duration {
	want := share * float64(s.total())
	longer := 0.0
	for i := bars - 1; i >= 0; i-- {
		n := float64(s.bars[i])
		if n > 0 && longer+n >= want {
			from, to := edge(i), edge(i+1)
			return to - plan.Duration((want-longer)/n*float64(to-from))
		}
		longer += n
	}
	return 0
}

// A sketch is written with a letter for each bar between the lowest and the highest
// that are not empty. The letter tells the square root of what the bar holds of the
// fullest one, so that the few slow attempts are not rounded away.
const (
	firstLetter = '!'
	lastLetter  = '~'
	levels      = lastLetter - firstLetter
)

// text writes the sketch: the number of the first bar as a letter, and a letter for each
// bar. It is "" if nothing is known.
func (s *sketch) text() string {
	first, last, most := -1, -1, uint32(0)
	for i, n := range s.bars {
		if n > 0 {
			last = i
			if first < 0 {
				first = i
			}
			most = max(most, uint32(n))
		}
	}
	if first < 0 {
		return ""
	}
	b := make([]byte, 0, bars+1)
	b = append(b, byte(firstLetter+first))
	for _, n := range s.bars[first : last+1] {
		level := uint32(0)
		for level < levels && (level+1)*(level+1)*most <= uint32(n)*levels*levels {
			level++
		}
		b = append(b, byte(firstLetter+level))
	}
	return string(b)
}

// read reads what text wrote. Of anything else it reads nothing.
func (s *sketch) read(text string) bool {
	if len(text) < 2 {
		return false
	}
	first := int(text[0]) - firstLetter
	var squares [bars]uint32
	sum := uint32(0)
	for i := 1; i < len(text); i++ {
		level := int(text[i]) - firstLetter
		at := first + i - 1
		if level < 0 || level > levels || at < 0 || at >= bars {
			return false
		}
		squares[at] = uint32(level * level)
		sum += squares[at]
	}
	if sum == 0 {
		return false
	}
	const full = memory * (firstWeight >> 16)
	for i, n := range squares {
		s.bars[i] = uint16(uint64(n) * full / uint64(sum))
	}
	s.weight = firstWeight
	return true
}
