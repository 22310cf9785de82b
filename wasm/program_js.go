package main

import (
	"errors"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/wire"
	"github.com/hedgerow-web/hedgerow/jsbridge/host"
)

// program holds what lives: all channels and calls of one wasm instance.
type program struct {
	channels map[uint32]*channel.Channel
	calls    map[uint32]*liveCall
	origins  map[string]*channel.Origin // by their URLs; all channels of the page share what is known
	timers   timers
	armed    plan.Duration // what JavaScript's one timer stands at
	now      plan.Duration // the instant of the present event
	room     []wire.Fragment
}

// liveCall is a call that has not ended.
type liveCall struct {
	*call.Call
	id      uint32
	channel uint32
	timer   timer
}

func newProgram() *program {
	return &program{
		channels: make(map[uint32]*channel.Channel),
		calls:    make(map[uint32]*liveCall),
		origins:  make(map[string]*channel.Origin),
		armed:    plan.Never,
		room:     make([]wire.Fragment, 0, host.MaxFragments),
	}
}

// OpenChannel makes a channel of the options in the text, or refuses them.
func (p *program) OpenChannel(id uint32, in []byte) {
	options, problems := readOptions(string(in))
	if len(problems) > 0 {
		emitProblems(problems)
		return
	}
	options.Origin = p.origin(options.BaseURL)
	ch := channel.New(options)
	for _, w := range ch.Warnings() {
		host.Words(host.ActionWarn, 0, 0)
		emitWarning(w)
	}
	p.channels[id] = ch
}

// origin is what is known of the origin of a base URL that was checked.
func (p *program) origin(baseURL string) *channel.Origin {
	scheme, rest, _ := strings.Cut(baseURL, "://")
	host, _, _ := strings.Cut(rest, "/")
	url := scheme + "://" + host
	if p.origins[url] == nil {
		p.origins[url] = new(channel.Origin)
	}
	return p.origins[url]
}

// CloseChannel cancels what runs.
func (p *program) CloseChannel(id uint32, now float64) {
	p.now = instant(now)
	for _, c := range p.calls {
		if c.channel == id {
			c.Cancel(p.now, "the channel was closed", nil)
			p.carryOut(c)
		}
	}
	delete(p.channels, id)
	p.arm()
}

// Start makes and starts a call: its method, then its metadata, are the text.
func (p *program) Start(id, ch, flags uint32, now, timeout, size, maxReceive float64, in []byte, fields int) {
	p.now = instant(now)
	text := reader{string(in)}
	params := call.Params{
		Method:          text.next(),
		Timeout:         span(timeout),
		Streaming:       flags&host.FlagStreaming != 0,
		Observe:         flags&host.FlagObserve != 0,
		Streams:         flags&host.FlagStreams != 0,
		Writes:          flags&host.FlagOpen != 0,
		Offline:         flags&host.FlagOffline != 0,
		Socket:          flags&host.FlagSocket != 0,
		MaxReceiveBytes: limit(maxReceive),
	}
	if flags&(host.FlagWaitForReady|host.FlagNoWait) != 0 {
		wait := flags&host.FlagWaitForReady != 0
		params.WaitForReady = &wait
	}
	md, err := text.metadata(fields)
	params.Metadata = md
	c := &liveCall{Call: call.New(p.channels[ch], p.now, params), id: id, channel: ch, timer: timer{at: plan.Never}}
	c.timer.call = c
	p.calls[id] = c
	if err != nil {
		c.Fail(p.now, status.New(status.Internal, err.Error()))
	}
	if flags&host.FlagOpen != 0 {
		c.Begin(p.now)
	} else {
		c.Send(p.now, int64(size), int64(size))
		c.HalfClose(p.now)
		c.Begin(p.now)
	}
	p.settle(c)
}

// Queue: a request message of so many bytes, sent as so many, in a call that is
// open.
func (p *program) Queue(id uint32, now, size, sent float64) {
	p.event(id, now, func(c *liveCall) { c.Send(p.now, int64(size), int64(sent)) })
}

// HalfClose: no further message follows.
func (p *program) HalfClose(id uint32, now float64) {
	p.event(id, now, func(c *liveCall) { c.HalfClose(p.now) })
}

// Took: fetch has taken so many messages for an attempt.
func (p *program) Took(id, attempt uint32, messages int) {
	if c := p.calls[id]; c != nil {
		c.Took(int(attempt), messages)
		p.settle(c)
	}
}

// Network: there is a network, or there is none.
func (p *program) Network(now float64, up bool) {
	p.now = instant(now)
	for _, c := range p.calls {
		c.Network(p.now, up)
		p.carryOut(c)
	}
	p.arm()
}

// settle carries out what an event of a call asked for.
func (p *program) settle(c *liveCall) {
	p.carryOut(c)
	p.arm()
}

// event runs f on a call that lives; events of others come too late.
func (p *program) event(id uint32, now float64, f func(*liveCall)) {
	p.now = instant(now)
	if c := p.calls[id]; c != nil {
		f(c)
		p.settle(c)
	}
}

