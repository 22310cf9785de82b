// Package plan is what a policy may decide: when another attempt begins, and what
// follows a failed one. It also holds what such decisions are made of: the core's
// unit of time, the outcome of an attempt and the server's pushback.
package plan

import "github.com/hedgerow-web/hedgerow/grpcweb/status"

// Duration is a span of time, or an instant on the driver's clock, in
// nanoseconds. The core imports no time: that type alone would cost a browser
// tens of kilobytes.
type Duration int64

// Spans, and the instant that never comes.
const (
	Millisecond Duration = 1_000_000
	Second               = 1000 * Millisecond
	Never       Duration = 1<<63 - 1
)

// After is the instant a span after this one. It saturates: what lies beyond the
// last instant, or follows a span that never ends, is Never; what lies before the
// first instant is the first. Instants may be negative, since a clock may count
// from any beginning.
func (d Duration) After(span Duration) Duration {
	switch {
	case d == Never || span == Never || span > 0 && d > Never-span:
		return Never
	case span < 0 && d < -Never-span:
		return -Never
	}
	return d + span
}

// A Plan says when a call makes further attempts. It decides and does nothing
// else: the machine counts, waits, throttles and commits. A plan belongs to one
// call and may remember, for example, where its backoff stands.
//
// Retry and hedging differ in their plans alone; a call without a policy has
// the plan Once.
type Plan interface {
	// Kind is what the attempts after the first are called; KindFirst says
	// that there are none.
	Kind() status.AttemptKind
	// Started says, after attempt n began (n counts them all), whether and
	// when another is to begin while these run.
	Started(n int) (next Duration, ok bool)
	// Failed says what follows when an attempt ended without being committed;
	// n attempts have begun so far.
	Failed(n int, o Outcome) Verdict
}

// Outcome is how an attempt ended.
type Outcome struct {
	Status   *status.Status
	Pushback Pushback
	Progress Progress
}

// Progress is how far an attempt came before it failed (SEMANTICS 2.9d).
type Progress uint8

// The stages.
const (
	Processed Progress = iota // the server may have run it; the safe assumption
	NotSent                   // it never left the client
	Refused                   // a server refused it before any application saw it
	Dropped                   // the transport dropped it by a policy of its own
)

// Verdict is a plan's answer to a failure.
type Verdict struct {
	Next   Next
	After  Duration            // with Again: how long to wait
	Bound  Duration            // with Again: the backoff that After was drawn from; 0: none
	Strike bool                // takes a throttle token (SEMANTICS 2.7b)
	Reason status.CommitReason // with Hold and Fatal: why no further attempt
}

// Next is what follows a failed attempt.
type Next uint8

// What may follow.
const (
	Again Next = iota // begin another attempt, replacing what was due
	Hold              // begin no more; the call ends when no attempt is left running
	Fatal             // the call ends with this attempt's status at once
)

// Once is the plan of a call without a policy: one attempt.
type Once struct{}

// Kind says that there are no further attempts.
func (Once) Kind() status.AttemptKind { return status.KindFirst }

// Started allows nothing.
func (Once) Started(int) (Duration, bool) { return 0, false }

// Failed ends the call with the attempt's status.
func (Once) Failed(int, Outcome) Verdict {
	return Verdict{Next: Fatal, Reason: status.ReasonFatalStatus}
}
