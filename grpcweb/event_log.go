package grpcweb

import (
	"log/slog"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// LogValue lets package log/slog write an event as its type, the call, the method, and the fields that its type sets, with words for
// what are numbers inside:
//
//	grpcweb.WithObserver(func(e grpcweb.Event) { slog.Info("call", "event", e) })
func (e Event) LogValue() slog.Value {
	list := attributes{slog.String("type", string(e.Type)), slog.Uint64("call", e.Call), slog.String("method", e.Method)}
	list.number("attempt", e.Attempt)
	switch e.Type {
	case EventCallStarted:
		list.add(slog.String("policy", e.Policy), slog.Int("maxAttempts", e.MaxAttempts))
		list.span("timeout", e.Timeout)
	case EventAttemptStarted:
		list.add(slog.String("kind", e.Kind.String()))
		if e.Endpoint != "" {
			list.add(slog.String("endpoint", e.Endpoint))
		}
	case EventAttemptHead:
		list.add(slog.Int("httpStatus", e.HTTPStatus))
	case EventAttemptEnded:
		list.add(slog.String("outcome", e.Outcome.String()))
		list.end(e)
	case EventBackoff:
		list.add(slog.Duration("delay", e.Delay), slog.Duration("bound", e.Bound))
		list.pushback(e.Pushback)
	case EventHedgeScheduled:
		list.add(slog.Duration("delay", e.Delay))
		list.pushback(e.Pushback)
	case EventThrottle, EventBudget:
		list.add(slog.Float64("tokens", e.Tokens), slog.Float64("maxTokens", e.MaxTokens), slog.Bool("blocked", e.Blocked))
	case EventBuffer:
		list.add(slog.Int64("callBytes", e.CallBytes), slog.Int64("channelBytes", e.ChannelBytes), slog.Bool("exceeded", e.Exceeded))
	case EventCommitted:
		list.add(slog.String("reason", e.Reason.String()))
	case EventCallEnded:
		list.end(e)
		list.add(slog.Int("attempts", e.Attempts), slog.String("reason", e.Reason.String()))
	case EventWarning:
		list.add(slog.String("warning", e.Warning), slog.String("text", e.Text))
		list.words("allow", e.Allow)
		list.words("expose", e.Expose)
	}
	return slog.GroupValue(list...)
}

// attributes is a list that leaves out what says nothing.
type attributes []slog.Attr

func (l *attributes) add(more ...slog.Attr) { *l = append(*l, more...) }

func (l *attributes) number(name string, n int) {
	if n != 0 {
		l.add(slog.Int(name, n))
	}
}

func (l *attributes) span(name string, d time.Duration) {
	if d != 0 {
		l.add(slog.Duration(name, d))
	}
}

func (l *attributes) words(name string, words []string) {
	if len(words) > 0 {
		l.add(slog.Any(name, words))
	}
}

// end adds how an attempt or a call ended.
func (l *attributes) end(e Event) {
	if e.Code != status.NoCode {
		l.add(slog.String("code", e.Code.String()))
	}
	if e.Message != "" {
		l.add(slog.String("message", e.Message))
	}
	if e.Type == EventAttemptEnded {
		l.pushback(e.Pushback)
	}
}

func (l *attributes) pushback(of int64) {
	switch of {
	case status.NoPushback:
	case status.PushbackStop:
		l.add(slog.String("pushback", "stop"))
	default:
		l.add(slog.Duration("pushback", time.Duration(of)*time.Millisecond))
	}
}
