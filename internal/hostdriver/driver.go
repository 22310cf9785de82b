package hostdriver

import (
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Driver holds what lives: all channels and calls of one instance of the
// WebAssembly. It implements abi.Program.
type Driver struct {
	out      *abi.Buffers
	channels map[uint32]*channel.Channel
	calls    calls
	origins  map[string]*channel.Origin // by their URLs; all channels of the page share what is known
	timers   timers
	armed    plan.Duration // what JavaScript's one timer stands at
	patient  bool          // it is for the end of a body
	now      plan.Duration // the instant of the present event
	room     []wire.Fragment
	header   metadata.MD // room for a request's

	lastStart last // the method and the metadata
	lastHead  last
}

// liveCall is a call that has not ended.
type liveCall struct {
	call.Call
	id      uint32
	channel uint32
	timer   timer
	// Its neighbours among those that live.
	older, newer *liveCall
}

// New makes the driver of an instance. It answers through the buffers.
func New(out *abi.Buffers) *Driver {
	return &Driver{
		out:      out,
		channels: make(map[uint32]*channel.Channel),
		calls:    calls{byID: make(map[uint32]*liveCall)},
		origins:  make(map[string]*channel.Origin),
		armed:    plan.Never,
		room:     make([]wire.Fragment, 0, abi.MaxFragments),
	}
}

// OpenChannel makes a channel of the options in the text, or refuses them.
func (d *Driver) OpenChannel(id uint32, in []byte) {
	options, problems := readOptions(string(in))
	if len(problems) > 0 {
		d.emitProblems(problems)
		return
	}
	options.Origin = d.origin(options.BaseURL)
	ch := channel.New(options)
	for _, w := range ch.Warnings() {
		d.out.Begin(abi.ActionWarn, 0, 0)
		d.emitWarning(w)
	}
	d.channels[id] = ch
}

// origin is what is known of the origin of a base URL that was checked.
func (d *Driver) origin(baseURL string) *channel.Origin {
	scheme, rest, _ := text.Cut(baseURL, '/')
	host, _, _ := text.Cut(rest[1:], '/')
	url := scheme + "//" + host
	if d.origins[url] == nil {
		d.origins[url] = new(channel.Origin)
	}
	return d.origins[url]
}

// CloseChannel cancels what runs.
func (d *Driver) CloseChannel(id uint32, now float64) {
	d.now = d.instant(now)
	for c := d.calls.oldest; c != nil; {
		next := c.newer
		if c.channel == id {
			c.Cancel(d.now, call.CanceledByChannel, nil)
			d.carryOut(c)
		}
		c = next
	}
	delete(d.channels, id)
	d.arm()
}

// Network: there is a network, or there is none.
func (d *Driver) Network(now float64, up uint32) {
	d.now = d.instant(now)
	for c := d.calls.oldest; c != nil; {
		next := c.newer
		c.Network(d.now, up != 0)
		d.carryOut(c)
		c = next
	}
	d.arm()
}

// Timer: what is due is due.
func (d *Driver) Timer(now float64) {
	d.now, d.armed, d.patient = d.instant(now), plan.Never, false
	for d.timers.earliest() <= d.now {
		c := d.timers.heap[0].call
		d.timers.set(&c.timer, plan.Never)
		c.Timer(d.now)
		d.carryOut(c)
	}
	d.arm()
}

// Start makes and begins a call: its method, then its metadata, are the text. A
// call whose channel is not open ends at once. An id is given once, so that a
// second start of a call is passed over.
func (d *Driver) Start(id uint32, in []byte) {
	block, rest := abi.ReadStartBlock(in)
	d.now = d.instant(block.Now)
	if d.calls.byID[id] != nil {
		return
	}
	ch := d.channels[block.Channel]
	if ch == nil {
		d.emitRefusal(id)
		return
	}
	started, _ := d.lastStart.of(rest)
	text := reader{started}
	params := readParams(&block)
	params.Method = text.next()
	md, err := text.metadata(block.Fields)
	params.Metadata = md
	c := &liveCall{id: id, channel: block.Channel, timer: timer{at: plan.Never}}
	c.timer.call = c
	c.Init(ch, d.now, params)
	d.calls.add(c)
	if err != nil {
		c.Fail(d.now, status.New(status.Internal, err.Error()))
	}
	if !params.Writes {
		c.Send(d.now, byteCount(block.Size), byteCount(block.Size))
		c.HalfClose(d.now)
	}
	c.Begin(d.now)
	d.settle(c)
}

func readParams(block *abi.StartBlock) call.Params {
	has := func(flag uint32) bool { return block.Flags&flag != 0 }
	params := call.Params{
		Timeout:         span(block.Timeout),
		MaxReceiveBytes: limit(block.MaxReceive),
		Streaming:       has(abi.StartFlagStreaming),
		Observe:         has(abi.StartFlagObserve),
		Streams:         has(abi.StartFlagStreams),
		Writes:          has(abi.StartFlagOpen),
		Offline:         has(abi.StartFlagOffline),
		Socket:          has(abi.StartFlagSocket),
	}
	if wait := has(abi.StartFlagWaitForReady); wait || has(abi.StartFlagNoWait) {
		said := wait // made only here, for it is allocated
		params.WaitForReady = &said
	}
	return params
}

// settle carries out what an event of a call asked for.
func (d *Driver) settle(c *liveCall) {
	d.carryOut(c)
	d.arm()
}
