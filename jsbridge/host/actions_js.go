package host

// The actions. Each is its word here, the call's id, the attempt's index, and
// the words that wasm/ABI.md lists for it; wasm/npm/src/abi/host.ts reads them.
const (
	ActionPrepare uint32 = iota // run the per-attempt metadata function
	ActionOpen                  // fetch
	ActionAbort                 // abort the fetch
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
