// Code generated from internal/abi/table by internal/abi/generate. DO NOT EDIT.

package abi

// Version is a number of the table, which JavaScript must know too.
const Version uint32 = 0xd03ad988

// Fatal is what an export answers with, instead of a number of words, when the
// instance is good for nothing any more.
const Fatal uint32 = 0xffffffff

// InputSize is how long the input buffer is at first, and the longest slice that
// is fed. One feed answers with MaxFragments at most; feed again for the rest.
const (
	InputSize    = 65536
	MaxFragments = 256
)

const lengthShift = 8

// Program is what stands behind the exports: the driver of the npm package. Text
// and bytes lie in the input buffer. JavaScript gives calls and channels their ids,
// and none twice, not even over several instances; attempts are counted from 0
// within their call. An id of what has ended is passed over: events may come late.
type Program interface {
	// OpenChannel: a channel is made, of options: names and values in turn, numbers
	// as JavaScript writes them. Metadata has names that begin with >. Beside the
	// options that users know there are seed, a number; random, a draw in units of
	// 2⁻⁵³; and, with any value, perAttempt: metadata is a function, page: a
	// browser's fetch carries requests, crossOrigin: the page is of another origin.
	OpenChannel(channel uint32, in []byte)
	// CloseChannel: the channel is closed: its calls are canceled.
	CloseChannel(channel uint32, now float64)
	// Start: a call begins; the input is a start block, then the call's method,
	// then its metadata.
	Start(call uint32, in []byte)
	// Queue: a request message of an open call. sent is how many bytes are sent of
	// it, fewer where it was compressed. Limits count size, the replay buffer
	// counts sent.
	Queue(call uint32, now float64, size float64, sent float64)
	// HalfClose: no further message follows.
	HalfClose(call uint32, now float64)
	// Took: fetch has taken so many messages for the attempt.
	Took(call uint32, attempt uint32, messages uint32)
	// Read: the application waits for a message.
	Read(call uint32, now float64)
	// Cancel: the caller ends the call, with this text: CANCELLED (1), or INTERNAL
	// (13) for a mistake of its own.
	Cancel(call uint32, now float64, code uint32, in []byte)
	// History: asks for the attempts so far.
	History(call uint32)
	// Prepared: the per-attempt function gave this metadata.
	Prepared(call uint32, attempt uint32, now float64, fields uint32, in []byte)
	// Unprepared: it failed: with a status, whose code, message and metadata these
	// are; or, where the code is 0, with another error that says this.
	Unprepared(call uint32, attempt uint32, now float64, code uint32, fields uint32, in []byte)
	// Head: the response head. HTTP status 101, without fields: a WebSocket has
	// opened, and its first frame is the head.
	Head(call uint32, attempt uint32, now float64, httpStatus uint32, fields uint32, in []byte)
	// Feed: a slice of a chunk, at most 64 KiB; result: how much was taken of it.
	// Less than all: feed the rest. last 1: the chunk ends with it, so that drained
	// need not be said if all was taken and nothing is to be inflated.
	Feed(call uint32, attempt uint32, now float64, last uint32, in []byte)
	// Skip: JavaScript took so many bytes of the present payload without feeding
	// them.
	Skip(call uint32, attempt uint32, length uint32)
	// Drained: the chunk has been taken whole.
	Drained(call uint32, attempt uint32, now float64)
	// Inflated: what an inflate action asked for is so many bytes long. The input
	// is what came out of trailers; of a message, nothing.
	Inflated(call uint32, attempt uint32, now float64, size float64, in []byte)
	// End: the body ended.
	End(call uint32, attempt uint32, now float64)
	// Broken: the body could not be read on, with this text.
	Broken(call uint32, attempt uint32, now float64, in []byte)
	// Failed: the attempt failed on this side, with this text.
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
	ActionPrepare uint32 = 0  // run the per-attempt metadata function, for the attempt of this number
	ActionOpen    uint32 = 1  // send the request, with this header, by fetch or a WebSocket of its own. streams: its messages as they come; else it is complete, and goes out as a whole
	ActionAbort   uint32 = 2  // end the attempt's exchange; nothing it says counts
	ActionRead    uint32 = 3  // read one chunk of the body
	ActionHead    uint32 = 4  // give the application the header
	ActionEnd     uint32 = 5  // settle the call. The attempt is the one whose answer it is, or −1. drop: the application gets no message that it has not read yet. rawCode: a number that the server sent and that is no code of gRPC's, or 0
	ActionRelease uint32 = 6  // the request will be sent by no other attempt than this
	ActionWritten uint32 = 7  // the application need not wait for the first so many of its messages
	ActionTimer   uint32 = 8  // set the one timer of the instance for this instant; Infinity: for none. A patient one waits for the end of a body that comes at once as a rule: it need not be set before that had its chance
	ActionHistory uint32 = 9  // the answer to history
	ActionObserve uint32 = 10 // tell listeners
	ActionWarn    uint32 = 11 // tell the developer; of call 0: about the channel that is being opened
	ActionRefuse  uint32 = 12 // the options of the channel that is being opened have this problem
	ActionInflate uint32 = 13 // inflate the payload that has just come whole, as far as so many bytes and one more
)

