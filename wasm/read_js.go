package main

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
	"github.com/hedgerow-web/hedgerow/retry"
)

// instant is JavaScript's milliseconds as the core's nanoseconds.
func instant(ms float64) call.Duration { return span(ms) }

// span is the same for a span: Infinity is Never.
func span(ms float64) call.Duration {
	if ns := ms * float64(call.Millisecond); ns < float64(call.Never) {
		return call.Duration(ns)
	}
	return call.Never
}

func milliseconds(d call.Duration) float64 {
	if d == call.Never {
		return math.Inf(1)
	}
	return float64(d) / float64(call.Millisecond)
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
func readOptions(text string) (channel.Options, error) {
	o := channel.DefaultOptions()
	o.Random = rand.Float64
	var problems channel.ConfigError
	for r := (reader{text}); r.rest != ""; {
		name := r.next()
		if err := readOption(&o, name, r.next()); err != nil {
			problems.AddError(err)
		}
	}
	o.Validate(problems.Add)
	return o, problems.Err()
}

// metadataPrefix marks the fields of the channel's metadata among the options.
const metadataPrefix = ">"

func readOption(o *channel.Options, name, value string) error {
	var err error
	switch name {
	case "baseUrl":
		o.BaseURL = value
	case "serviceConfig":
		o.Config, err = serviceconfig.Parse(value)
	case "maxRetryAttempts":
		o.MaxRetryAttempts = limit(number(value))
	case "maxRetryBufferSize":
		o.MaxRetryBufferSize = limit(number(value))
	case "maxRetryBufferPerCallSize":
		o.MaxRetryBufferPerCallSize = limit(number(value))
	case "maxReceiveMessageBytes":
		o.MaxReceiveMessageBytes = limit(number(value))
	case "maxSendMessageBytes":
		o.MaxSendMessageBytes = limit(number(value))
	case "defaultTimeoutMs":
		o.DefaultTimeout = span(number(value))
	case "jitter":
		if value == "plusMinus20" {
			o.Jitter = retry.PlusMinus20
		}
	case "attemptHeader":
		o.NoAttemptHeader = value == "never"
	case "perAttempt":
		o.PerAttempt = true
	case "crossOrigin":
		o.CrossOrigin = true
	default:
		wire.AppendField(&o.Metadata, strings.TrimPrefix(name, metadataPrefix), value)
	}
	return err
}

// number reads what JavaScript wrote; what is none is 0, which no option takes.
func number(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != f {
		return 0
	}
	return f
}

func problemsOf(err error) []serviceconfig.Problem {
	var of *channel.ConfigError
	if errors.As(err, &of) {
		return of.Problems
	}
	return nil
}