// Read: the application waits for a message.
func (p *program) Read(id uint32, now float64) {
	p.event(id, now, func(c *liveCall) { c.Read(p.now) })
}

// Cancel ends a call for its caller, or, with INTERNAL, for a mistake of its
// caller's.
func (p *program) Cancel(id uint32, now float64, code uint32, why []byte) {
	p.event(id, now, func(c *liveCall) {
		if status.Code(code) == status.Internal {
			c.Fail(p.now, status.New(status.Internal, string(why)))
			return
		}
		c.Cancel(p.now, string(why), nil)
	})
}

// History emits the attempts so far.
func (p *program) History(id uint32) {
	if c := p.calls[id]; c != nil {
		host.Words(host.ActionHistory, id, 0)
		emitHistory(c)
	}
}

// Prepared: the per-attempt function's metadata is the text.
func (p *program) Prepared(id, attempt uint32, now float64, in []byte, fields int) {
	p.event(id, now, func(c *liveCall) {
		text := reader{string(in)}
		md, err := text.metadata(fields)
		if err != nil {
			c.Unprepared(p.now, int(attempt), status.New(status.Internal, err.Error()))
			return
		}
		c.Prepared(p.now, int(attempt), md)
	})
}

// Unprepared: the per-attempt function failed; the text is the message, then
// the metadata of the status.
func (p *program) Unprepared(id, attempt uint32, now float64, code uint32, in []byte, fields int) {
	p.event(id, now, func(c *liveCall) {
		text := reader{string(in)}
		st := status.New(status.Code(code), text.next())
		if st.Code == status.OK || st.Code > status.MaxCode {
			st.Code = status.Unauthenticated // a failure is no success, whatever it says
		}
		st.Trailer, _ = text.metadata(fields)
		c.Unprepared(p.now, int(attempt), st)
	})
}

// Head: the response's fields are the text.
func (p *program) Head(id, attempt uint32, now float64, httpStatus uint32, in []byte, fields int) {
	p.event(id, now, func(c *liveCall) {
		text := reader{string(in)}
		c.Head(p.now, int(attempt), int(httpStatus), text.fields(fields))
	})
}

// Feed: a slice of a chunk, or what a feed before has left of it. Once the last
// slice is taken, the chunk is drained.
func (p *program) Feed(id, attempt uint32, now float64, slice []byte, last bool) int {
	p.now = instant(now)
	c := p.calls[id]
	if c == nil {
		return len(slice)
	}
	fragments, consumed := c.Feed(p.now, int(attempt), slice, 0, p.room[:0])
	decoded := c.InText(int(attempt))
	for _, f := range fragments {
		host.Fragment(f.Offset, f.Length, f.Total, f.Flags, f.First, decoded)
	}
	if _, packed := c.Packed(int(attempt)); last && consumed == len(slice) && !packed {
		c.Drained(int(attempt))
	}
	p.settle(c)
	return consumed
}

// Skip: JavaScript took so many bytes of the present message by itself.
func (p *program) Skip(id, attempt uint32, n int) {
	if c := p.calls[id]; c != nil {
		c.Skip(int(attempt), n)
		p.settle(c)
	}
}

// Inflated: JavaScript has inflated the present payload; trailers are shown.
func (p *program) Inflated(id, attempt uint32, now, size float64, trailers []byte) {
	p.event(id, now, func(c *liveCall) { c.Inflated(p.now, int(attempt), int64(size), append([]byte(nil), trailers...)) })
}

// Drained: the chunk has been taken whole.
func (p *program) Drained(id, attempt uint32, now float64) {
	p.event(id, now, func(c *liveCall) { c.Drained(int(attempt)) })
}

// End: the body has ended.
func (p *program) End(id, attempt uint32, now float64) {
	p.event(id, now, func(c *liveCall) { c.End(p.now, int(attempt)) })
}

// Break: the body could not be read to its end.
func (p *program) Break(id, attempt uint32, now float64, cause []byte) {
	p.event(id, now, func(c *liveCall) { c.Break(p.now, int(attempt), errors.New(string(cause))) })
}

// Failed: there was no response head.
func (p *program) Failed(id, attempt uint32, now float64, how uint32, cause []byte) {
	p.event(id, now, func(c *liveCall) {
		c.Failed(p.now, int(attempt), call.Failure(how), plan.Processed, errors.New(string(cause)))
	})
}

// Closed: the attempt's WebSocket was closed.
func (p *program) Closed(id, attempt uint32, now float64, code uint32, reason []byte) {
	p.event(id, now, func(c *liveCall) { c.Closed(p.now, int(attempt), int(code), string(reason)) })
}

// Timer: what is due is due.
func (p *program) Timer(now float64) {
	p.now, p.armed = instant(now), plan.Never
	for p.timers.earliest() <= p.now {
		c := p.timers.heap[0].call
		p.timers.set(&c.timer, plan.Never)
		c.Timer(p.now)
		p.carryOut(c)
	}
	p.arm()
}
