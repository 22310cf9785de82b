// Package channel is what the calls of one channel share, for both drivers: the checked
// options, the service config, the throttle, the replay quota, and what is known
// about the server's origin.
package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Unlimited is the value of a numeric option that sets no limit.
const Unlimited = attempts.Unlimited

// Version is sent in x-user-agent.
const Version = "0.1.0"

// Options are a channel's options in the core's own types. Drivers begin with
// DefaultOptions and change what the application gave, by the table in table.go.
type Options struct {
	BaseURL string // absolute, "http:" or "https:"
	Config  *serviceconfig.Config
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

	Page        bool           // requests are sent by a browser's fetch, from a page or a worker
	CrossOrigin bool           // the base URL is on another origin than the page
	Origin      *Origin        // what is known of the base URL's origin; nil: nothing yet, and no other channel shares it
	Random      func() float64 // uniform in [0, 1)
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
	if reason := checkBaseURL(o.BaseURL); reason != "" {
		report("baseUrl", text.Quote(o.BaseURL)+" "+reason)
	}
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

// checkBaseURL says why methods cannot be appended to the URL.
func checkBaseURL(u string) string {
	rest, ok := strings.CutPrefix(u, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(u, "http://")
	}
	host, _, _ := text.Cut(rest, '/')
	switch {
	case !ok:
		return "must be an absolute URL that begins with https:// or http://"
	case host == "":
		return "has no host"
	case strings.IndexByte(rest, '?') >= 0 || strings.IndexByte(rest, '#') >= 0:
		return "must not have a query or a fragment, because the method's path is appended to it"
	case strings.IndexByte(host, '@') >= 0:
		return "must not contain a user name or password: send them as metadata"
	}
	for i := range len(u) {
		if u[i] <= ' ' || u[i] > '~' {
			return "contains a space or another character that must be percent-encoded"
		}
	}
	return ""
}
