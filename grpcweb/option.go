package grpcweb

import (
	"context"
	"strconv"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// Option is an option of a channel.
type Option interface{ applyToChannel(*settings) }

// CallOption is an option of a call.
type CallOption interface{ applyToCall(*callSettings) }

// SharedOption is an option of a channel, for all of its calls, or of one call.
type SharedOption interface {
	Option
	CallOption
}

// NoLimit is the value of a limit that means there is none.
const NoLimit = -1

// Jitter is how the delay before a retry is drawn from its bound.
type Jitter = plan.Jitter

// The ways to draw a delay.
const (
	FullJitter  = plan.FullJitter  // from 0 up to the bound; the default
	PlusMinus20 = plan.PlusMinus20 // from 80 % to 120 % of the bound, as gRFC A6 has had it since 2024
)

// Attempt is the attempt that metadata is asked for.
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
	endpoints  []string
	state      State
	refresh    func(context.Context) error
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

// WithServiceConfigJSON sets the service config, which says which calls are retried or
// hedged, from JSON. Unknown fields are ignored. NewChannel reports everything that is
// wrong with the others at once. Default: none. If there are several service configs,
// the last one holds.
func WithServiceConfigJSON(text string) Option {
	return option(func(s *settings) { s.core.Config, s.core.ConfigError = serviceconfig.Parse(text) })
}

// WithServiceConfig sets the service config, as WithServiceConfigJSON does, from a value
// that is written in Go. The value is copied.
func WithServiceConfig(c ServiceConfig) Option {
	return option(func(s *settings) { s.core.Config, s.core.ConfigError = c.convert() })
}

// WithEndpoints adds base URLs to the one that NewChannel is given: endpoints with the same
// services, in order of preference. Calls stay with one of them. A retry or a hedge goes to
// another one than the attempt before, and what fails or answers much later than the others
// is left alone for a while. A base URL that is NewChannel's too counts once, and the latter
// may be "" if there are others. At most 16 in all. Default: none (SEMANTICS 8.6).
func WithEndpoints(urls ...string) Option {
	return option(func(s *settings) { s.endpoints = append(s.endpoints, urls...) })
}

// WithMaxRetryAttempts limits the MaxAttempts of every policy, which includes the first
// attempt. 0 means the default, 5. 1 turns retries and hedging off. NoLimit, or any
// negative number, leaves the policies as they are. A policy that asks for more attempts
// is not an error, but an observer of the channel gets a warning.
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

// WithMaxRetryBufferSize limits how many bytes all calls of the channel together keep for
// replay. A call that finds no room runs, but is not retried. Default: 16 MiB
// (16,777,216). NoLimit removes the limit.
func WithMaxRetryBufferSize(bytes int64) Option {
	return number("maxRetryBufferSize", bytes)
}

// WithMaxRetryBufferPerCallSize limits how many bytes one call keeps for replay: its
// messages, and 5 bytes for each of them. Default: 1 MiB (1,048,576). NoLimit removes
// the limit.
func WithMaxRetryBufferPerCallSize(bytes int64) Option {
	return number("maxRetryBufferPerCallSize", bytes)
}

// WithMaxReceiveMessageBytes limits the length of a message that is received, in bytes. A
// longer message ends the call with RESOURCE_EXHAUSTED before it is read. The limit of a
// call replaces the channel's. If the method config's own limit is lower, that one
// holds. Default: 4 MiB. NoLimit removes the limit.
func WithMaxReceiveMessageBytes(bytes int64) SharedOption {
	return shared{
		channel: number("maxReceiveMessageBytes", bytes).applyToChannel,
		call: func(s *callSettings) {
			s.params.MaxReceiveBytes = limit(bytes)
			if s.params.MaxReceiveBytes <= 0 {
				s.misuse = "WithMaxReceiveMessageBytes(" + strconv.FormatInt(bytes, 10) + "): the limit must be greater than 0, or NoLimit"
			}
		},
	}
}

// WithMaxSendMessageBytes limits the length of a message that is sent, in bytes. A longer
// message ends the call with RESOURCE_EXHAUSTED and is not sent. Default: no limit.
func WithMaxSendMessageBytes(bytes int64) Option {
	return number("maxSendMessageBytes", bytes)
}

// WithDefaultTimeout sets the timeout of calls whose context has no deadline. If the
// method config's timeout is shorter, that one holds. Default: none.
func WithDefaultTimeout(d time.Duration) Option {
	return option(func(s *settings) { s.core.DefaultTimeout = plan.Duration(d) })
}

// WithJitter sets how the delays before retries are drawn. Default: FullJitter.
func WithJitter(j Jitter) Option {
	return choice("jitter", j)
}

// WithRandom sets where the delays before retries are drawn from: a function that returns
// a number from 0 up to 1, as rand.Float64 of math/rand/v2 does, which is the default. A
// test that wants exact delays gives one that returns 1: with FullJitter, a delay is then
// its bound. The function is called with the channel locked, so it must not use the
// channel.
func WithRandom(f func() float64) Option {
	return option(func(s *settings) {
		if s.core.Random = f; f == nil {
			s.problems.Add("random", "is nil: give a function, such as rand.Float64 of math/rand/v2")
		}
	})
}

// WithMetadata sends metadata with every attempt: first the channel's, then that of
// WithPerAttemptMetadata, then the call's. If it is given several times, all of it is
// sent. The metadata is copied. Names that the protocol or the transport uses, which
// begin with "grpc-" or are, for example, content-type, are refused: NewChannel returns
// a *ConfigError, and a call ends with INTERNAL before anything is sent.
func WithMetadata(md metadata.MD) SharedOption {
	md = md.Clone()
	return shared{
		channel: func(s *settings) { s.core.Metadata.AppendAll(md) },
		call:    func(s *callSettings) { s.params.Metadata.AppendAll(md) },
	}
}

// WithPerAttemptMetadata sets a function that is asked for more metadata before each
// attempt, such as fresh credentials. It runs in the attempt's goroutine, so it may run
// for several attempts of a hedged call at the same time. Its context has the values of
// the call's context and ends when the attempt is aborted. If it returns an error, the
// call ends without sending anything and without a retry: with the *status.Status that
// the error is, or else with UNAUTHENTICATED. A panic is not caught. If both the channel
// and the call have such a function, the channel's is asked first and both results are
// sent.
func WithPerAttemptMetadata(f func(context.Context, Attempt) (metadata.MD, error)) SharedOption {
	return shared{
		channel: func(s *settings) { s.perAttempt = f },
		call:    func(s *callSettings) { s.perAttempt = f },
	}
}

// WithCredentialsRefresh sets a function that gets new credentials when a server refuses
// those of an attempt: with one of the codes, or with UNAUTHENTICATED if none are given.
// Calls that are refused while it runs wait for the same refresh. Then each is sent once
// more, at once and whatever its policy says: with the metadata that
// WithPerAttemptMetadata now returns. That takes no attempt and no throttle token. If
// the function fails, the calls that waited for it end with UNAUTHENTICATED, and its error
// is the cause. Its context ends when no call waits any more, or the channel is closed.
//
// Calls without a policy keep their requests for this, as far as the replay buffer has
// room. A status that comes after response headers finds the call committed, so nothing is
// refreshed: see WithHeaderCommit (SEMANTICS 8.3).
//
// A call that the function itself makes on the channel needs WithoutCredentialsRefresh, or
// it would wait for itself; if it has the function's context and lacks that option, it
// ends with INTERNAL. Default: nothing is refreshed.
func WithCredentialsRefresh(refresh func(context.Context) error, codes ...status.Code) Option {
	return option(func(s *settings) {
		if s.refresh = refresh; refresh == nil {
			s.problems.Add("credentialsRefresh", "the function is nil")
			return
		}
		s.core.RefreshCodes = 0
		s.core.RefreshOn(codes, s.problems.Add)
	})
}

// WithoutCredentialsRefresh has the call neither wait for a refresh of the credentials nor
// start one. It is meant for the call that refreshes them.
func WithoutCredentialsRefresh() CallOption {
	return callOption(func(s *callSettings) { s.params.NoRefresh = true })
}

// WithObserver sets a function that is told what happens in all calls of the channel, or
// in one call. If both have one, the channel's is told first. The events of one call
// come one after another, in order, and all of them before the call returns. Events of
// different calls may come at the same time. The function must not wait for the call
// that it is told about.
//
// A panic of the function is not caught: it continues in the goroutine that reported the
// event. If that is the caller's goroutine, in a method of the channel or the stream, the
// caller can recover and go on using the channel and its calls. If it is one of the
// channel's own goroutines, the program ends. Events that were to be reported together
// with the one in question are lost, and a call that was just beginning is canceled,
// because its caller never gets it.
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

// WithWholeRequest holds a stream's request back until CloseSend, even if the transport
// could send its messages as they come. It is meant for methods that take one message:
// the request is then sent with its length, which some servers and proxies want, and a
// hedging delay counts from CloseSend.
func WithWholeRequest() CallOption {
	return callOption(func(s *callSettings) { s.whole = true })
}

// WithSingleResponse is meant for streams of methods that answer with one message. Any
// other number of messages ends the call with UNIMPLEMENTED (SEMANTICS 5.2g).
func WithSingleResponse() CallOption {
	return callOption(func(s *callSettings) { s.params.Streaming = false })
}

// limit converts a limit to the core's.
func limit(n int64) int64 {
	if n == NoLimit {
		return channel.Unlimited
	}
	return n
}
