// Code generated from internal/abi/table by internal/abi/generate. DO NOT EDIT.

package abi

// Version is a number of the table, which JavaScript must know too.
const Version uint32 = 0x489756ed

// Fatal is what an export answers with, instead of a number of words, when the
// instance is good for nothing any more.
const Fatal uint32 = 0xffffffff

// InputSize is how long the input buffer is at first, and the longest slice that
// is fed; it never becomes longer than MaxInput. One feed answers with MaxFragments at
// most; feed again for the rest.
const (
	InputSize    = 65536
	MaxInput     = 16777216
	MaxFragments = 256
)

const lengthShift = 8

// Program implements the exports. It is the driver of the npm package. Text and bytes
// are in the input buffer. JavaScript chooses the ids of calls and channels, and never
// reuses one, not even with another instance. Attempts are counted from 0 within their
// call. Events for a call that has ended are ignored, because events may come late.
type Program interface {
	// OpenChannel: a channel is made with these options: alternating names and
	// values, with numbers as JavaScript writes them. Names of metadata begin with
	// >. Names that begin with ? are any options as the application gave them,
	// whose values show their type: "text", 7, true, a function. Besides the
	// options that users know, there are seed, a number; state, the text that was
	// stored last; credentialsRefresh, the codes for that, one a line, as the
	// application gave them; random, the result of every draw, in units of
	// 2⁻⁵³; and, with any value, perAttempt: metadata is a function, page: a
	// browser's fetch carries the requests, crossOrigin: the page is on another
	// origin than the base URL before it. baseUrl comes once for each endpoint.
	OpenChannel(channel uint32, in []byte)
	// CloseChannel: the channel is closed: its calls are canceled.
	CloseChannel(channel uint32, now float64)
	// State: JavaScript asks for what the channel has learned, to store it.
	State(channel uint32)
	// Share: another tab has told what is left of the budget that they share.
	Share(channel uint32, in []byte)
	// Renew: a stream of a resumable subscription to the method in the input ended
	// with this code. lost 1: its connection was lost after the commit. failures:
	// how many in a row failed before it without a message.
	Renew(channel uint32, now float64, code uint32, lost uint32, failures uint32, in []byte)
	// Refreshed: the function that refreshes credentials has succeeded (0), or
	// failed (1) with this error.
	Refreshed(channel uint32, now float64, failed uint32, in []byte)
	// Start: a call begins; the input is a start block, then the call's method,
	// then its metadata. The text is left out if it is that of the last start.
	Start(call uint32, in []byte)
	// Queue: the application sends a message in an open call. sent is how many
	// bytes are sent, which are fewer than size if the message was compressed.
	// Limits count size, the replay buffer counts sent.
	Queue(call uint32, now float64, size float64, sent float64)
	// HalfClose: no further message follows.
	HalfClose(call uint32, now float64)
	// Took: how many messages fetch has taken for the attempt so far.
	Took(call uint32, attempt uint32, messages uint32)
	// Read: the application waits for a message.
	Read(call uint32, now float64)
	// Cancel: the caller ends the call, with this text: with CANCELLED (1), or with
	// INTERNAL (13) because of a mistake of its own.
	Cancel(call uint32, now float64, code uint32, in []byte)
	// History: the application asks for the attempts so far.
	History(call uint32)
	// Prepared: the per-attempt function returned this metadata.
	Prepared(call uint32, attempt uint32, now float64, fields uint32, in []byte)
	// Unprepared: the per-attempt function failed, with a status that has this
	// code, message and metadata or, if the code is 0, with another error that has
	// this message.
	Unprepared(call uint32, attempt uint32, now float64, code uint32, fields uint32, in []byte)
	// Head: the response head came. The text is left out if it is that of the last
	// head that had fields. HTTP status 101, without fields: a WebSocket has
	// opened, and its first frame is the head.
	Head(call uint32, attempt uint32, now float64, httpStatus uint32, fields uint32, in []byte)
	// Feed: a slice of a chunk came, of at most 64 KiB. result is how many bytes
	// were taken; if not all were, feed the rest. last 1: the chunk ends with the
	// slice; drained need not be called if all was taken and nothing is to be
	// inflated.
	Feed(call uint32, attempt uint32, now float64, last uint32, in []byte)
	// Skip: JavaScript took this many bytes of the current payload without feeding
	// them.
	Skip(call uint32, attempt uint32, length uint32)
	// Drained: all of the chunk has been taken.
	Drained(call uint32, attempt uint32, now float64)
	// Inflated: the payload of an inflate action is inflated and has this many
	// bytes. The input is the payload if it is trailers, and empty if it is a
	// message.
	Inflated(call uint32, attempt uint32, now float64, size float64, in []byte)
	// End: the body ended.
	End(call uint32, attempt uint32, now float64)
	// Broken: the body could not be read to its end, with this error.
	Broken(call uint32, attempt uint32, now float64, in []byte)
	// Failed: the attempt failed on this side, with this error.
	Failed(call uint32, attempt uint32, now float64, how uint32, in []byte)
	// Closed: the WebSocket was closed, with this code and reason.
	Closed(call uint32, attempt uint32, now float64, code uint32, in []byte)
	// Timer: the instant of the last timer action may have come.
	Timer(now float64)
	// Network: the page is online again (1), or offline (0).
	Network(now float64, up uint32)
}

