package walks

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Subject is what a walk is about: a call, or something that drives one. Its events
// are those of a call.
type Subject interface {
	// Start begins the call, its request complete with one message of this size, or
	// open.
	Start(now plan.Duration, complete bool, size int64)

	Send(now plan.Duration, size, sent int64)
	HalfClose(now plan.Duration)
	Took(id, messages int)
	Network(now plan.Duration, up bool)
	Prepared(now plan.Duration, id int, md metadata.MD)
	Unprepared(now plan.Duration, id int, st *status.Status)
	Timer(now plan.Duration)
	// Refresh reports that a refresh of the credentials has ended; cause is why it failed.
	Refresh(now plan.Duration, cause error)
	Read(now plan.Duration)
	Cancel(now plan.Duration, text string, cause error)
	Head(now plan.Duration, id, httpStatus int, fields metadata.MD)
	Feed(now plan.Duration, id int, chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int)
	Drained(id int)
	Inflated(now plan.Duration, id int, size int64, trailers []byte)
	End(now plan.Duration, id int)
	Break(now plan.Duration, id int, cause error)
	Failed(now plan.Duration, id int, how call.Failure, p plan.Progress, cause error)
	Closed(now plan.Duration, id, code int, reason string)

	// Renew asks whether a subscription to the method is renewed after a stream of it failed.
	Renew(now plan.Duration, method string, code status.Code, lost bool, failures int) (after plan.Duration, again bool)

	// Take returns the actions since the last Take.
	Take() []attempts.Action
	// RequestHeader is the header of an attempt that is just being opened.
	RequestHeader(now plan.Duration, id int) metadata.MD
	// WarningKind is the kind of a warning that is just being given.
	WarningKind(w attempts.Warning) string
	// Look shows the call itself, and its channel, as they are now.
	Look() (*call.Call, *channel.Channel)
}

// Setup is what a walk's call is made with.
type Setup struct {
	ServiceConfig string // JSON; "": none
	Options       channel.Options
	Answers       bool // the origin has answered an attempt that had no attempts header
	Params        call.Params
}

// Open makes a subject.
type Open func(t *testing.T, s Setup) Subject

// Direct opens a call that is used directly, without a driver.
func Direct(t *testing.T, s Setup) Subject {
	if s.ServiceConfig != "" {
		config, err := serviceconfig.Parse(s.ServiceConfig)
		if err != nil {
			t.Fatal(err)
		}
		s.Options.Config = config
	}
	s.Options.Origin = &channel.Origin{Answers: s.Answers}
	s.Options.Validate(func(path, reason string) { t.Fatalf("%s: %s", path, reason) })
	ch := channel.New(s.Options)
	return &direct{call.New(ch, 0, s.Params), ch}
}

type direct struct {
	*call.Call
	channel *channel.Channel
}

func (d *direct) Start(now plan.Duration, complete bool, size int64) {
	if complete {
		d.Send(now, size, size)
		d.HalfClose(now)
	}
	d.Begin(now)
}

func (d *direct) Refresh(now plan.Duration, cause error) {
	if d.channel.Refreshed(cause) {
		d.Refreshed(now)
	}
}

func (d *direct) Renew(now plan.Duration, method string, code status.Code, lost bool, failures int) (after plan.Duration, again bool) {
	return d.channel.Renew(now, method, code, lost, failures)
}

func (d *direct) WarningKind(w attempts.Warning) string { return d.Warning(0, w).Kind }

func (d *direct) Look() (*call.Call, *channel.Channel) { return d.Call, d.channel }
