package hostdriver

import (
	"errors"
	"math"

	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Driver holds the open channels and the live calls of one instance of the
// WebAssembly. It implements abi.Program.
type Driver struct {
	out      *abi.Buffers
	channels idTable[channel.Channel]
	calls    calls
	urls     text.Index        // of the origins
	origins  []*channel.Origin // in the order of their URLs; the channels of a page share them
	timers   timers
	armed    plan.Duration   // the instant that JavaScript's one timer is set to
	patient  bool            // that timer waits for the end of a body
	now      plan.Duration   // the instant of the current event
	room     []wire.Fragment // reused by every Feed
	header   metadata.MD     // reused for the header of every request
	opened   metadata.MD     // the header of the last request

	lastStart last // the method and the metadata
	lastHead  last
}

// liveCall is a call that has not ended.
type liveCall struct {
	call.Call
	id      uint32
	channel uint32
	timer   timer
	// The neighbours in the list of live calls.
	older, newer *liveCall
}

// New makes the driver of an instance. Its answers go into the buffers.
func New(out *abi.Buffers) *Driver {
	return &Driver{
		out:   out,
		armed: plan.Never,
		room:  make([]wire.Fragment, 0, abi.MaxFragments),
	}
}

// OpenChannel makes a channel from the options in the text, or refuses them.
func (d *Driver) OpenChannel(id uint32, in []byte) {
	options, problems := readOptions(string(in))
	if len(problems) > 0 {
		d.emitProblems(problems)
		return
	}
	for i := range 1 + len(options.More) {
		options.At(i).Origin = d.origin(options.At(i).BaseURL)
	}
	ch := channel.New(options)
	for _, w := range ch.Warnings() {
		d.out.Begin(abi.ActionWarn, 0, 0)
		d.emitWarning(w)
	}
	if ch.Budget() != nil {
		d.out.Begin(abi.ActionBudget, 0, 0)
		d.out.String(ch.Budget().Text())
	}
	d.channels.set(id, ch)
}

// origin returns what is known about the origin of a base URL, which has been validated.
func (d *Driver) origin(baseURL string) *channel.Origin {
	scheme, rest, _ := text.Cut(baseURL, '/')
	host, _, _ := text.Cut(rest[1:], '/')
	url := scheme + "//" + host
	at := d.urls.Find(url)
	if at < 0 {
		at = d.urls.Len()
		d.urls.Add(url)
		d.origins = append(d.origins, new(channel.Origin))
	}
	return d.origins[at]
}

// CloseChannel closes a channel and cancels its calls.
func (d *Driver) CloseChannel(id uint32, now float64) {
	d.now = d.instant(now)
	for c := d.calls.oldest; c != nil; {
		next := c.newer
		if c.channel == id {
			c.Cancel(d.now, call.CanceledByChannel, nil)
			d.writeActions(c)
		}
		c = next
	}
	d.channels.remove(id)
	d.setTimer()
}

// State writes the text in which a channel keeps what it has learned, if it has changed.
func (d *Driver) State(id uint32) {
	if ch := d.channels.find(id); ch != nil {
		if text, changed := ch.Save(); changed {
			d.out.Begin(abi.ActionState, 0, 0)
			d.out.String(text)
		}
	}
}

// Share takes over what another tab has told of the budget.
func (d *Driver) Share(id uint32, in []byte) {
	if ch := d.channels.find(id); ch != nil && ch.Budget() != nil {
		ch.Budget().Restore(string(in))
	}
}

// Renew says whether a subscription to the method that the text holds is renewed after a
// stream that failed with the code, and after how many milliseconds: Infinity stands for
// not at all, and NaN for a method that cannot be resumed.
func (d *Driver) Renew(id uint32, now float64, code, lost, failures uint32, in []byte) {
	d.now = d.instant(now)
	ch := d.channels.find(id)
	if ch == nil {
		return
	}
	wait, method := math.NaN(), string(in)
	if ch.Resumable(method) {
		wait = math.Inf(1)
		if after, again := ch.Renew(d.now, method, status.Code(code), lost != 0, count(failures)); again {
			wait = milliseconds(after)
		}
	}
	if ch.Budget().Changed() { // it has paid for the renewal
		d.out.Begin(abi.ActionBudget, 0, 0)
		d.out.String(ch.Budget().Text())
	}
	d.out.Begin(abi.ActionRenew, 0, 0)
	d.out.Float(wait)
}

// Refreshed reports that the channel's credentials were refreshed, or, if failed is not 0,
// that they could not be: the text says why.
func (d *Driver) Refreshed(id uint32, now float64, failed uint32, in []byte) {
	d.now = d.instant(now)
	var cause error
	if failed != 0 {
		cause = errors.New(string(in))
	}
	ch := d.channels.find(id)
	if ch == nil || !ch.Refreshed(cause) {
		return
	}
	for c := d.calls.oldest; c != nil; {
		next := c.newer
		if c.channel == id {
			c.Refreshed(d.now)
			d.writeActions(c)
		}
		c = next
	}
	d.setTimer()
}

// Network reports that the page is online again, or offline.
func (d *Driver) Network(now float64, up uint32) {
	d.now = d.instant(now)
	for c := d.calls.oldest; c != nil; {
		next := c.newer
		c.Network(d.now, up != 0)
		d.writeActions(c)
		c = next
	}
	d.setTimer()
}

// Timer fires the timers that are due.
func (d *Driver) Timer(now float64) {
	d.now, d.armed, d.patient = d.instant(now), plan.Never, false
	for d.timers.earliest() <= d.now {
		c := d.timers.heap[0].call
		d.timers.set(&c.timer, plan.Never)
		c.Timer(d.now)
		d.writeActions(c)
	}
	d.setTimer()
}

// Start makes and begins a call. The text holds its method, then its metadata; it is left
// out if it is that of the last Start. A call
// whose channel is not open ends at once. Ids are used once; a second start is ignored.
func (d *Driver) Start(id uint32, in []byte) {
	block, rest := abi.ReadStartBlock(in)
	d.now = d.instant(block.Now)
	method, md, err := d.lastStart.start(rest, block.Fields)
	if d.calls.byID.find(id) != nil {
		return
	}
	ch := d.channels.find(block.Channel)
	if ch == nil {
		d.emitRefusal(id)
		return
	}
	params := readParams(block)
	params.Method, params.Metadata = method, md
	c := d.calls.add(id)
	c.channel = block.Channel
	c.Init(ch, d.now, params)
	if err != nil {
		c.Fail(d.now, status.New(status.Internal, err.Error()))
	}
	if !params.Writes {
		c.Send(d.now, byteCount(block.Size), byteCount(block.Size))
		c.HalfClose(d.now)
	}
	c.Begin(d.now)
	d.respond(c)
}

func readParams(block abi.StartBlock) call.Params {
	flags := block.Flags
	params := call.Params{
		Timeout:         span(block.Timeout),
		MaxReceiveBytes: limit(block.MaxReceive),
		Streaming:       flags&abi.StartFlagStreaming != 0,
		Observe:         flags&abi.StartFlagObserve != 0,
		CanStream:       flags&abi.StartFlagCanStream != 0,
		Writes:          flags&abi.StartFlagOpen != 0,
		Offline:         flags&abi.StartFlagOffline != 0,
		Socket:          flags&abi.StartFlagSocket != 0,
		NoRefresh:       flags&abi.StartFlagNoRefresh != 0,
	}
	if wait := flags&abi.StartFlagWaitForReady != 0; wait || flags&abi.StartFlagNoWait != 0 {
		said := wait // declared here, because it is allocated
		params.WaitForReady = &said
	}
	return params
}

// respond writes what an event of a call led to: the call's actions, and the timer.
func (d *Driver) respond(c *liveCall) {
	d.writeActions(c)
	d.setTimer()
}
