package channel

// AttemptHeader is when grpc-previous-rpc-attempts is sent. Only further attempts
// have it, so that a server on another origin may let the first one pass and have
// the browser refuse the others unsent, which looks like a dead network.
type AttemptHeader uint8

// The modes (SEMANTICS 5.5c).
const (
	AttemptHeaderAuto   AttemptHeader = iota // but no more to an origin that seems to refuse it
	AttemptHeaderAlways                      // whatever comes of it
	AttemptHeaderNever
)

// Origin is what its calls have shown of an origin's CORS answers. Channels of the
// same origin may share it.
type Origin struct {
	Answers bool // since the last trial, an attempt was answered that had no header
	Allows  bool // one that had it was
	Refuses bool // a trial was: without the header, where the same attempt with it was not
	Warned  bool // the developer was told of a suspicion
}
