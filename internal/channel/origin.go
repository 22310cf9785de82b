package channel

// AttemptHeader is which attempts carry grpc-previous-rpc-attempts. The first attempt
// never does. So a server on another origin whose CORS response does not allow the
// header gets first attempts, and the browser blocks all others, which looks as if the
// network had failed.
type AttemptHeader uint8

// The modes (SEMANTICS 5.5c).
const (
	AttemptHeaderAuto   AttemptHeader = iota // all but the first, until the origin seems not to allow the header
	AttemptHeaderAlways                      // all but the first
	AttemptHeaderNever                       // none
)

// Origin is what calls have shown of the CORS responses of one origin. Channels to the
// same origin may share it.
type Origin struct {
	Answers bool // an attempt without the attempts header was answered since the last trial
	Allows  bool // an attempt with the header was answered
	Refuses bool // a trial was answered: an attempt without the header, after one with it got no response
	Warned  bool // the developer was warned
}
