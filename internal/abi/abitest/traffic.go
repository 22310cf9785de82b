package abitest

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// Traffic makes events as a busy page has them: it hears what the program asks for,
// and answers as applications, networks and servers do, well and badly. So calls
// are retried, hedged and committed, and come to their ends. Script, which hears
// nothing, hardly ever gets that far; some of its events are among these.
type Traffic struct {
	Reached *Reached

	s         *script
	host      *Host
	channels  []page
	calls     []*talk // those that live, the oldest first
	last      uint32  // the last id that was given
	most      int     // how many calls live at once
	timer     float64
	offline   bool
	refreshes []uint32  // channels whose credentials are being refreshed
	busy      *exchange // its chunk is being taken apart

	warped      bool   // the program was told of other times than the page's
	unrulyStart bool   // the call that begins was not begun here
	fault       string // the first rule that was broken
}

// page is a channel, and what servers know of it.
type page struct {
	id   uint32
	text bool
	// strict: CORS refuses what has the header that counts attempts.
	strict bool
}

// strict is what the hosts' names of such origins begin with.
const strict = "strict-"

// talk is a call, as JavaScript holds it.
type talk struct {
	id                               uint32
	page                             page
	streaming, open, streams, socket bool
	halfClosed                       bool
	queued                           int
	deadline                         float64
	unruly                           bool        // an event of Script's was about it
	exchanges                        []*exchange // by the attempts' indices
}

// policies are service configs by which much is tried again.
var policies = []string{
	`{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":4,"hedgingDelay":"0.02s","nonFatalStatusCodes":["UNAVAILABLE"],"x-hedgerow":{"maxExtraLoad":0.5,"delayPercentile":20,"maxDelay":"0.3s"}}}]}`,
	`{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE",13,"UNKNOWN"]}}]}`,
	`{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"0.3s","backoffMultiplier":1.5,"retryableStatusCodes":["UNAVAILABLE"]}}],"retryThrottling":{"maxTokens":20,"tokenRatio":0.5},"x-hedgerow":{"retryBudget":{"ratio":0.3,"minPerSecond":0.5}}}`,
	`{"methodConfig":[{"name":[{"service":"a.B"}],"waitForReady":true,"retryPolicy":{"maxAttempts":9,"initialBackoff":"0.001s","maxBackoff":"10s","backoffMultiplier":3,"retryableStatusCodes":["UNAVAILABLE","RESOURCE_EXHAUSTED"]}}]}`,
	`{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":4,"hedgingDelay":"0.02s","nonFatalStatusCodes":["UNAVAILABLE","INTERNAL"]}}]}`,
	`{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":4,"hedgingDelay":"0.02s","x-hedgerow":{"perAttemptRecvTimeout":"0.05s"}}}]}`,
	`{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"1s","backoffMultiplier":2,"perAttemptRecvTimeout":"0.1s","retryableStatusCodes":[13]}}]}`,
	`{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":3}},{"name":[{"service":"a.B","method":"D"}],"timeout":"30s"}]}`,
}

// firstID leaves the ids below to the events of Script.
const firstID = 100

// NewTraffic begins traffic with a program that was told nothing yet. What happens is
// drawn from data, and then from what more gives; without more, nothing happens
// when the data has been read.
func NewTraffic(data []byte, more func() []byte, host *Host, reached *Reached) *Traffic {
	t := &Traffic{Reached: reached, s: &script{data: data, more: more}, host: host, last: firstID, timer: math.Inf(1)}
	t.most = pick(t.s, []int{2, 4, 8, 8, 30, 30, 100})
	return t
}

// Over reports whether all data has been read.
func (t *Traffic) Over() bool { return t.s.more == nil && len(t.s.data) == 0 }

// Step tells the program of one more event. The program has died of it if Host.Death
// says so; what it asks for is not as the table says if there is an error.
func (t *Traffic) Step() (e Event, actions []Action, err error) {
	e = t.event()
	if !t.host.Enter(e) {
		return e, nil, nil
	}
	if actions, err = t.host.Decode(); err == nil {
		t.hear(e, actions)
		t.Reached.Note(e, actions)
		err = t.broken(e)
	}
	return e, actions, err
}

