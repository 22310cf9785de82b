package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Event is what an observer is told. Which fields are set depends on the Kind. Their
// names are those of the TypeScript CallEvent.
type Event struct {
	Kind EventKind
	At   plan.Duration // on the driver's clock

	Attempt  int // number, from 1; Committed: 0 where no attempt was committed
	Why      status.AttemptKind
	Outcome  status.AttemptOutcome
	HTTP     int // HTTP status
	Code     int // status.None: not known
	Message  string
	Pushback plan.Pushback // what the server said; of a wait: whether the server asked for it
	Reason   status.CommitReason

	Delay, Bound plan.Duration // Backoff, HedgeScheduled
	Attempts     int           // CallEnded: how many were made; CallStarted: how many may be
	Timeout      plan.Duration // CallStarted: Never where there is no deadline

	Tokens, MaxTokens       float64
	CallBytes, ChannelBytes int64
	Tripped                 bool // throttle: blocked; buffer: exceeded; budget: it could not pay
}

// EventKind is what happened.
type EventKind uint8

// What may happen.
const (
	CallStarted EventKind = iota
	AttemptStarted
	AttemptHead
	AttemptEnded
	Backoff
	HedgeScheduled
	ThrottleChanged
	BufferChanged
	Committed
	CallEnded
	BudgetChanged
)