// The words at the address that mailbox answers with, which never changes. What
// they tell may change with every export.
const (
	BoxVersion   uint32 = 0x0 // a number of this table; JavaScript of another one goes no further
	BoxInput     uint32 = 0x1 // address of the input buffer
	BoxCapacity  uint32 = 0x2 // its size in bytes
	BoxActions   uint32 = 0x3 // address of the action buffer
	BoxText      uint32 = 0x4 // address of the text buffer, into which actions point
	BoxTextSize  uint32 = 0x5 // how many bytes of it the export has written
	BoxFragments uint32 = 0x6 // address of the last feed's fragments
	BoxCount     uint32 = 0x7 // how many there are
	BoxResult    uint32 = 0x8 // what the export answers beside its actions
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

// What is so about a call, or about the page, when the call begins.
const (
	StartFlagStreaming    uint32 = 0x1  // the response is a stream
	StartFlagObserve      uint32 = 0x2  // somebody listens to events
	StartFlagOpen         uint32 = 0x4  // the request's messages follow by queue, and then half_close
	StartFlagStreams      uint32 = 0x8  // fetch can send messages as they come
	StartFlagWaitForReady uint32 = 0x10 // the caller says to wait for a network
	StartFlagNoWait       uint32 = 0x20 // the caller says not to
	StartFlagOffline      uint32 = 0x40 // there is no network now
	StartFlagSocket       uint32 = 0x80 // attempts are WebSockets, which implies streams
)

// StartBlock: What a call begins with, beside its method and its metadata.
type StartBlock struct {
	Now        float64
	Timeout    float64 // Infinity: the channel's default
	Size       float64 // bytes of the request's message, unless the flag open is set
	MaxReceive float64 // the longest message that is received, in bytes; 0: the channel's limit
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

// Event: What listeners are told. Which of its values hold depends on the kind.
type Event struct {
	Kind         uint32
	Attempt      uint32 // its number, from 1
	Policy       uint32
	Why          uint32
	Outcome      uint32
	HTTPStatus   int32
	Code         int32 // −1: not known
	Pushback     int32 // as in a record
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
	StartedAt  float64
	HeadAt     float64 // NaN: no response head came
	EndedAt    float64 // NaN: it is under way
}

// PutRecord emits it as a part of an action.
func (b *Buffers) PutRecord(v *Record) {
	b.Words(v.Number, v.Kind, v.Outcome, uint32(v.HTTPStatus), uint32(v.Code), uint32(v.Pushback))
	b.String(v.Message)
	b.Float(v.StartedAt)
	b.Float(v.HeadAt)
	b.Float(v.EndedAt)
}

// Warning: Something that the developer should know and that is no error.
type Warning struct {
	Kind   string
	Text   string
	Allow  string // names of headers that the server must allow, with ,  between them
	Expose string // those that it must expose, likewise
}

// PutWarning emits it as a part of an action.
func (b *Buffers) PutWarning(v *Warning) {
	b.String(v.Kind)
	b.String(v.Text)
	b.String(v.Allow)
	b.String(v.Expose)
}
