package attempts

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// Action is one thing for the driver to do. A driver carries out the actions of an
// event in order.
type Action struct {
	Op       Op
	Attempt  int           // the index of the attempt: from 0, in the order in which they begin
	At       plan.Duration // Timer: the instant
	Patient  bool          // Timer: it only waits for the end of a body, which usually comes at once
	Messages int           // Written: how many
	Warning  Warning       // Warn: about what
	Limit    int64         // Inflate: the largest size, in bytes, that is accepted
	Event    *Event        // Observe: what happened
	Drop     bool          // End: the application gets no message that it has not read yet
}

// Op is what an Action asks for.
type Op uint8

// What a driver may be asked to do.
const (
	// Prepare: get the attempt's own metadata, then report Prepared or Unprepared.
	Prepare Op = iota
	// Open: send the attempt's request, beginning with its first message.
	Open
	// Abort: end the attempt's exchange. Whatever it still reports is ignored.
	Abort
	// Timer: call the machine's Timer at the instant At, and no longer at the instant that
	// an earlier Timer action set. With Never, do not call it at all.
	Timer
	// Release: no other attempt than this one will send the request. Each of its
	// messages may be let go of once this attempt has taken it.
	Release
	// Read: read the next piece of the attempt's response body.
	Read
	// Written: the application need not wait any longer for its first Messages messages.
	Written
	// Inflate: the response's current payload is compressed, and all of it has come.
	// Inflate it before anything else of the response is read.
	Inflate
	// Warn: tell the developer about something that is not an error.
	Warn
	// Refresh: refresh the channel's credentials, then report Refreshed to them and to all
	// calls of the channel.
	Refresh
	// StopRefresh: nobody waits for that refresh any more. Its result is ignored.
	StopRefresh
	// Head: give the application the header metadata. The attempt is committed.
	Head
	// End: the call is over, and Status says how. Where this side ended it (by its
	// deadline, a cancel or a fault), Drop is set: whoever gave up wants no more
	// messages. Where an attempt's own status ended it, what came before is still
	// there to be read (SEMANTICS 2.12f).
	End
	// Observe: tell the observers. Asked for only if there are any.
	Observe
)

// Warning is what a Warn action is about.
type Warning uint8

// The machine's own warning. Package call has more.
const (
	// Stalled: the application waits for a message, while the transport seems to wait
	// for the end of the request.
	Stalled Warning = iota
	// FirstFree is the first value that package call may give a meaning to.
	FirstFree
)