// The actions, by their numbers.
const (
	ActionPrepare     uint32 = 0  // run the per-attempt metadata function, for the attempt with this number
	ActionOpen        uint32 = 1  // send the request with this header, by fetch or a new WebSocket, to the base URL that was given at this place, from 0. streams: send each message when it comes; otherwise the request is complete and is sent as a whole. again: the header is that of the last open, and is left out here
	ActionAbort       uint32 = 2  // end the attempt's exchange and ignore what it still reports
	ActionRead        uint32 = 3  // read one chunk of the body
	ActionHead        uint32 = 4  // give the application the header
	ActionEnd         uint32 = 5  // settle the call. The attempt is the one whose status this is, or −1. drop: the application gets none of the messages that it has not read yet. lost: the connection was lost after the commit, or the request was ended by something other than this client. rawCode: the number that the server sent if it is not a gRPC code, or 0
	ActionRelease     uint32 = 6  // no other attempt than this one will send the request
	ActionWritten     uint32 = 7  // the application need not wait any longer for this many of its messages, from the first
	ActionTimer       uint32 = 8  // set the instance's one timer to this instant; with Infinity, clear it. A patient timer waits for the end of a body, which usually comes at once, so it need not be set before that has had the chance
	ActionHistory     uint32 = 9  // the answer to history
	ActionObserve     uint32 = 10 // tell the listeners
	ActionWarn        uint32 = 11 // tell the developer. For call 0, it is about the channel that is being opened
	ActionRefuse      uint32 = 12 // report this problem with the options of the channel that is being opened
	ActionRenew       uint32 = 13 // the answer to renew: subscribe again after so many milliseconds. Infinity: do not. NaN: the method has no retryPolicy
	ActionRefresh     uint32 = 14 // run the function that refreshes credentials, then call refreshed
	ActionStopRefresh uint32 = 15 // nobody waits for the credentials any more: abort the function's signal, and do not call refreshed
	ActionState       uint32 = 16 // the answer to state, if the text has changed since it was stored
	ActionBudget      uint32 = 17 // tell the other tabs what is left of the budget that they share; it comes before the other actions of a call, and is part of the answers to open_channel, if the channel has a budget, and to renew, if that has changed it
	ActionInflate     uint32 = 18 // inflate the payload that is now complete, but stop one byte after the limit
)

// The words at the address that mailbox returns, which never changes. The words
// themselves may change with every call of an export.
const (
	BoxVersion   uint32 = 0x0 // the version of this table; JavaScript of another version stops here
	BoxInput     uint32 = 0x1 // address of the input buffer
	BoxCapacity  uint32 = 0x2 // its size in bytes
	BoxActions   uint32 = 0x3 // address of the action buffer
	BoxText      uint32 = 0x4 // address of the text buffer, into which actions point
	BoxTextSize  uint32 = 0x5 // how many bytes of it the export has written
	BoxFragments uint32 = 0x6 // address of the last feed's fragments
	BoxCount     uint32 = 0x7 // the number of these fragments
	BoxResult    uint32 = 0x8 // what the export returns besides its actions
	BoxSize             = 9
)

// A fragment is a part of a frame's payload, in these words.
const (
	FragmentWordFlags  uint32 = 0x0 // the frame's flags, and those of the fragment above them
	FragmentWordOffset uint32 = 0x1 // where the fragment begins in the slice
	FragmentWordLength uint32 = 0x2 // how long it is
	FragmentWordTotal  uint32 = 0x3 // how long the whole payload is
	FragmentWordSize          = 4
)

// The flags of a fragment. The lowest byte is the frame's.
const (
	FragmentFlagCompressed uint32 = 0x1   // of the frame: its payload is compressed
	FragmentFlagTrailers   uint32 = 0x80  // of the frame: its payload is trailers
	FragmentFlagFirst      uint32 = 0x100 // the payload begins with the fragment
	FragmentFlagDecoded    uint32 = 0x200 // the fragment was decoded from text, and lies in the input buffer
)

