// Package plan defines what a retry or hedging policy decides: when another attempt
// begins, and what follows a failed one. It also defines what such a decision is made
// of: the core's unit of time, the outcome of an attempt and the server's pushback.
//
// The policies of packages retry and hedge are written in these terms. A program that
// sets policies with package grpcweb, in time.Duration, needs none of them.
package plan

import "github.com/hedgerow-web/hedgerow/grpcweb/status"

// Duration is a span of time, or an instant on the driver's clock, in nanoseconds.
// It stands in for time.Duration because importing package time, even for that type
// alone, would add tens of kilobytes to the npm package's WebAssembly.
type Duration int64

// Units, and the instant that never comes.
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

// A Plan decides when a call makes further attempts, and does nothing else: package
// attempts counts, waits, throttles and commits. A plan belongs to one call and may
// keep state, such as where its backoff stands.
//
// Retry and hedging differ only in their plans. A call without a policy has the plan
// Once.
type Plan interface {
	// Kind is the kind of the attempts after the first. KindFirst means that there
	// are none.
	Kind() status.AttemptKind
	// Started is asked after an attempt has begun, n counting all that have. It says
	// whether another attempt is to begin while these are still running, and when.
	Started(n int) (next Duration, ok bool)
	// Failed is asked after an attempt has ended without being committed, when n
	// attempts have begun so far. It says what follows.
	Failed(n int, o Outcome) Verdict
}

// A Pacer has the last word on when hedges begin, and learns from how long attempts take
// (SEMANTICS 8.5). It belongs to one call; what it learns is shared by many.
type Pacer interface {
	// Begin is told that the call begins.
	Begin(now Duration)
	// Due is asked when a hedge is due, this long after the latest attempt began;
	// released says that a failed attempt has made room for it. With 0 the hedge begins
	// now. Else Due is asked again after the wait.
	Due(now, waited Duration, released bool) (wait Duration)
	// Answered is told how long after its beginning an attempt was answered. Those that
	// were not answered are CutOff, as far as they came.
	Answered(took Duration, kind status.AttemptKind)
	CutOff(after Duration, kind status.AttemptKind)
}

// Outcome is how an attempt ended.
type Outcome struct {
	Status   *status.Status
	Pushback Pushback
	Progress Progress
}

// Progress is how far an attempt got before it failed (SEMANTICS 2.9d).
type Progress uint8

// The stages that an attempt may have reached.
const (
	Processed Progress = iota // the server may have run it: assumed when nothing else is certain
	NotSent                   // it never left the client
	Refused                   // a server refused it before any application saw it
	Dropped                   // the transport dropped it for a reason of its own
	Silent                    // nothing of a response arrived in time: it may be tried again, whatever the policy lists
	Lost                      // its connection was lost after the commit, and no status had come
	Final                     // another attempt would end as this one did: the call ends with it, whatever the policy lists
)

// Verdict is what a plan decides after a failure.
type Verdict struct {
	Next   Next
	After  Duration            // with Again: how long to wait first
	Bound  Duration            // with Again: the backoff that After was drawn from; 0: none
	Strike bool                // the failure takes a throttle token (SEMANTICS 2.7b)
	Reason status.CommitReason // with Hold and Fatal: why no further attempt
}

// Next is what follows a failed attempt.
type Next uint8

// What may follow a failed attempt.
const (
	Again Next = iota // another attempt begins, in place of one that was due
	Hold              // no further counted attempt begins; the call ends when none is left running
	Fatal             // the call ends at once, with this attempt's status
)

// Once is the plan of a call without a policy: one attempt.
type Once struct{}

// Kind returns KindFirst: there are no further attempts.
func (Once) Kind() status.AttemptKind { return status.KindFirst }

// Started allows no attempt beside the first.
func (Once) Started(int) (Duration, bool) { return 0, false }

// Failed ends the call with the status of its attempt.
func (Once) Failed(int, Outcome) Verdict {
	return Verdict{Next: Fatal, Reason: status.ReasonFatalStatus}
}