func (t *Traffic) event() Event {
	n := t.s.next()
	switch {
	case len(t.channels) == 0:
		return t.openChannel()
	case n < 10:
		return t.wild()
	case t.busy != nil:
		return t.busy.take(t)
	case t.timer <= t.s.now && n < 200:
		return t.fire()
	case n < 30 && len(t.refreshes) > 0:
		return t.refresh()
	case n < 55 && len(t.calls) < t.most:
		return t.begin()
	case n < 58:
		return t.fire()
	case n < 120 && len(t.calls) > 0:
		return t.apply(pick(t.s, t.calls))
	case n < 122 || t.offline && n < 140:
		t.offline = !t.offline
		up := 1.0
		if t.offline {
			up = 0
		}
		return Named("network", nil, t.now(), up)
	case n < 124 && len(t.channels) < 5:
		return t.openChannel()
	case n == 125 && t.s.next() < 128:
		return Named("share", []byte(pick(t.s, []string{"0 2000000", "1500000 0", "none"})), float64(pick(t.s, t.channels).id))
	case n == 126:
		return Named("renew", []byte("/a.B/"+pick(t.s, []string{"C", "D"})), float64(pick(t.s, t.channels).id), t.now(), pick(t.s, []float64{0, 13, 14, 2}), float64(t.s.next()%2), float64(t.s.next()%5))
	case n == 125:
		return Named("state", nil, float64(pick(t.s, t.channels).id))
	case n == 124:
		return Named("close_channel", nil, float64(pick(t.s, t.channels).id), t.now())
	}
	return t.exchange()
}

// refresh ends a refresh of a channel's credentials.
func (t *Traffic) refresh() Event {
	channel := t.refreshes[0]
	t.refreshes = t.refreshes[1:]
	if t.s.next() < 60 {
		return Named("refreshed", []byte("no token"), float64(channel), t.now(), 1)
	}
	return Named("refreshed", nil, float64(channel), t.now(), 0)
}

// exchange lets something happen in the network, if it can.
func (t *Traffic) exchange() Event {
	if len(t.calls) == 0 {
		return t.begin()
	}
	first := t.s.next()
	for i := range t.calls {
		for _, x := range t.calls[(first+i)%len(t.calls)].exchanges {
			if x != nil && x.ready() {
				return x.step(t)
			}
		}
	}
	if len(t.calls) < t.most && t.s.next() < 128 {
		return t.begin()
	}
	if t.timer < math.Inf(1) && t.s.next() < 200 {
		return t.fire()
	}
	c := pick(t.s, t.calls)
	return Named("cancel", []byte("it takes too long"), float64(c.id), t.now(), 1)
}

// now lets some time pass.
func (t *Traffic) now() float64 {
	t.s.now += pick(t.s, []float64{0, 0, 0, 0, 0.1, 0.1, 1, 5, 1.0000001})
	return t.s.now
}

// fire waits for the timer.
func (t *Traffic) fire() Event {
	if t.timer < 1e12 { // what is set later than that is never waited for
		t.s.now = max(t.s.now, t.timer)
	}
	return Named("timer", nil, t.now())
}

// wild is an event of Script's, mostly about a call that lives.
func (t *Traffic) wild() Event {
	before := t.s.now
	e := t.s.event()
	e.Claims = 0
	export := table.Exports[e.Export]
	if len(t.calls) > 0 && export.Args[0].Name == "call" && export.Name != "start" && t.s.next()%4 != 0 {
		e.Args[0] = float64(pick(t.s, t.calls).id)
	}
	t.unruly(e, before)
	return e
}

func (t *Traffic) openChannel() Event {
	t.last++
	options := t.s.options()
	if t.s.next() < 220 {
		url, more := "https://api.test", ""
		if t.s.next() < 60 { // an origin that nothing is known of yet
			url, more = "https://"+strict+strconv.Itoa(int(t.last)), "crossOrigin\x001\x00page\x001\x00"
		}
		options = []byte("seed\x003\x00baseUrl\x00" + url + "\x00serviceConfig\x00" + pick(t.s, policies) + "\x00" + more + pick(t.s, otherOptions) + pick(t.s, otherOptions))
	}
	return Named("open_channel", options, float64(t.last))
}

func (t *Traffic) begin() Event {
	t.last++
	text, n := "", 0
	if t.s.next()%3 == 0 {
		text, n = "x-a\x001\x00x-b-bin\x00AAH/\x00", 2
	}
	flags := pick(t.s, []uint32{
		0, 0, 0, abi.StartFlagStreaming, abi.StartFlagOpen, abi.StartFlagOpen | abi.StartFlagStreaming,
		abi.StartFlagOpen | abi.StartFlagCanStream | abi.StartFlagStreaming, abi.StartFlagOpen | abi.StartFlagSocket | abi.StartFlagStreaming,
	})
	flags |= pick(t.s, []uint32{0, abi.StartFlagObserve, abi.StartFlagObserve, abi.StartFlagWaitForReady, abi.StartFlagNoWait})
	if t.offline {
		flags |= abi.StartFlagOffline
	}
	block := abi.StartBlock{
		Now: t.now(), Timeout: pick(t.s, []float64{math.Inf(1), math.Inf(1), math.Inf(1), 30, 500, 20_000, 60_000}), Size: float64(t.s.next() % 70),
		Channel: pick(t.s, t.channels).id, Flags: flags, Fields: uint32(n),
	}
	if t.s.rarely() {
		block.MaxReceive = float64(t.s.next())
	}
	return Named("start", StartInput(block, "/a.B/"+pick(t.s, []string{"C", "D"})+"\x00"+text), float64(t.last))
}