// What is true of a call, or of the page, when the call begins.
const (
	StartFlagStreaming    uint32 = 0x1   // the response is a stream
	StartFlagObserve      uint32 = 0x2   // there are listeners for events
	StartFlagOpen         uint32 = 0x4   // the request's messages follow by queue, and then half_close
	StartFlagCanStream    uint32 = 0x8   // fetch can send messages as they come
	StartFlagWaitForReady uint32 = 0x10  // the caller wants the call to wait for a network
	StartFlagNoWait       uint32 = 0x20  // the caller wants the call not to wait for a network
	StartFlagOffline      uint32 = 0x40  // there is no network now
	StartFlagSocket       uint32 = 0x80  // attempts are WebSockets, which implies canStream
	StartFlagNoRefresh    uint32 = 0x100 // the call neither waits for a refresh of the credentials nor starts one
)

// StartBlock: What a call begins with, besides its method and its metadata.
type StartBlock struct {
	Now        float64
	Timeout    float64 // Infinity: the channel's default
	Size       float64 // bytes of the request's message, unless the flag open is set
	MaxReceive float64 // the largest message that may be received, in bytes; 0: the channel's limit
	Channel    uint32
	Flags      uint32
	Fields     uint32 // how many fields the metadata has
}

// StartBlockSize is how many bytes of an input the block takes.
const StartBlockSize = 44

// ReadStartBlock reads the block, and answers with the text behind it.
func ReadStartBlock(in []byte) (StartBlock, []byte) {
	if len(in) < StartBlockSize {
		panic("an input is shorter than the block that it begins with")
	}
	return StartBlock{
		Now:        float64At(in, 0),
		Timeout:    float64At(in, 8),
		Size:       float64At(in, 16),
		MaxReceive: float64At(in, 24),
		Channel:    uint32At(in, 32),
		Flags:      uint32At(in, 36),
		Fields:     uint32At(in, 40),
	}, in[StartBlockSize:]
}

// Event: What listeners are told. The kind says which values are set.
type Event struct {
	Kind         uint32
	Attempt      uint32 // its number, from 1
	Policy       uint32
	Why          uint32
	Outcome      uint32
	HTTPStatus   int32
	Code         int32 // −1: not known
	Pushback     int32 // as in a record of the history
	Reason       uint32
	Attempts     uint32
	Tripped      bool
	Message      string
	At           float64
	Delay        float64
	Bound        float64
	Timeout      float64 // Infinity: none
	Tokens       float64
	MaxTokens    float64
	CallBytes    float64
	ChannelBytes float64
}

// PutEvent emits it as a part of an action.
func (b *Buffers) PutEvent(v *Event) {
	b.Words(v.Kind, v.Attempt, v.Policy, v.Why, v.Outcome, uint32(v.HTTPStatus), uint32(v.Code), uint32(v.Pushback), v.Reason, v.Attempts)
	b.Flag(v.Tripped)
	b.String(v.Message)
	b.Float(v.At)
	b.Float(v.Delay)
	b.Float(v.Bound)
	b.Float(v.Timeout)
	b.Float(v.Tokens)
	b.Float(v.MaxTokens)
	b.Float(v.CallBytes)
	b.Float(v.ChannelBytes)
}

// Record: The history of one attempt. Instants are those of JavaScript's clock.
type Record struct {
	Number     uint32 // from 1; a transparent restart repeats it
	Kind       uint32
	Outcome    uint32
	HTTPStatus int32 // −1: no response head came
	Code       int32 // −1: not known
	Pushback   int32 // −1: none, −2: stop, else milliseconds
	Message    string
	Endpoint   string // the base URL that it was sent to; empty if the channel has one
	StartedAt  float64
	HeadAt     float64 // NaN: no response head came
	EndedAt    float64 // NaN: the attempt is under way
}

// PutRecord emits it as a part of an action.
func (b *Buffers) PutRecord(v *Record) {
	b.Words(v.Number, v.Kind, v.Outcome, uint32(v.HTTPStatus), uint32(v.Code), uint32(v.Pushback))
	b.String(v.Message)
	b.String(v.Endpoint)
	b.Float(v.StartedAt)
	b.Float(v.HeadAt)
	b.Float(v.EndedAt)
}

// Warning: Something that the developer should know and that is not an error.
type Warning struct {
	Kind   string
	Text   string
	Allow  string // the names of headers that the server must allow, separated by ,
	Expose string // the names of headers that the server must expose, separated by ,
}

// PutWarning emits it as a part of an action.
func (b *Buffers) PutWarning(v *Warning) {
	b.String(v.Kind)
	b.String(v.Text)
	b.String(v.Allow)
	b.String(v.Expose)
}
