package table

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Enums lists all enums, in the order of ABI.md.
var Enums = []*Enum{Box, FragmentWord, FragmentFlag, StartFlag, Failure, AttemptKind, Outcome, Reason, Policy, EventKind, WarningKind}

// Box is the mailbox.
var Box = &Enum{Name: "Box", Go: true, Says: "The words at the address that `mailbox` returns, which never changes. The words themselves may change with every call of an export.", Rows: []Row{
	{"version", "the version of this table; JavaScript of another version stops here"},
	{"input", "address of the input buffer"},
	{"capacity", "its size in bytes"},
	{"actions", "address of the action buffer"},
	{"text", "address of the text buffer, into which actions point"},
	{"textSize", "how many bytes of it the export has written"},
	{"fragments", "address of the last feed's fragments"},
	{"count", "the number of these fragments"},
	{"result", "what the export returns besides its actions"},
}}

// FragmentWord are the words of a fragment.
var FragmentWord = &Enum{Name: "FragmentWord", Go: true, Says: "A *fragment* is a part of a frame's payload, in these words.", Rows: []Row{
	{"flags", "the frame's flags, and those of the fragment above them"},
	{"offset", "where the fragment begins in the slice"},
	{"length", "how long it is"},
	{"total", "how long the whole payload is"},
}}

// FragmentFlag are a fragment's flags. Those of its frame are in the lowest byte.
var FragmentFlag = &Enum{Name: "FragmentFlag", Go: true, Flags: true, Says: "The flags of a fragment. The lowest byte is the frame's.", Rows: []Row{
	0: {"compressed", "of the frame: its payload is compressed"},
	7: {"trailers", "of the frame: its payload is trailers"},
	8: {"first", "the payload begins with the fragment"},
	9: {"decoded", "the fragment was decoded from text, and lies in the input buffer"},
}}

// StartFlag are the flags of the start block.
var StartFlag = &Enum{Name: "StartFlag", Go: true, Flags: true, Says: "What is true of a call, or of the page, when the call begins.", Rows: []Row{
	{"streaming", "the response is a stream"},
	{"observe", "there are listeners for events"},
	{"open", "the request's messages follow by `queue`, and then `half_close`"},
	{"canStream", "fetch can send messages as they come"},
	{"waitForReady", "the caller wants the call to wait for a network"},
	{"noWait", "the caller wants the call not to wait for a network"},
	{"offline", "there is no network now"},
	{"socket", "attempts are WebSockets, which implies *canStream*"},
	{"noRefresh", "the call neither waits for a refresh of the credentials nor starts one"},
}}

// Failure is how an attempt failed on this side of the network.
var Failure = &Enum{Name: "Failure", Says: "How an attempt failed on this side of the network.", Rows: []Row{
	{"noResponse", "the network failed: no response head came"},
	{"abortedByHost", "something other than this client ended it, at any stage"},
	{"invalidRequest", "no request could be made"},
	{"badPayload", "a payload could not be inflated"},
	{"notResponse", "what fetch returned is not a response, or cannot be read as one"},
	{"redirected", "the response is a redirect, and the browser says nothing else about it"},
	{"forbidden", "the page's Content-Security-Policy forbids the request: the text is the directive"},
}}

// AttemptKind is why an attempt was made.
var AttemptKind = &Enum{
	Name: "AttemptKind", Words: "ATTEMPT_KINDS", Type: "AttemptKind", Says: "Why an attempt was made.",
	Rows: words(func(n uint8) string { return status.AttemptKind(n).String() }),
}

// Outcome is what became of an attempt.
var Outcome = &Enum{
	Name: "Outcome", Words: "OUTCOMES", Type: `AttemptRecord["outcome"]`, Says: "What became of an attempt.",
	Rows: words(func(n uint8) string { return status.AttemptOutcome(n).String() }),
}

// Reason is why a call makes no further attempt.
var Reason = &Enum{
	Name: "Reason", Words: "REASONS", Type: "CommitReason", Says: "Why a call makes no further attempt. It is 0 until the call commits or ends.",
	Rows: words(func(n uint8) string { return status.CommitReason(n).String() }),
}

// Policy is the kind of a call's policy, which listeners are told when the call starts.
var Policy = &Enum{
	Name: "Policy", Words: "POLICIES", Type: `Extract<CallEvent, { type: "callStarted" }>["policy"]`,
	Says: "The kind of policy that a call has.",
	Rows: []Row{
		status.KindFirst: {"none", "the call makes one attempt"},
		status.KindRetry: {"retry", ""},
		status.KindHedge: {"hedging", ""},
	},
}

// EventKind is what listeners are told about.
var EventKind = &Enum{Name: "EventKind", Says: "What listeners are told about.", Rows: eventKinds}

// WarningKind are the words of warnings, which are sent as text.
var WarningKind = &Enum{Name: "WarningKind", Type: "WarningKind", Partial: true, Says: "What developers are warned about. The kind is sent as text, because few pages ever see a warning.", Rows: []Row{
	{"policyClamped", "the service config asks for more attempts than the channel allows"},
	{"corsSuspected", "attempts with grpc-previous-rpc-attempts get no response, others do"},
	{"statusHidden", "a response was empty and showed no status"},
	{"retryLostToBodyTrailers", "a retryable status came in the body, after the headers had committed the call"},
	{"halfDuplexStalled", "no message comes while the request is open"},
	{"stateUnusable", "what the channel has learned cannot be read or stored"},
}}

// words returns the names of the numbers from 0 up, from their String method in Go.
func words(word func(n uint8) string) (rows []Row) {
	for n := uint8(0); word(n) != "unknown"; n++ {
		rows = append(rows, Row{Name: word(n)})
	}
	return rows
}
