// Package channel is what both drivers share above a single call: the checked
// options, the service config, and one channel's throttle, replay quota and
// knowledge of its origin.
package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// The defaults, which are the article's, and gRPC's for message sizes.
const (
	DefaultMaxRetryAttempts          = 5
	DefaultMaxRetryBufferSize        = 16 << 20
	DefaultMaxRetryBufferPerCallSize = 1 << 20
	DefaultMaxReceiveMessageBytes    = 4 << 20
)

// Unlimited is the value of an option that sets no limit.
const Unlimited = attempts.Unlimited

// Version goes out in x-user-agent.
const Version = "0.1.0"

// Options are those of a channel, in the core's own types. Drivers fill in the
// defaults; DefaultOptions is where they stand.
type Options struct {
	BaseURL string // absolute, "http:" or "https:"
	Config  *serviceconfig.Config

	MaxRetryAttempts          int64 // clamps every policy; 1: retries and hedging off
	MaxRetryBufferSize        int64 // bytes, all calls of the channel
	MaxRetryBufferPerCallSize int64 // bytes
	MaxReceiveMessageBytes    int64
	MaxSendMessageBytes       int64
	DefaultTimeout            plan.Duration // Never: none
	Jitter                    plan.Jitter
	AttemptHeader             AttemptHeader
	FirstFrame                bool // a body's first frame commits, not the response's head (SEMANTICS 5.1)

	Text       bool // application/grpc-web-text
	SendGzip   bool // the driver compresses the request's messages
	AcceptGzip bool // ask the server to compress its own

	Metadata   metadata.MD // of every call
	PerAttempt bool        // ask the driver for more, before each attempt

	Page        bool           // a browser's fetch carries requests, of a page or a worker
	CrossOrigin bool           // the base URL is of another origin than the page
	Origin      *Origin        // what is known of the base URL's origin; nil: nothing yet, and nobody else wants to know
	Random      func() float64 // uniform in [0, 1)
}

// DefaultOptions are what a channel has where nothing else is said.
func DefaultOptions() Options {
	return Options{
		MaxRetryAttempts:          DefaultMaxRetryAttempts,
		MaxRetryBufferSize:        DefaultMaxRetryBufferSize,
		MaxRetryBufferPerCallSize: DefaultMaxRetryBufferPerCallSize,
		MaxReceiveMessageBytes:    DefaultMaxReceiveMessageBytes,
		MaxSendMessageBytes:       Unlimited,
		DefaultTimeout:            plan.Never,
	}
}

// Validate reports what cannot stand, under the names that the TypeScript
// package gives the options. The service config was checked where it was read.
func (o *Options) Validate(report func(path, reason string)) {
	if reason := checkBaseURL(o.BaseURL); reason != "" {
		report("baseUrl", text.Quote(o.BaseURL)+" "+reason)
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"maxRetryAttempts", o.MaxRetryAttempts},
		{"maxRetryBufferSize", o.MaxRetryBufferSize},
		{"maxRetryBufferPerCallSize", o.MaxRetryBufferPerCallSize},
		{"maxReceiveMessageBytes", o.MaxReceiveMessageBytes},
		{"maxSendMessageBytes", o.MaxSendMessageBytes},
		{"defaultTimeoutMs", int64(o.DefaultTimeout)},
	} {
		if limit.value <= 0 {
			report(limit.name, "must be greater than 0")
		}
	}
	if err := o.CheckMetadata(o.Metadata); err != nil {
		report("metadata", err.Error())
	}
}

// checkBaseURL says why the URL is none that methods can be appended to.
func checkBaseURL(u string) string {
	rest, ok := strings.CutPrefix(u, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(u, "http://")
	}
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case !ok:
		return "must be an absolute URL that begins with https:// or http://"
	case host == "":
		return "names no host"
	case strings.ContainsAny(rest, "?#"):
		return "must have no query and no fragment: the method's path is appended to it"
	case strings.Contains(host, "@"):
		return "must hold no user name or password: send them as metadata"
	}
	for i := range len(u) {
		if u[i] <= ' ' || u[i] > '~' {
			return "holds a space or another character that must be percent-encoded"
		}
	}
	return ""
}
