package attempts

import "github.com/hedgerow-web/hedgerow/internal/plan"

// Action is one thing for the driver to do. A driver carries out the actions of
// an event in their order.
type Action struct {
	Op       Op
	Attempt  int           // which attempt, counted from 0 in the order of their beginnings
	At       plan.Duration // Arm: the instant
	Messages int           // Written: how many
	Warning  Warning       // Warn: of what
	Limit    int64         // Inflate: the most bytes that are wanted
	Event    *Event        // Observe: what happened
	Drop     bool          // End: the application gets no message that it has not read yet
}

// Op is what an Action asks for.
type Op uint8

// What a driver may be asked to do.
const (
	// Prepare: get the attempt's own metadata, then say Prepared or Refused.
	Prepare Op = iota
	// Open: send the attempt's request, every message from the first.
	Open
	// Abort: end the attempt's exchange. Nothing that it still says counts.
	Abort
	// Arm: call Timer at the instant At, in place of what was armed before.
	// Never: at no time.
	Arm
	// Release: no other attempt than this one will send the request. Each of its
	// messages may be let go of once this attempt has taken it.
	Release
	// Read: read the next piece of the attempt's response body.
	Read
	// Written: the application need not wait for the first so many of its messages.
	Written
	// Inflate: the response's present payload has come whole, and is compressed. It
	// is inflated before anything else of the response is looked at.
	Inflate
	// Warn: tell the developer of something that is no error.
	Warn
	// Head: give the application the header metadata; the attempt is committed.
	Head
	// End: the call is over, and Status says how. Where this side ended it (by its
	// deadline, a cancel or a fault), Drop is set: whoever gave up wants no more
	// messages. Where an attempt's own status ended it, what came before is still
	// there to be read (SEMANTICS 2.12f).
	End
	// Observe: tell who listens. Only asked for while somebody does.
	Observe
)

// Warning is what a Warn action tells of.
type Warning uint8

// The machine's own warning; package channel has more.
const (
	// Stalled: the application waits for a message, and the transport, it seems,
	// for the end of the request.
	Stalled Warning = iota
	// FirstFree is the first that the machine has no meaning for.
	FirstFree
)
