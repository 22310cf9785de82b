package grpcweb

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// ErrClosed is the cause of the errors of calls whose channel is closed, or was closed
// while they ran: errors.Is(err, grpcweb.ErrClosed) is true of them. Their status is
// CANCELLED.
var ErrClosed = errors.New("the channel is closed")

// Channel makes calls to the services at one base URL, or at several (WithEndpoints). Its calls share a service config,
// a throttle and a replay buffer. While no call runs, a Channel has no connection and no
// goroutine. It is safe for concurrent use.
type Channel struct {
	transport  transport.RoundTripper
	baseURL    string
	perAttempt perAttempt
	observer   func(Event)
	begun      time.Time // the instant that the core's instants count from
	text       bool      // requests are sent in text mode
	gzip       bool      // the messages of requests are compressed

	// One mutex guards the core and all of its calls. Whichever goroutine has news for
	// a call tells it.
	mu        sync.Mutex
	core      *channel.Channel
	calls     map[*driver]struct{} // the calls under way
	waiting   int                  // how many of them would wait for a network
	unwatch   func()               // stops watching the network; nil: it is not watched
	made      uint64               // how many calls were made, which numbers them
	closed    bool
	refresh   refresher // the refresh of credentials that runs
	patience  patience
	kept      *keptState         // nil: the application does not store what the channel learns
	fragments [128]wire.Fragment // scratch for reading a chunk
}

// NewChannel makes a channel that sends requests over rt to the base URL followed by the
// method. The base URL is absolute and may have a path: "https://example.com/grpc".
// Nothing is sent before the first call.
//
// The error is a *ConfigError that lists every problem of the options and of the service
// config at once.
//
// Two optional methods of rt, which jsbridge.Fetch has, tell the channel about a
// browser. If rt has a method CrossOrigin(url string) bool that returns true for the
// base URL, calls without a response hint at CORS. If it has a method InPage() bool that
// returns true, metadata that browsers do not let pages send (cookie, origin, sec-…) is
// refused.
func NewChannel(rt transport.RoundTripper, baseURL string, opts ...Option) (*Channel, error) {
	s := settings{core: channel.DefaultOptions()}
	s.core.Random = rand.Float64
	for _, o := range opts {
		o.applyToChannel(&s)
	}
	baseURL = s.addURLs(baseURL)
	s.core.PerAttempt = s.perAttempt != nil
	if of, ok := rt.(interface{ InPage() bool }); ok {
		s.core.Page = of.InPage()
	}
	if err := s.check(rt); err != nil {
		return nil, err
	}
	failure := s.readState()
	if of, ok := rt.(interface{ CrossOrigin(url string) bool }); ok {
		for i := range 1 + len(s.core.More) {
			e := s.core.At(i)
			e.CrossOrigin = of.CrossOrigin(e.BaseURL)
		}
	}
	ch := &Channel{
		transport: rt, baseURL: baseURL, perAttempt: s.perAttempt, observer: s.observer,
		text: s.core.Text, gzip: s.core.SendGzip,
		begun: time.Now(), core: channel.New(s.core), calls: make(map[*driver]struct{}),
	}
	ch.refresh.function = s.refresh
	ch.warn()
	ch.keepState(s.state, failure)
	return ch, nil
}

// addURLs adds the base URLs to the options of the core, and returns the first one.
func (s *settings) addURLs(first string) string {
	if first == "" && len(s.endpoints) > 0 {
		first, s.endpoints = s.endpoints[0], s.endpoints[1:]
	}
	s.core.AddURL(first)
	for _, url := range s.endpoints {
		if strings.TrimRight(url, "/") != strings.TrimRight(first, "/") {
			s.core.More = append(s.core.More, channel.Endpoint{BaseURL: url})
		}
	}
	return first
}

// check collects all problems, those of the options first.
func (s *settings) check(rt transport.RoundTripper) error {
	var problems channel.Problems
	if rt == nil {
		problems.Add("transport", "is nil: give one, such as jsbridge.Fetch()")
	}
	s.core.Validate(problems.Add)
	problems = append(problems, s.problems...)
	if len(problems) > 0 {
		return &ConfigError{Problems: problems}
	}
	return nil
}

// BaseURL returns the base URL that NewChannel was given, or else the first endpoint's.
func (ch *Channel) BaseURL() string { return ch.baseURL }

// warn tells the observer what was noticed when the channel was made.
func (ch *Channel) warn() {
	if ch.observer == nil {
		return
	}
	for _, w := range ch.core.Warnings() {
		ch.observer(Event{Type: EventWarning, At: ch.begun, Warning: w.Kind, Text: w.Text})
	}
}

// Unary sends one message and waits for the one that answers it. The method is a path:
// "/package.Service/Method". The message is copied, so the caller may change it
// afterwards.
//
// The error is always a *status.Status: the server's, or one that this client made. See
// [status.Status] for its cause and its history of attempts.
func (ch *Channel) Unary(ctx context.Context, method string, message []byte, opts ...CallOption) (*Response, error) {
	params := call.Params{Method: method}
	frame := ch.frame(message)
	d := ch.begin(ctx, params, opts, func(d *driver, now plan.Duration) {
		d.send(now, len(message), frame)
		d.halfClose(now)
		d.machine.Begin(now)
	})
	d.runOwn()
	return d.response()
}

// NewStream begins a call that sends and receives any number of messages. If the
// transport streams requests ([transport.Streamer]), the request is sent at once and
// each message when Send is called. Otherwise, as in browsers, the whole request is sent
// after CloseSend. The error is a *status.Status.
//
// A stream lasts until Recv returns an error, ctx ends or Close is called. Until then it
// may hold a connection.
func (ch *Channel) NewStream(ctx context.Context, method string, opts ...CallOption) (*Stream, error) {
	params := call.Params{Method: method, Streaming: true, Writes: true}
	d := ch.begin(ctx, params, opts, func(d *driver, now plan.Duration) { d.machine.Begin(now) })
	if err := d.failure(); err != nil {
		return nil, err
	}
	return &Stream{driver: d}, nil
}

// Close cancels the calls under way, which end with CANCELLED. Later calls fail at once
// with CANCELLED. Close does not wait, but for a State that is written (WithState). It may
// be called again, and always returns nil.
func (ch *Channel) Close() error {
	defer ch.kept.close()
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.closed = true
	now := ch.now()
	running := make([]*driver, 0, len(ch.calls))
	for d := range ch.calls {
		running = append(running, d)
	}
	for _, d := range running {
		d.machine.Cancel(now, call.CanceledByChannel, ErrClosed)
		d.carryOut(now)
	}
	tellAll(running)
	return nil
}

// tellAll tells the observers of several calls, in no particular order. If an observer
// panics, those of the other calls are told all the same.
func tellAll(running []*driver) {
	for _, d := range running {
		defer d.tellObservers()
	}
}

// now returns the current instant of the core's clock.
func (ch *Channel) now() plan.Duration { return plan.Duration(time.Since(ch.begun)) }

func (ch *Channel) instant(t time.Time) plan.Duration { return plan.Duration(t.Sub(ch.begun)) }

// moment converts an instant of the core's clock to a time.
func (ch *Channel) moment(at plan.Duration) time.Time { return ch.begun.Add(time.Duration(at)) }
