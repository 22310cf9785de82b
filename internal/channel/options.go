// Package channel is what the calls of one channel share, for both drivers: the checked
// options, the service config, the throttle, the replay quota, and what is known
// about the server's origin.
package channel

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// Unlimited is the value of a numeric option that sets no limit.
const Unlimited = attempts.Unlimited

// Version is sent in x-user-agent.
const Version = "0.1.0"

// Options are a channel's options in the core's own types. Drivers begin with
// DefaultOptions and change what the application gave, by the table in table.go.
type Options struct {
	Endpoint            // the first one, or the only one
	More     []Endpoint // SEMANTICS 8.6
	Config   *serviceconfig.Config
	// ConfigError is why the service config could not be read; nil: it could.
	ConfigError error

	MaxRetryAttempts          int64 // limits the attempts of every policy; 1: retries and hedging are off
	MaxRetryBufferSize        int64 // bytes that all calls of the channel keep for replay
	MaxRetryBufferPerCallSize int64 // bytes that one call keeps for replay
	MaxReceiveMessageBytes    int64
	MaxSendMessageBytes       int64
	DefaultTimeout            plan.Duration // Never: none
	Jitter                    plan.Jitter
	AttemptHeader             AttemptHeader
	FirstFrame                bool // the body's first frame commits a call, not the response's head (SEMANTICS 5.1f)

	Text bool // application/grpc-web-text
	// RequestStreaming is that the application asks for request streaming by name.
	// Where a transport does it by itself, text mode turns it off.
	RequestStreaming bool
	SendGzip         bool // the driver compresses the request's messages
	AcceptGzip       bool // ask the server to compress its own

	KeepsState bool   // the application stores what the channel has learned
	State      string // what it has stored; "" at first

	Metadata     metadata.MD    // sent with every call
	RefreshCodes status.CodeSet // an attempt with one of these codes has the driver refresh the credentials
	PerAttempt   bool           // the driver is asked for more metadata before each attempt

	Page   bool           // requests are sent by a browser's fetch, from a page or a worker
	Random func() float64 // uniform in [0, 1)
}

// DefaultOptions returns the options of a channel that was given none.
func DefaultOptions() Options {
	var o Options
	for i := range Numbers {
		Numbers[i].Set(&o, Numbers[i].Default)
	}
	return o
}

// Validate reports what is not valid, under the names that the TypeScript package
// gives the options. What is wrong with the service config comes last: that was
// checked where it was read.
func (o *Options) Validate(report func(path, reason string)) {
	o.validateEndpoints(report)
	for i := range Numbers {
		if n := &Numbers[i]; *n.field(o) <= 0 {
			report(n.Name, "must be greater than 0")
		}
	}
	if o.Text && o.RequestStreaming {
		report("requestStreaming", `cannot be true with format "text", because a request in base64 is sent as a whole`)
	}
	if err := o.CheckMetadata(o.Metadata); err != nil {
		report("metadata", err.Error())
	}
	// No errors.As: what it reflects with would cost a browser 10 KB.
	switch err := o.ConfigError.(type) {
	case *serviceconfig.Error:
		for _, p := range err.Problems {
			report(p.Path, p.Reason)
		}
	case error:
		report("serviceConfig", err.Error())
	}
}
