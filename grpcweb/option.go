package grpcweb

import (
	"context"
	"strconv"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Option is one of a channel's.
type Option interface{ applyToChannel(*settings) }

// CallOption is one of a call's.
type CallOption interface{ applyToCall(*callSettings) }

// SharedOption holds for all calls of a channel, or for one call.
type SharedOption interface {
	Option
	CallOption
}

// NoLimit takes the limit away that an option sets.
const NoLimit = -1

// Jitter is how the delay before a retry is drawn from its bound.
type Jitter = plan.Jitter

// The ways to draw a delay.
const (
	FullJitter  = plan.FullJitter  // from 0 up to the bound; the default
	PlusMinus20 = plan.PlusMinus20 // from 80 % to 120 % of the bound, as gRFC A6 has it since 2024
)

// Attempt says which attempt metadata is wanted for.
type Attempt struct {
	Method string // "/package.Service/Method"
	Number int    // from 1; a transparent restart repeats it
}

// settings is what a channel's options write to.
type settings struct {
	core       channel.Options
	problems   channel.Problems
	perAttempt perAttempt
	observer   func(Event)
}

// perAttempt is a function that is asked for an attempt's own metadata.
type perAttempt = func(context.Context, Attempt) (metadata.MD, error)

// callSettings is what a call's options write to.
type callSettings struct {
	params     call.Params
	perAttempt perAttempt
	observer   func(Event)
	whole      bool   // the request goes out when it is complete
	misuse     string // why the call cannot be made
}

// number, choice and word are options of the core's table.
func number(name string, value int64) Option {
	return option(func(s *settings) { channel.NumberOf(name).Set(&s.core, limit(value)) })
}

func choice[C ~uint8](name string, value C) Option {
	return option(func(s *settings) { channel.ChoiceOf(name).Choose(&s.core, int(value), s.problems.Add) })
}

func word[W ~string](name string, value W) Option {
	return option(func(s *settings) { channel.ChoiceOf(name).Read(&s.core, string(value), s.problems.Add) })
}

type option func(*settings)

func (o option) applyToChannel(s *settings) { o(s) }

type callOption func(*callSettings)

func (o callOption) applyToCall(s *callSettings) { o(s) }

type shared struct {
	channel func(*settings)
	call    func(*callSettings)
}

func (o shared) applyToChannel(s *settings)  { o.channel(s) }
func (o shared) applyToCall(s *callSettings) { o.call(s) }

// WithServiceConfigJSON reads the service config, which says what calls are
// retried or hedged, from JSON. Unknown fields are passed over; whatever is
// wrong in the known ones is told by NewChannel, all at once. Default: none.
// Of several service configs the last one holds.
func WithServiceConfigJSON(text string) Option {
	return option(func(s *settings) { s.core.Config, s.core.ConfigError = serviceconfig.Parse(text) })
}

// WithServiceConfig is WithServiceConfigJSON for a config that is written in Go.
// It is copied.
func WithServiceConfig(c ServiceConfig) Option {
	return option(func(s *settings) { s.core.Config, s.core.ConfigError = c.convert() })
}

// WithMaxRetryAttempts limits the MaxAttempts of every policy, the first
// attempt included. 0 is the default, 5; 1 turns retries and hedging off;
// NoLimit, like any negative number, leaves the policies as they are. That a
// policy asks for more is no error: an observer of the channel gets a warning.
func WithMaxRetryAttempts(n int) Option {
	const name = "maxRetryAttempts"
	switch {
	case n == 0:
		return number(name, channel.NumberOf(name).Default)
	case n < 0:
		n = NoLimit
	}
	return number(name, int64(n))
}

// WithMaxRetryBufferSize limits what the calls of the channel keep together for
// replay, in bytes. Default: 16 MiB (16,777,216). A call that finds no room
// runs, but is not tried again. NoLimit: none.
func WithMaxRetryBufferSize(bytes int64) Option {
	return number("maxRetryBufferSize", bytes)
}

// WithMaxRetryBufferPerCallSize limits what one call keeps for replay, in bytes:
// its messages, and 5 bytes for each. Default: 1 MiB (1,048,576). NoLimit: none.
func WithMaxRetryBufferPerCallSize(bytes int64) Option {
	return number("maxRetryBufferPerCallSize", bytes)
}

// WithMaxReceiveMessageBytes limits a message that is received, in bytes; a
// longer one ends the call with RESOURCE_EXHAUSTED before it is read. Default:
// 4 MiB. NoLimit: none. On a call it stands in the place of the channel's. The
// method config's own limit holds where it is lower.
func WithMaxReceiveMessageBytes(bytes int64) SharedOption {
	return shared{
		channel: number("maxReceiveMessageBytes", bytes).applyToChannel,
		call: func(s *callSettings) {
			s.params.MaxReceiveBytes = limit(bytes)
			if s.params.MaxReceiveBytes <= 0 {
				s.misuse = "WithMaxReceiveMessageBytes(" + strconv.FormatInt(bytes, 10) + "): give more than 0, or NoLimit"
			}
		},
	}
}

// WithMaxSendMessageBytes limits a message that is sent, in bytes; a longer one
// ends the call with RESOURCE_EXHAUSTED and nothing is sent. Default: no limit.
func WithMaxSendMessageBytes(bytes int64) Option {
	return number("maxSendMessageBytes", bytes)
}

// WithDefaultTimeout is the time that a call has whose context has no deadline.
// Default: no limit. A method config's timeout holds where it is shorter.
func WithDefaultTimeout(d time.Duration) Option {
	return option(func(s *settings) { s.core.DefaultTimeout = plan.Duration(d) })
}

// WithJitter is how delays before retries are drawn. Default: FullJitter.
func WithJitter(j Jitter) Option {
	return choice("jitter", j)
}

// WithMetadata sends metadata with every attempt: the channel's first, then
// that of WithPerAttemptMetadata, then the call's. Given several times, it adds
// up. The metadata is copied. Names that the protocol or the transport needs
// (those that begin with "grpc-", and content-type among others) are refused:
// by NewChannel with a *ConfigError, in a call with INTERNAL and nothing sent.
func WithMetadata(md metadata.MD) SharedOption {
	md = md.Clone()
	return shared{
		channel: func(s *settings) { s.core.Metadata.AppendAll(md) },
		call:    func(s *callSettings) { s.params.Metadata.AppendAll(md) },
	}
}

// WithPerAttemptMetadata asks for more metadata before each attempt: fresh
// credentials, for example. The function runs in the attempt's goroutine, for
// several attempts at the same time where a call is hedged; its context ends
// when the attempt is aborted, and has the values of the call's. An error ends
// the call with nothing sent and no retry: as UNAUTHENTICATED, or as the
// *status.Status that it is. A panic is not caught. Where both the channel and
// the call have one, the channel's is asked first and both hold.
func WithPerAttemptMetadata(f func(context.Context, Attempt) (metadata.MD, error)) SharedOption {
	return shared{
		channel: func(s *settings) { s.perAttempt = f },
		call:    func(s *callSettings) { s.perAttempt = f },
	}
}

// WithObserver tells a function what happens: all calls of the channel, or one
// call; where both have one, the channel's is told first. The events of one
// call come one after another, in their order, and all of them before the call
// returns; those of several calls come at the same time. The function must not
// wait for the call that it is told of.
//
// A panic is not caught: it goes on in the goroutine that had the news. Where
// that is the caller's, in a method of the channel or of the stream, it can be
// recovered there; where it is the channel's own, it ends the program. Who has
// recovered can go on with the channel and its calls: of the call in question,
// what was to be told together with the event is not told any more, and if it
// was just beginning, it is canceled, since it was not handed out.
func WithObserver(f func(Event)) SharedOption {
	return shared{
		channel: func(s *settings) { s.observer = f },
		call:    func(s *callSettings) { s.observer = f },
	}
}

// WithWaitForReady says whether the call waits while there is no network,
// instead of failing: until there is one, or its deadline comes. It stands in the
// place of the method config's; the default is that, or else false. A transport
// that cannot tell (see [transport.Network]) always has a network.
func WithWaitForReady(wait bool) CallOption {
	return callOption(func(s *callSettings) { s.params.WaitForReady = &wait })
}

// WithWholeRequest holds a stream's request back until CloseSend, also where the
// transport would send its messages as they come: for methods that take one
// message. It then goes out with its length, which servers and proxies may like
// better, and a hedging delay counts from CloseSend.
func WithWholeRequest() CallOption {
	return callOption(func(s *callSettings) { s.whole = true })
}

// WithSingleResponse is for streams of methods that answer with one message: any
// other number of them ends the call with UNIMPLEMENTED (SEMANTICS 5.2g).
func WithSingleResponse() CallOption {
	return callOption(func(s *callSettings) { s.params.Streaming = false })
}

// limit is a limit as the core has it.
func limit(n int64) int64 {
	if n == NoLimit {
		return channel.Unlimited
	}
	return n
}
