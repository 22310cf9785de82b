package call

import (
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Call is one call: its machine, and the exchange of each attempt. As with the
// machine, methods are events and Take hands out what they asked for.
type Call struct {
	channel   *channel.Channel
	machine   attempts.Machine
	path      string          // "/package.Service/Method"
	method    *channel.Method // what holds for it
	socket    bool            // its attempts are carried by WebSockets
	trial     int             // the attempt that goes without the attempts header, to see whether it is answered then; 0: none
	metadata  metadata.MD
	exchanges []attempt // by the attempts' indices
	streaming bool      // several messages may be received
	maxSend   int64
	maxRecv   int64
	wanted    bool       // the application waits for a message
	room      [1]attempt // for what nearly every call makes do with
}

type attempt struct {
	exchange.Exchange
	metadata metadata.MD // its own, of the per-attempt function
	messages int         // begun so far
	reading  bool        // a chunk was asked for
	marked   bool        // sent with how many were made before it
}

// Params are what a call is made with.
type Params struct {
	Method          string
	Metadata        metadata.MD
	Timeout         plan.Duration // Never: the channel's default. 0 or less: it has passed
	Streaming       bool          // the response is a stream
	MaxReceiveBytes int64         // 0: the channel's
	WaitForReady    *bool         // nil: the method config's, or else false
	PerAttempt      bool          // ask for metadata before each attempt, whatever the channel does
	Offline         bool          // there is no network now
	Observe         bool

	// Streams: the transport can send messages as they come; else only requests
	// that are complete, at their half-close. Text mode goes before it: few servers
	// read base64 with padding in its midst, so that text goes out as a whole.
	Streams bool
	// Restarts: the transport can tell that it sent nothing of a request. Then the
	// driver keeps a request a little longer, to send it again.
	Restarts bool
	// Socket: it is a WebSocket, in the dialect of the improbable wrapper, which
	// carries bytes whatever the format. Implies Streams.
	Socket bool
	// Writes: the application sends several messages and waits for each: tell it
	// when it need not any more.
	Writes bool
}

// New makes a call of the channel. One that cannot be made, for a bad method or bad
// metadata, has ended already, with INTERNAL and nothing sent.
func New(ch *channel.Channel, now plan.Duration, p Params) *Call {
	method := ch.Method(p.Method)
	config := method.Config
	policy, allowed := ch.Plan(config)
	settings := attempts.Settings{
		Plan: policy, MaxAttempts: allowed, Throttle: ch.Throttle(),
		Deadline: ch.Deadline(now, p.Timeout, config.Timeout), Prepare: ch.Options().PerAttempt || p.PerAttempt, Observe: p.Observe,
		Streams: p.Socket || p.Streams && !ch.Options().Text, Restarts: p.Restarts, Writes: p.Writes,
	}
	if p.WaitForReady == nil {
		p.WaitForReady = config.WaitForReady
	}
	settings.WaitForReady = p.WaitForReady != nil && *p.WaitForReady
	if allowed > 1 {
		settings.Quota = ch.Quota()
	}
	if p.MaxReceiveBytes == 0 {
		p.MaxReceiveBytes = ch.Options().MaxReceiveMessageBytes
	}
	c := &Call{
		channel: ch, machine: attempts.New(settings), path: p.Method, method: method, metadata: p.Metadata, streaming: p.Streaming, socket: p.Socket,
		maxSend: smallest(config.MaxRequestMessageBytes, ch.Options().MaxSendMessageBytes),
		maxRecv: smallest(config.MaxResponseMessageBytes, p.MaxReceiveBytes),
	}
	c.machine.Network(now, !p.Offline)
	if method.Refusal != nil {
		c.Fail(now, method.Refusal)
	} else if err := ch.Options().CheckMetadata(p.Metadata); err != nil {
		c.Fail(now, status.New(status.Internal, err.Error()))
	}
	return c
}

// Take hands out the actions since the last Take.
func (c *Call) Take() []attempts.Action { return c.machine.Take() }

// Send adds a request message of so many bytes, which are sent as so many: they
// are fewer where they were compressed. The driver keeps the message.
func (c *Call) Send(now plan.Duration, size, sent int64) {
	if size > c.maxSend {
		c.Fail(now, status.New(status.ResourceExhausted, "the request message of "+strconv.FormatInt(size, 10)+
			" bytes is larger than the limit of "+strconv.FormatInt(c.maxSend, 10)))
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

// HalfClose: no further message follows.
func (c *Call) HalfClose(now plan.Duration) { c.machine.HalfClose(now) }

// Took: the transport has taken so many of the request's messages for the attempt.
func (c *Call) Took(id, messages int) { c.machine.Took(id, messages) }

// Network: there is a network, or there is none.
func (c *Call) Network(now plan.Duration, up bool) { c.machine.Network(now, up) }

// Prepared: the per-attempt function has given this metadata.
func (c *Call) Prepared(now plan.Duration, id int, md metadata.MD) {
	if err := c.channel.Options().CheckMetadata(md); err != nil {
		c.machine.Unprepared(now, id, status.New(status.Internal, err.Error()))
		return
	}
	c.attempt(id).metadata = md
	c.machine.Prepared(now, id)
}

// Unprepared: the per-attempt function has failed with this status, or, if its code
// is OK or unknown, with another error that has this message. A failure is never a
// success, whatever it says.
func (c *Call) Unprepared(now plan.Duration, id int, failure *status.Status) {
	st := *failure
	if st.Code == status.OK || st.Code > status.MaxCode {
		st.Code, st.Message = status.Unauthenticated, MetadataUnprepared+": "+st.Message
	}
	c.machine.Unprepared(now, id, &st)
}

// Timer: the armed instant may have come.
func (c *Call) Timer(now plan.Duration) { c.machine.Timer(now) }

// attempt is the exchange of an attempt that the machine has begun. It is not
// inlined: it stands in most methods, and would weigh kilobytes.
//
//go:noinline
func (c *Call) attempt(id int) *attempt {
	if c.exchanges == nil {
		c.exchanges = c.room[:0]
	}
	for len(c.exchanges) <= id {
		a := attempt{}
		a.MaxMessage, a.FirstFrame = c.maxRecv, c.channel.Options().FirstFrame
		c.exchanges = append(c.exchanges, a)
	}
	return &c.exchanges[id]
}

// Header is the header metadata for the application: the committed attempt's,
// and how many attempts were made before it (SEMANTICS 2.12a, 2.12d).
func (c *Call) Header() metadata.MD {
	id, ok := c.machine.Committed()
	if !ok {
		return metadata.MD{}
	}
	return c.counted(c.attempt(id).Header(), id)
}

// counted replaces what a server may have said of the attempts before by what is true.
func (c *Call) counted(md metadata.MD, id int) metadata.MD {
	if before := c.machine.Number(id) - 1; before > 0 {
		md = md.Clone()
		md.Set(channel.AttemptsHeader, strconv.Itoa(before))
	}
	return md
}

// Status is how the call ended, with its history; nil before that.
func (c *Call) Status() *status.Status {
	st := c.machine.Status()
	if st == nil {
		return nil
	}
	final := *st
	if id := c.machine.Answer(); id >= 0 {
		if _, committed := c.machine.Committed(); committed && c.machine.Headed() {
			final.Header = c.counted(st.Header, id)
		} else {
			final.Trailer = c.counted(st.Trailer, id)
		}
	}
	final.Attempts, final.CommitReason = c.machine.Records(), c.machine.Reason()
	return &final
}

// Records and Reason are the history so far.
func (c *Call) Records() []status.AttemptRecord { return c.machine.Records() }

// Reason is why no further attempt is made.
func (c *Call) Reason() status.CommitReason { return c.machine.Reason() }

// Begun is when the call began.
func (c *Call) Begun() plan.Duration { return c.machine.Begun() }

// Deadline is the instant by which the call ends; Never: it has none.
func (c *Call) Deadline() plan.Duration { return c.machine.Deadline() }

// WaitsForReady reports whether the call would wait for a network.
func (c *Call) WaitsForReady() bool { return c.machine.WaitsForReady() }

// Streams reports whether the call's messages are sent as they come.
func (c *Call) Streams() bool { return c.machine.Streams() }

// Over reports whether the call has ended.
func (c *Call) Over() bool { return c.machine.Over() }

// Attempts is how many attempts have begun: their indices are below it.
func (c *Call) Attempts() int { return c.machine.Attempts() }

// Replays reports whether another attempt may send the request's messages again.
func (c *Call) Replays() bool { return c.machine.Replays() }

// Live reports whether what an attempt says still counts.
func (c *Call) Live(id int) bool { return c.machine.Live(id) }

// Committed is the attempt that the call is committed to, and whether there is one.
func (c *Call) Committed() (id int, ok bool) { return c.machine.Committed() }

// Number is an attempt's number, from 1.
func (c *Call) Number(id int) int { return c.machine.Number(id) }

// smallest is the lowest of a limit of the service config and others.
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
