// Package walks takes calls through random walks, for the tests of whatever drives a
// call. Random servers answer it in random pieces, and after each event it is checked
// what must always hold.
package walks

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

var walkSeed = flag.Int64("walk", 0, "replay the one random walk of this seed, and print its steps")

const (
	retrying = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"1s","maxBackoff":"5s",
		"backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE","UNIMPLEMENTED"]}}]}`
	hedging = `{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":3,"hedgingDelay":"0.1s","nonFatalStatusCodes":["UNAVAILABLE"]}}]}`
	// What is added at the top: a throttle that soon blocks, or one with more tokens than a
	// walk takes; and a budget that soon runs out.
	soonThrottled  = `{"retryThrottling":{"maxTokens":3,"tokenRatio":0.1},`
	neverThrottled = `{"retryThrottling":{"maxTokens":1000,"tokenRatio":0.1},`
	budgeted       = `{"x-hedgerow":{"retryBudget":{"ratio":0.5,"minPerSecond":0.2}},`
	// What is added to a policy so that silent attempts are given up.
	retryingAgain = `"perAttemptRecvTimeout":"0.4s",`
	hedgingAgain  = `"x-hedgerow":{"perAttemptRecvTimeout":"0.25s"},`
	hedgingTuned  = `"x-hedgerow":{"maxExtraLoad":0.5},`
)

// Walk takes this many calls through a walk each, and checks that together they meet
// everything that matters. A walk that fails names its seed:
// go test -run Walks -args -walk=<seed>.
func Walk(t *testing.T, walks int64, open Open) {
	if *walkSeed != 0 {
		walk(t, *walkSeed, true, open)
		return
	}
	codes, met := map[status.Code]int{}, map[string]int{}
	for seed := int64(1); seed <= walks && !t.Failed(); seed++ {
		w := walk(t, seed, false, open)
		codes[w.looked().Status().Code]++
		for what := range w.met {
			met[what]++
		}
	}
	least := int(walks / 250)
	for _, code := range []status.Code{status.OK, status.Unavailable, status.DeadlineExceeded, status.Canceled, status.Internal, status.Unimplemented} {
		if !t.Failed() && codes[code] < least {
			t.Errorf("the walks do not spread: only %d end with %v", codes[code], code)
		}
	}
	for _, what := range []string{
		"answer before the half-close", "several attempts of several messages", "outage that is waited for", "halfDuplexStalled", "message that is too large",
		"retryLostToBodyTrailers", "statusHidden", "corsSuspected", "trial that fails", "compressed message", "compressed trailers", "text", "socket",
		"end while packed", "silent attempt", "another endpoint", "refresh", "failure behind a withheld head", "pushback", "stop", "throttle", "empty budget", "state",
		"renewal", "no renewal", "throttled renewal",
	} {
		if !t.Failed() && met[what] < least {
			t.Errorf("the walks do not spread: only %d met %q", met[what], what)
		}
	}
}

func walk(t *testing.T, seed int64, verbose bool, open Open) *walker {
	r := rand.New(rand.NewSource(seed))
	config := []string{"", retrying, hedging}[r.Intn(3)]
	w := &walker{t: t, seed: seed, verbose: verbose, random: r, armed: plan.Never, committed: -1, trial: -1, met: map[string]bool{}, warned: map[string]bool{}}
	setup := Setup{ServiceConfig: varied(config, seed), Options: channel.DefaultOptions(), Params: w.params}
	o, p := &setup.Options, &setup.Params
	o.BaseURL = "https://api.test"
	o.PerAttempt, o.MaxRetryBufferPerCallSize, o.Random = r.Intn(4) == 0, perCall, r.Float64
	o.MaxSendMessageBytes, o.MaxReceiveMessageBytes = 60, maxReceive
	o.FirstFrame, o.CrossOrigin, o.AttemptHeader = r.Intn(2) == 0, r.Intn(3) > 0, channel.AttemptHeader(max(0, r.Intn(8)-5))
	if seed%5 == 0 && !o.CrossOrigin {
		o.More = []channel.Endpoint{{BaseURL: "https://b.test"}, {BaseURL: "https://c.test/grpc"}}
	}
	if seed%9 == 0 {
		o.RefreshCodes = status.Codes(status.Unavailable)
	}
	o.KeepsState = seed%2 == 0
	w.answers = r.Intn(4) > 0
	setup.Answers = w.answers
	p.Method, p.Timeout, p.Streaming = "/helloworld.Greeter/SayHello", plan.Never, r.Intn(2) == 0
	if r.Intn(3) == 0 {
		p.Timeout = plan.Duration(1+r.Intn(9000)) * plan.Millisecond
	}
	opened, waits := r.Intn(2) == 0, r.Intn(3) == 0
	p.Writes, p.CanStream, p.WaitForReady, p.Offline = opened, opened && r.Intn(3) > 0, &waits, r.Intn(4) == 0
	p.Socket = p.CanStream && r.Intn(3) == 0
	w.params, w.streaming, w.offline, w.complete = *p, p.Streaming, p.Offline, !opened
	size := int64(r.Intn(45))
	if w.call = open(t, setup); !opened {
		w.queued++
	}
	w.turn("start", func() { w.call.Start(0, !opened, size) })
	for step := 0; step < 500 && !w.looked().Over(); step++ {
		w.step()
	}
	if !w.looked().Over() {
		w.turn("cancel", func() { w.call.Cancel(w.now, "enough", nil) })
	}
	for _, s := range w.attempts {
		w.meet("end while packed", s.packed)
	}
	for range 5 {
		w.step()
	}
	w.checkEnd()
	w.checkRenewal()
	w.checkState()
	return w
}

