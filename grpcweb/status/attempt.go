package status

// CommitReason is why a call made no further attempt. The words are those of
// the TypeScript package (SEMANTICS 2.2e).
type CommitReason uint8

// The reasons why a call makes no further attempt.
const (
	ReasonNone            CommitReason = iota // the call has neither committed nor ended
	ReasonResponseHeaders                     // response headers arrived
	ReasonFatalStatus                         // an attempt ended with a status that the policy does not list
	ReasonExhausted                           // maxAttempts were made
	ReasonDeadline                            // the call's deadline passed
	ReasonThrottled                           // the channel's token bucket is at or below its half
	ReasonBufferExceeded                      // a message did not fit into the replay buffer
	ReasonPushback                            // the server said not to retry
	ReasonCanceled                            // the caller or the closing of the channel ended the call
	ReasonDrop                                // the transport dropped the attempt for a reason of its own
	ReasonInternal                            // the client itself failed
)

var reasons = [...]string{
	"", "responseHeaders", "fatalStatus", "exhausted", "deadline", "throttled",
	"bufferExceeded", "pushback", "cancelled", "drop", "internal",
}

// String is the reason's word: "responseHeaders"; "" for ReasonNone.
func (r CommitReason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return "unknown"
}

// AttemptKind is why an attempt was made.
type AttemptKind uint8

// The kinds.
const (
	KindFirst       AttemptKind = iota
	KindRetry                   // by a retry policy, after a failure
	KindHedge                   // by a hedging policy, beside or after others
	KindTransparent             // in place of one that no server saw (SEMANTICS 2.9c)
	KindRefresh                 // in place of one whose credentials were refused (SEMANTICS 8.3a)
)

var kinds = [...]string{"first", "retry", "hedge", "transparent", "refresh"}

// String is the kind's word: "retry".
func (k AttemptKind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "unknown"
}

// AttemptOutcome is what became of an attempt.
type AttemptOutcome uint8

// The outcomes.
const (
	OutcomePending   AttemptOutcome = iota // under way
	OutcomeCommitted                       // the call was committed to it while it ran: by its headers, its success or a full replay buffer
	OutcomeFailed                          // it ended without being committed; the status of the last one may be the call's
	OutcomeAborted                         // the client ended it, because another hedge won, at the deadline, or by a cancel
)

var outcomes = [...]string{"pending", "committed", "failed", "aborted"}

// String is the outcome's word: "committed".
func (o AttemptOutcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return "unknown"
}

// None is the value of fields of an AttemptRecord that have no value, or none yet.
const None = -1

// AttemptRecord is the history of one attempt. Instants are nanoseconds since
// the call began: time.Duration(r.StartedAt).
type AttemptRecord struct {
	Number  int // from 1; a transparent restart and a refresh have the number of the attempt that they replace
	Kind    AttemptKind
	Outcome AttemptOutcome
	// Endpoint is the base URL that it was sent to, if the channel has several; else "".
	Endpoint string

	StartedAt int64
	HeadAt    int64 // when the response head arrived; None if it did not
	EndedAt   int64 // None while it is under way

	HTTPStatus int    // None if no response head arrived
	Code       int    // how the attempt ended; None if that is not known, as of an aborted attempt
	Message    string // the status message, if Code is known

	// Pushback is what the server said about further attempts:
	// NoPushback, PushbackStop, or a delay in milliseconds (SEMANTICS 2.6b, 2.6c).
	Pushback int64
}

// The values of AttemptRecord.Pushback that are not delays.
const (
	NoPushback   int64 = -1
	PushbackStop int64 = -2
)
