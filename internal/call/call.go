package call

import (
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Call is one call: the machine of its attempts, and the exchange of each attempt. Its
// methods are events, and Take returns the actions that they caused.
type Call struct {
	channel   *channel.Channel
	machine   attempts.Machine
	path      string          // "/package.Service/Method"
	method    *channel.Method // the method's config, and what is known about it
	socket    bool            // its attempts use WebSockets
	trial     int             // the index of the attempt that is sent without the attempts header to see whether that is answered; 0: none
	metadata  metadata.MD
	exchanges []attempt // by the attempts' indices
	streaming bool      // several messages may be received
	maxSend   int64
	maxRecv   int64
	wanted    bool       // the application waits for a message
	room      [1]attempt // space for the one attempt that most calls make, which saves an allocation
}

type attempt struct {
	exchange.Exchange
	metadata          metadata.MD // its own, from the function for per-attempt metadata
	messages          int         // how many have begun so far
	reading           bool        // a chunk was asked for and is not used up
	behind            bool        // the rest of that chunk is still to be fed
	hasAttemptsHeader bool        // it was sent with the attempts header
}

// Params are what a Call is made with.
type Params struct {
	Method          string
	Metadata        metadata.MD
	Timeout         plan.Duration // Never: the channel's default; 0 or less: it has passed already
	Streaming       bool          // the response is a stream
	MaxReceiveBytes int64         // 0: the channel's
	WaitForReady    *bool         // nil: as the method config says, or else false
	NoRefresh       bool          // the call neither waits for a refresh of the credentials nor starts one
	PerAttempt      bool          // ask for metadata before each attempt even if the channel does not
	Offline         bool          // there is no network now
	Observe         bool

	// CanStream: the transport can send messages as they come. Otherwise a request is
	// sent when it is complete. In text mode it is too, because few servers read
	// base64 that has padding before its end.
	CanStream bool
	// Restarts: the transport can tell that it sent nothing of a request. The driver
	// then has to keep the request a little longer, to send it again.
	Restarts bool
	// Socket: the transport is a WebSocket in the dialect of the improbable wrapper,
	// which carries bytes in either format. It implies CanStream.
	Socket bool
	// Writes: the application sends several messages and waits for each, so Written
	// actions have to say when it need not wait any longer.
	Writes bool
}

// New makes a call of the channel. A call with an invalid method or invalid metadata
// has ended when New returns, with INTERNAL and nothing sent.
func New(ch *channel.Channel, now plan.Duration, p Params) *Call {
	c := new(Call)
	c.Init(ch, now, p)
	return c
}

// Init makes a call of the zero Call, which a driver may keep inside its own.
func (c *Call) Init(ch *channel.Channel, now plan.Duration, p Params) {
	method := ch.Method(p.Method)
	config := method.Config
	policy, pacer, allowed := ch.Plan(method)
	settings := attempts.Settings{
		Plan: policy, Pacer: pacer, MaxAttempts: allowed, Throttle: ch.Throttle(), Budget: ch.Budget(),
		Deadline: ch.Deadline(now, p.Timeout, config.Timeout), Prepare: ch.Options().PerAttempt || p.PerAttempt, Observe: p.Observe,
		Streams: p.Socket || p.CanStream && !ch.Options().Text, Restarts: p.Restarts, Writes: p.Writes,
	}
	if p.WaitForReady == nil {
		p.WaitForReady = config.WaitForReady
	}
	settings.WaitForReady = p.WaitForReady != nil && *p.WaitForReady
	if settings.Endpoints = ch.Endpoints(); !p.Streaming {
		settings.Usual = &method.Usual
	}
	if !p.NoRefresh {
		settings.Credentials = ch.Credentials()
	}
	if settings.Credentials != nil { // then calls without a policy may be sent again too
		settings.Quota = ch.Quota()
	}
	if allowed > 1 {
		settings.Quota, settings.RecvTimeout, settings.Duplex = ch.Quota(), config.RecvTimeout(), p.Socket
	}
	if p.MaxReceiveBytes == 0 {
		p.MaxReceiveBytes = ch.Options().MaxReceiveMessageBytes
	}
	c.machine.Init(settings)
	c.channel, c.path, c.method, c.metadata, c.streaming, c.socket = ch, p.Method, method, p.Metadata, p.Streaming, p.Socket
	c.maxSend = smallest(config.MaxRequestMessageBytes, ch.Options().MaxSendMessageBytes)
	c.maxRecv = smallest(config.MaxResponseMessageBytes, p.MaxReceiveBytes)
	c.machine.Network(now, !p.Offline)
	if method.Refusal != nil {
		c.Fail(now, method.Refusal)
	} else if err := ch.Options().CheckMetadata(p.Metadata); err != nil {
		c.Fail(now, status.New(status.Internal, err.Error()))
	}
}

// Budget is what the channel's retries and hedges are paid from; nil: they cost nothing.
func (c *Call) Budget() *attempts.Budget { return c.channel.Budget() }

// Take returns the actions since the last Take.
func (c *Call) Take() []attempts.Action { return c.machine.Take() }

// Send reports that the application sends a message of size bytes. Sent is how
// many bytes are sent, which are fewer than size if the message was compressed. The driver
// keeps the message itself.
func (c *Call) Send(now plan.Duration, size, sent int64) {
	if size > c.maxSend {
		c.Fail(now, status.New(status.ResourceExhausted, "the request message of "+text.Decimal(size)+
			" bytes is larger than the limit of "+text.Decimal(c.maxSend)))
		return
	}
	c.machine.Queue(now, sent+wire.PrefixSize)
}

// Begin begins the call. Its messages, and HalfClose, may come before or after.
func (c *Call) Begin(now plan.Duration) {
	if !c.machine.Over() {
		c.machine.Begin(now)
	}
}

// HalfClose reports that no further message follows.
func (c *Call) HalfClose(now plan.Duration) { c.machine.HalfClose(now) }

// Took reports how many of the request's messages the transport has taken for an
// attempt so far.
func (c *Call) Took(id, messages int) { c.machine.Took(id, messages) }

// Refreshed reports that a refresh of the channel's credentials has ended.
func (c *Call) Refreshed(now plan.Duration) { c.machine.Refreshed(now) }

// Network reports that there is a network, or that there is none.
func (c *Call) Network(now plan.Duration, up bool) { c.machine.Network(now, up) }

// Prepared reports what the function for per-attempt metadata returned.
func (c *Call) Prepared(now plan.Duration, id int, md metadata.MD) {
	if err := c.channel.Options().CheckMetadata(md); err != nil {
		c.machine.Unprepared(now, id, status.New(status.Internal, err.Error()))
		return
	}
	c.attempt(id).metadata = md
	c.machine.Prepared(now, id)
}

// Unprepared reports that the function for per-attempt metadata failed. If it failed
// with a status, failure is that status, and the call ends with it. If it failed with
// another error, the code is OK and the message is what the error says, and the call
// ends as UNAUTHENTICATED. A code that does not exist is treated in the same way.
func (c *Call) Unprepared(now plan.Duration, id int, failure *status.Status) {
	st := *failure
	if st.Code == status.OK || st.Code > status.MaxCode {
		st.Code, st.Message = status.Unauthenticated, MetadataUnprepared+": "+st.Message
	}
	c.machine.Unprepared(now, id, &st)
}

// Timer reports that the instant of the last Timer action may have come.
func (c *Call) Timer(now plan.Duration) { c.machine.Timer(now) }

// attempt returns the exchange of an attempt that the machine has begun. Most methods
// call it: inlined, it would add kilobytes to the WebAssembly.
//
//go:noinline
func (c *Call) attempt(id int) *attempt {
	if c.exchanges == nil {
		c.exchanges = c.room[:0]
	}
	for len(c.exchanges) <= id {
		c.exchanges = append(c.exchanges, attempt{})
		a := &c.exchanges[len(c.exchanges)-1]
		a.MaxMessage, a.FirstFrame = c.maxRecv, c.channel.Options().FirstFrame
	}
	return &c.exchanges[id]
}

// Header returns the header metadata for the application: the committed attempt's, with
// the number of the attempts that were made before it (SEMANTICS 2.12a, 2.12d).
func (c *Call) Header() metadata.MD {
	id, ok := c.machine.Committed()
	if !ok {
		return metadata.MD{}
	}
	return c.counted(c.attempt(id).Header(), id)
}

// counted sets the number of attempts that were made before this one, whatever the
// server said it was.
func (c *Call) counted(md metadata.MD, id int) metadata.MD {
	if before := c.machine.Number(id) - 1; before > 0 {
		md = md.Clone()
		md.Set(channel.AttemptsHeader, text.Decimal(before))
	}
	return md
}

// Status returns how the call ended, with its history. It is nil before the end.
func (c *Call) Status() *status.Status {
	st, ended := c.Ending()
	if !ended {
		return nil
	}
	st.Attempts, st.CommitReason = c.machine.Records(), c.machine.Reason()
	return &st
}

// Ending is Status without the history, which a driver may read record by record.
func (c *Call) Ending() (final status.Status, ended bool) {
	st := c.machine.Status()
	if st == nil {
		return final, false
	}
	final = *st
	if id := c.machine.Answer(); id >= 0 {
		if _, committed := c.machine.Committed(); committed && c.machine.Headed() {
			final.Header = c.counted(st.Header, id)
		} else {
			final.Trailer = c.counted(st.Trailer, id)
		}
	}
	return final, true
}

// Lost reports whether the call ended because its connection was lost after the commit, so
// that no status had come from the server, or because something other than this client
// ended its request, such as the page being left (SEMANTICS 8.4b).
func (c *Call) Lost() bool {
	if c.machine.Reason() == status.ReasonDrop {
		return true
	}
	id := c.machine.Answer()
	if id < 0 || !c.machine.Headed() {
		return false
	}
	switch c.machine.Status().Code {
	case status.Unavailable, status.Canceled, status.Unknown:
		return !c.attempt(id).Came()
	}
	return false
}

// Records returns the history of the attempts so far.
func (c *Call) Records() []status.AttemptRecord { return c.machine.Records() }

// Record is the history of one attempt so far.
func (c *Call) Record(id int) *status.AttemptRecord { return c.machine.Record(id) }

// Reason is why no further attempt is made. It is set when the call commits or ends, and
// ReasonNone before.
func (c *Call) Reason() status.CommitReason { return c.machine.Reason() }

// Begun is when the call began.
func (c *Call) Begun() plan.Duration { return c.machine.Begun() }

// Deadline is the instant by which the call ends; Never if it has no deadline.
func (c *Call) Deadline() plan.Duration { return c.machine.Deadline() }

// WaitsForReady reports whether the call would wait for a network.
func (c *Call) WaitsForReady() bool { return c.machine.WaitsForReady() }

// Streams reports whether the call's messages are sent as they come.
func (c *Call) Streams() bool { return c.machine.Streams() }

// Over reports whether the call has ended.
func (c *Call) Over() bool { return c.machine.Over() }

// Attempts is how many attempts have begun. Their indices are below this number.
func (c *Call) Attempts() int { return c.machine.Attempts() }

// Replays reports whether another attempt may send the request's messages again.
func (c *Call) Replays() bool { return c.machine.Replays() }

// Live reports whether what an attempt says still counts.
func (c *Call) Live(id int) bool { return c.machine.Live(id) }

// Committed is the attempt that the call is committed to, and whether there is one.
func (c *Call) Committed() (id int, ok bool) { return c.machine.Committed() }

// Number is an attempt's number, from 1.
func (c *Call) Number(id int) int { return c.machine.Number(id) }

// smallest returns the lowest of the limits. The one from the service config may be
// absent.
func smallest(configured *int64, others ...int64) int64 {
	lowest := channel.Unlimited
	if configured != nil {
		lowest = *configured
	}
	for _, o := range others {
		lowest = min(lowest, o)
	}
	return lowest
}