// varied adds to a config what only some walks have.
func varied(config string, seed int64) string {
	add := func(before, more string) { config = strings.Replace(config, before, before+more, 1) }
	switch {
	case config == "":
		return ""
	case seed%5 == 0:
		add("{", soonThrottled[1:])
	default:
		add("{", neverThrottled[1:])
	}
	if seed%11 < 3 {
		add("{", budgeted[1:])
	}
	switch seed % 7 {
	case 0:
		add(`"retryPolicy":{`, retryingAgain)
		add(`"hedgingPolicy":{`, hedgingAgain)
	case 1:
		add(`"hedgingPolicy":{`, hedgingTuned)
	}
	return config
}

const (
	perCall    = 80 // the size of a call's replay buffer
	maxReceive = 40 // the limit of what is received; a short message in gzip is below it
)

type walker struct {
	t         *testing.T
	seed      int64
	verbose   bool
	random    *rand.Rand
	call      Subject
	streaming bool
	now       plan.Duration
	armed     plan.Duration
	attempts  []*server
	committed int // whose header the application has; none: -1
	wished    bool
	messages  int
	ended     bool
	met       map[string]bool

	params          call.Params
	refreshing      bool
	offline         bool
	complete        bool // the request
	queued, written int
	released        bool
	warned          map[string]bool // of this

	// What the next retry or hedge has to obey.
	failures  int           // that were looked at
	notBefore plan.Duration // by the latest failure's pushback
	stopped   bool          // by a pushback
	paid      int           // retries and hedges that began

	// What the origin has shown, and the attempt that shows whether it refuses the header.
	answers, allows, refuses bool
	trial                    int
}

// looked is the call itself, to look at.
func (w *walker) looked() *call.Call {
	c, _ := w.call.Look()
	return c
}

func (w *walker) channel() *channel.Channel {
	_, ch := w.call.Look()
	return ch
}

func instant(at plan.Duration) string {
	if at == plan.Never {
		return "never"
	}
	return fmt.Sprint(float64(at) / float64(plan.Millisecond))
}

func (w *walker) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("walk %d at %s: %s", w.seed, instant(w.now), fmt.Sprintf(format, args...))
}

func (w *walker) step() {
	if w.refreshing && w.random.Intn(6) == 0 {
		w.refresh()
		return
	}
	switch n := w.random.Intn(20); {
	case n == 0 && w.random.Intn(20) == 0:
		w.turn("cancel", func() { w.call.Cancel(w.now, "cancel", nil) })
	case n < 3:
		w.now += plan.Duration(w.random.Intn(100)) * plan.Millisecond
		if w.random.Intn(200) == 0 { // the page was frozen
			w.now += plan.Duration(w.random.Intn(3600)) * plan.Second
		}
		w.fire()
	case n < 5 && w.armed != plan.Never:
		w.now = max(w.now, w.armed)
		w.fire()
	case n == 5 && w.random.Intn(3) == 0:
		w.offline = !w.offline
		w.turn(fmt.Sprintf("network %v", !w.offline), func() { w.call.Network(w.now, !w.offline) })
	case n < 8 && !w.complete:
		w.request()
	case n < 10 && w.streaming:
		w.wished = w.wished || !w.looked().Over()
		w.turn("wish", func() { w.call.Read(w.now) })
	case len(w.attempts) > 0:
		w.hear(w.random.Intn(len(w.attempts)))
	}
}

// refresh is the end of a refresh.
func (w *walker) refresh() {
	var cause error
	if w.random.Intn(4) == 0 {
		cause = errors.New("no token")
	}
	w.refreshing = false
	w.meet("refresh", true)
	w.turn(fmt.Sprintf("refreshed: %v", cause), func() { w.call.Refresh(w.now, cause) })
}

// request is a message, or that no further one follows.
func (w *walker) request() {
	if w.random.Intn(6) == 0 {
		w.complete = true
		w.turn("half-close", func() { w.call.HalfClose(w.now) })
		return
	}
	size := int64(w.random.Intn(30))
	if w.random.Intn(100) == 0 {
		size = 61
		w.meet("message that is too large", !w.looked().Over())
	}
	w.queued++
	w.turn(fmt.Sprintf("send %d", size), func() { w.call.Send(w.now, size, size) })
}

func (w *walker) meet(what string, met bool) {
	if met {
		w.met[what] = true
	}
}

func (w *walker) fire() {
	w.armed = plan.Never
	w.turn("timer", func() { w.call.Timer(w.now) })
	if w.now >= w.looked().Deadline() && !w.looked().Over() {
		w.fail("the deadline of %s has passed, and the call goes on", instant(w.looked().Deadline()))
	}
}

func (w *walker) turn(what string, event func()) {
	event()
	if w.verbose {
		w.t.Logf("%s: %s", instant(w.now), what)
	}
	for _, a := range slices.Clone(w.call.Take()) {
		if w.verbose {
			w.t.Logf("\top %d of attempt %d at %s", a.Op, a.Attempt+1, instant(a.At))
		}
		if w.ended {
			w.fail("after its end, on %s, the call asks for op %d", what, a.Op)
		}
		w.act(a)
	}
	w.check()
	w.checkLimits()
}