// apply lets an application do something with a call of its own.
func (t *Traffic) apply(c *talk) Event {
	id, n := float64(c.id), t.s.next()
	switch {
	case c.open && !c.halfClosed && n < 60:
		c.halfClosed = true
		return Named("half_close", nil, id, t.now())
	case c.open && !c.halfClosed && n < 180:
		c.queued++
		size := float64(t.s.next() % 50)
		return Named("queue", nil, id, t.now(), size, pick(t.s, []float64{size, size, max(size-5, 0)}))
	case c.streaming && n < 245:
		return Named("read", nil, id, t.now())
	case n < 240:
		return t.exchange()
	case n < 248:
		return Named("history", nil, id)
	}
	return Named("cancel", []byte("no longer wanted"), id, t.now(), pick(t.s, []float64{1, 1, 13}))
}

// hear takes note of what the program asks for.
func (t *Traffic) hear(e Event, actions []Action) {
	name := table.Exports[e.Export].Name
	refused := slices.ContainsFunc(actions, func(a Action) bool { return a.Name == "refuse" })
	switch {
	case name == "open_channel" && !refused:
		in := string(e.Input)
		t.channels = append(t.channels, page{uint32(e.Args[0]), strings.Contains(in, "format\x00text"), strings.Contains(in, strict)})
	case name == "close_channel":
		t.channels = slices.DeleteFunc(t.channels, func(p page) bool { return float64(p.id) == e.Args[0] })
	case name == "network":
		t.offline = e.Args[1] == 0
	case name == "start":
		t.started(e)
	case name == "feed" && t.busy != nil && t.busy.fed(e):
		t.busy.heard(t)
	}
	for _, a := range actions {
		if a.Name == "timer" {
			t.timer = a.Values["at"].(float64)
		} else if i := slices.IndexFunc(t.calls, func(c *talk) bool { return c.id == a.Call }); i >= 0 {
			t.do(i, a)
		}
	}
}

// started takes a call in, with what its start block says. Where it has ended at
// once, the actions say so.
func (t *Traffic) started(e Event) {
	id := uint32(e.Args[0])
	if slices.ContainsFunc(t.calls, func(c *talk) bool { return c.id == id }) {
		return
	}
	block, _ := abi.ReadStartBlock(e.Input)
	c := &talk{
		id: id, streaming: block.Flags&abi.StartFlagStreaming != 0, open: block.Flags&abi.StartFlagOpen != 0,
		socket: block.Flags&abi.StartFlagSocket != 0, deadline: block.Now + block.Timeout, unruly: t.unrulyStart,
	}
	t.unrulyStart = false
	c.streams = c.socket || block.Flags&abi.StartFlagCanStream != 0
	if i := slices.IndexFunc(t.channels, func(p page) bool { return p.id == block.Channel }); i >= 0 {
		c.page = t.channels[i]
	}
	t.calls = append(t.calls, c)
}

// do is what JavaScript does for an action, or gets ready to.
func (t *Traffic) do(i int, a Action) {
	c := t.calls[i]
	switch a.Name {
	case "refresh":
		t.refreshes = append(t.refreshes, c.page.id)
		return
	case "stop_refresh":
		t.refreshes = slices.DeleteFunc(t.refreshes, func(id uint32) bool { return id == c.page.id })
		return
	}
	if a.Name == "end" {
		t.checkEnd(a)
		t.calls = slices.Delete(t.calls, i, i+1)
		if t.busy != nil && t.busy.call == c {
			t.busy = nil
		}
		return
	}
	x := c.attempt(a.Attempt)
	t.checkAsked(c, x, a.Name)
	switch a.Name {
	case "prepare":
		x.phase = preparing
	case "open":
		x.open(t)
		if c.page.strict && a.Values["header"].(Fields).Get("grpc-previous-rpc-attempts") != "" {
			x.answer = answer{}
		}
	case "abort":
		x.over(t)
	case "read":
		x.asked = true
	case "inflate":
		x.inflate = true
	}
}

func (c *talk) attempt(i int) *exchange {
	for len(c.exchanges) <= i {
		c.exchanges = append(c.exchanges, nil)
	}
	if i < 0 {
		return &exchange{call: c}
	}
	if c.exchanges[i] == nil {
		c.exchanges[i] = &exchange{call: c, id: i}
	}
	return c.exchanges[i]
}
