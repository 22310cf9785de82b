package grpcweb

import (
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// EventType is what an Event is about. The words are those of the TypeScript package.
type EventType string

// The types of events, each with the fields that it sets.
const (
	EventCallStarted    EventType = "callStarted"    // Policy, MaxAttempts, Timeout
	EventAttemptStarted EventType = "attemptStarted" // Attempt, Kind, Endpoint
	EventAttemptHead    EventType = "attemptHead"    // Attempt, HTTPStatus
	EventAttemptEnded   EventType = "attemptEnded"   // Attempt, Outcome, Code, Message, Pushback
	EventBackoff        EventType = "backoff"        // Delay, Bound, Pushback
	EventHedgeScheduled EventType = "hedgeScheduled" // Delay, Pushback
	EventThrottle       EventType = "throttle"       // Tokens, MaxTokens, Blocked
	EventBudget         EventType = "budget"         // Tokens, MaxTokens, Blocked: it could not pay
	EventBuffer         EventType = "buffer"         // CallBytes, ChannelBytes, Exceeded
	EventCommitted      EventType = "committed"      // Attempt, Reason
	EventCallEnded      EventType = "callEnded"      // Code, Message, Attempts, Reason
	EventWarning        EventType = "warning"        // Warning, Text, Allow, Expose; if it is about the channel, Call is 0
)

// Event is something that happened in a call or in one of its attempts. Which fields are
// set besides the first four depends on the Type: see the constants.
type Event struct {
	Type   EventType
	Call   uint64 // numbers the calls of a channel, from 1
	Method string
	At     time.Time

	Attempt    int // number, from 1; of EventCommitted: 0 if the call ended with no attempt's status
	Kind       status.AttemptKind
	Endpoint   string // the base URL of an attempt, if the channel has several; else ""
	Outcome    status.AttemptOutcome
	HTTPStatus int
	Code       status.Code // of an attempt or a call; status.NoCode if it is not known, as of an aborted attempt
	Message    string
	// Pushback is what the server said: status.NoPushback, status.PushbackStop, or
	// milliseconds. Of a wait, anything but NoPushback means that the server asked for
	// the delay.
	Pushback int64
	Reason   status.CommitReason

	Policy      string // "none", "retry" or "hedging"
	MaxAttempts int    // how many attempts may be made
	Attempts    int    // how many were made, including transparent restarts
	Timeout     time.Duration
	Delay       time.Duration
	Bound       time.Duration // what the delay was drawn from

	Tokens       float64
	MaxTokens    float64
	Blocked      bool // nothing is retried or hedged now
	CallBytes    int64
	ChannelBytes int64
	Exceeded     bool // a message did not fit into the replay buffer

	// Warning is the kind of warning: "policyClamped", "halfDuplexStalled", "corsSuspected",
	// "statusHidden", "retryLostToBodyTrailers", "stateUnusable".
	Warning string
	Text    string
	Allow   []string // headers that a server on another origin must allow; do not change the slice
	Expose  []string // headers that it must expose; do not change the slice
}

var eventTypes = [...]EventType{
	attempts.CallStarted:     EventCallStarted,
	attempts.AttemptStarted:  EventAttemptStarted,
	attempts.AttemptHead:     EventAttemptHead,
	attempts.AttemptEnded:    EventAttemptEnded,
	attempts.Backoff:         EventBackoff,
	attempts.HedgeScheduled:  EventHedgeScheduled,
	attempts.ThrottleChanged: EventThrottle,
	attempts.BufferChanged:   EventBuffer,
	attempts.BudgetChanged:   EventBudget,
	attempts.Committed:       EventCommitted,
	attempts.CallEnded:       EventCallEnded,
}

var policies = map[status.AttemptKind]string{
	status.KindFirst: "none",
	status.KindRetry: "retry",
	status.KindHedge: "hedging",
}

// warn tells the observers of something that is not an error.
func (d *driver) warn(now plan.Duration, attempt int, of attempts.Warning) {
	if len(d.observers) == 0 {
		return
	}
	w := d.machine.Warning(attempt, of)
	d.events = append(d.events, Event{
		Type: EventWarning, Call: d.number, Method: d.method, At: d.channel.moment(now),
		Warning: w.Kind, Text: w.Text, Allow: w.Allow, Expose: w.Expose,
	})
}

// codeOf returns the code of an event, which has one if an attempt or the call ended.
func codeOf(of attempts.Event) status.Code {
	if of.Code == status.None {
		return status.NoCode
	}
	return status.Code(of.Code)
}

// event converts an event of the core to one for observers.
func (d *driver) event(of attempts.Event) Event {
	e := Event{
		Type: eventTypes[of.Kind], Call: d.number, Method: d.method, At: d.channel.moment(of.At),
		Attempt: of.Attempt, Outcome: of.Outcome, HTTPStatus: of.HTTP,
		Code: codeOf(of), Message: of.Message, Pushback: int64(of.Pushback), Reason: of.Reason,
		Attempts: of.Attempts, Delay: time.Duration(of.Delay), Bound: time.Duration(of.Bound),
		Tokens: of.Tokens, MaxTokens: of.MaxTokens,
		CallBytes: of.CallBytes, ChannelBytes: of.ChannelBytes,
	}
	switch of.Kind {
	case attempts.CallStarted:
		e.Policy, e.MaxAttempts, e.Attempts = policies[of.Why], of.Attempts, 0
		if of.Timeout != plan.Never {
			e.Timeout = time.Duration(of.Timeout)
		}
	case attempts.AttemptStarted:
		e.Kind, e.Endpoint, e.Message = of.Why, of.Message, ""
	case attempts.ThrottleChanged, attempts.BudgetChanged:
		e.Blocked = of.Tripped
	case attempts.BufferChanged:
		e.Exceeded = of.Tripped
	}
	return e
}
