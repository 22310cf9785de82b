package abi

// Program is what stands behind the exports: the driver of the npm package.
// Instants are milliseconds on performance.now's clock; text and bytes lie in the
// input buffer. JavaScript gives calls and channels their ids, and none twice,
// not even over several instances; attempts are counted from 0 within their
// call. An id of what has ended is passed over: events may come late.
type Program interface {
	OpenChannel(channel uint32, in []byte)
	CloseChannel(channel uint32, now float64)

	Start(call, channel, flags uint32, now, timeout, size, maxReceive float64, fields uint32, in []byte)
	Queue(call uint32, now, size, sent float64)
	HalfClose(call uint32, now float64)
	Took(call, attempt, messages uint32)
	Read(call uint32, now float64)
	Cancel(call uint32, now float64, code uint32, in []byte)
	History(call uint32)

	Prepared(call, attempt uint32, now float64, fields uint32, in []byte)
	Unprepared(call, attempt uint32, now float64, code, fields uint32, in []byte)
	Head(call, attempt uint32, now float64, httpStatus, fields uint32, in []byte)
	Feed(call, attempt uint32, now float64, last uint32, in []byte)
	Skip(call, attempt, count uint32)
	Drained(call, attempt uint32, now float64)
	Inflated(call, attempt uint32, now, size float64, in []byte)
	End(call, attempt uint32, now float64)
	Broken(call, attempt uint32, now float64, in []byte)
	Failed(call, attempt uint32, now float64, how uint32, in []byte)
	Closed(call, attempt uint32, now float64, code uint32, in []byte)

	Timer(now float64)
	Network(now float64, up uint32)
}

// Fatal is what an export answers with, instead of a number of words, when the
// instance is good for nothing any more.
const Fatal = 1<<32 - 1

// The flags of Start.
const (
	FlagStreaming    uint32 = 1 << iota // the response is a stream
	FlagObserve                         // somebody listens to events
	FlagOpen                            // request messages follow by Queue, and HalfClose
	FlagStreams                         // fetch sends them as they come
	FlagWaitForReady                    // the caller says to wait for a network
	FlagNoWait                          // the caller says not to
	FlagOffline                         // there is no network now
	FlagSocket                          // attempts are WebSockets
)

// The flags of a fragment, above those of its frame.
const (
	FragmentFirst   = 1 << 8
	FragmentDecoded = 1 << 9
)

// The actions. Each is its word here, the call's id, the attempt's index, and
// the words that wasm/ABI.md lists for it; wasm/npm/src/abi reads them.
const (
	ActionPrepare uint32 = iota // run the per-attempt metadata function
	ActionOpen                  // send the request
	ActionAbort                 // end the attempt's exchange
	ActionRead                  // read a chunk of the body
	ActionHead                  // give the application the header
	ActionEnd                   // settle the call
	ActionRelease               // let go of the request
	ActionWritten               // the application need not wait for so many messages
	ActionTimer                 // set the one timer
	ActionHistory               // what History asked for
	ActionObserve               // tell listeners
	ActionWarn                  // tell the developer
	ActionRefuse                // a problem of the channel's options
	ActionInflate               // inflate the payload that has just come whole
)
