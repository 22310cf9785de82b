package main

import (
	"errors"
	"math"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// instant is JavaScript's milliseconds as the core's nanoseconds.
func instant(ms float64) plan.Duration { return span(ms) }

// span is the same for a span: Infinity is Never.
func span(ms float64) plan.Duration {
	if ns := ms * float64(plan.Millisecond); ns < float64(plan.Never) {
		return plan.Duration(ns)
	}
	return plan.Never
}

func milliseconds(d plan.Duration) float64 {
	if d == plan.Never {
		return math.Inf(1)
	}
	return float64(d) / float64(plan.Millisecond)
}

// limit is a number of bytes: Infinity is no limit.
func limit(n float64) int64 {
	if n < float64(channel.Unlimited) {
		return int64(n)
	}
	return channel.Unlimited
}

// reader reads text that JavaScript has joined: each part ends in a NUL.
type reader struct{ rest string }

func (r *reader) next() string {
	part, rest, _ := strings.Cut(r.rest, "\x00")
	r.rest = rest
	return part
}

// metadata reads so many fields of the application's. Were there a NUL in one
// of them, all behind it would be taken for something else: that is refused.
func (r *reader) metadata(fields int) (metadata.MD, error) {
	if strings.Count(r.rest, "\x00") != 2*fields {
		return metadata.MD{}, errors.New("the method or a field of the metadata holds a NUL character, which no request can carry")
	}
	return r.fields(fields), nil
}

// fields reads so many names and values, as they stand on the wire.
func (r *reader) fields(n int) metadata.MD {
	var md metadata.MD
	for range n {
		name := r.next()
		wire.AppendField(&md, name, r.next())
	}
	return md
}

// readOptions reads a channel's options, names and values in turn. Those that
// are absent have their defaults.
func readOptions(block string) (channel.Options, []serviceconfig.Problem) {
	r := optionReader{options: channel.DefaultOptions()}
	for parts := (reader{block}); parts.rest != ""; {
		name := parts.next()
		r.read(name, parts.next())
	}
	r.options.Validate(r.problems.Add)
	return r.options, r.problems.Problems
}

type optionReader struct {
	options  channel.Options
	problems channel.ConfigError
}

// metadataPrefix marks the fields of the channel's metadata among the options.
const metadataPrefix = ">"

func (r *optionReader) read(name, value string) {
	o := &r.options
	switch name {
	case "baseUrl":
		o.BaseURL = value
	case "serviceConfig":
		config, err := serviceconfig.Parse(value)
		o.Config = config
		r.problems.AddError(err)
	case "maxRetryAttempts":
		o.MaxRetryAttempts = r.number(name, value)
	case "maxRetryBufferSize":
		o.MaxRetryBufferSize = r.number(name, value)
	case "maxRetryBufferPerCallSize":
		o.MaxRetryBufferPerCallSize = r.number(name, value)
	case "maxReceiveMessageBytes":
		o.MaxReceiveMessageBytes = r.number(name, value)
	case "maxSendMessageBytes":
		o.MaxSendMessageBytes = r.number(name, value)
	case "defaultTimeoutMs":
		o.DefaultTimeout = span(float64(r.number(name, value)))
	case "jitter":
		if value == "plusMinus20" {
			o.Jitter = plan.PlusMinus20
		}
	case "attemptHeader":
		switch value {
		case "always":
			o.AttemptHeader = channel.AttemptHeaderAlways
		case "never":
			o.AttemptHeader = channel.AttemptHeaderNever
		}
	case "headerCommit":
		o.FirstFrame = value == "firstFrame"
	case "format":
		o.Text = value == "text"
	case "sendCompression":
		o.SendGzip = value == "gzip"
	case "acceptCompression":
		o.AcceptGzip = value == "gzip"
	case "perAttempt":
		o.PerAttempt = true
	case "page":
		o.Page = true
	case "crossOrigin":
		o.CrossOrigin = true
	case "seed":
		o.Random = generator(value)
	case "random":
		n, _ := text.Number(value)
		drawn := float64(n) / (1 << 53)
		o.Random = func() float64 { return drawn }
	default:
		wire.AppendField(&o.Metadata, strings.TrimPrefix(name, metadataPrefix), value)
	}
}

// number reads a whole number as JavaScript writes it. What is none is refused
// here, and stands for 1, which Validate lets pass.
func (r *optionReader) number(name, value string) int64 {
	if value == "Infinity" {
		return channel.Unlimited
	}
	n, ok := text.Number(value)
	if !ok || n == 0 {
		r.problems.Add(name, "must be a whole number greater than 0, or Infinity for no limit, not "+value)
		return 1
	}
	return n
}

// generator is SplitMix64, as numbers in [0, 1): jitter wants no better, and
// math/rand would cost a browser some kilobytes.
func generator(seed string) func() float64 {
	number, _ := text.Number(seed)
	state := uint64(number)
	return func() float64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		return float64(z>>11) / (1 << 53)
	}
}
