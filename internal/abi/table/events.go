package table

import "github.com/hedgerow-web/hedgerow/internal/attempts"

// eventKinds are the names of the kinds of attempts.Event, each with the fields that it
// sets.
var eventKinds = []Row{
	attempts.CallStarted:     {"callStarted", "policy, attempts (how many may be made), timeout"},
	attempts.AttemptStarted:  {"attemptStarted", "attempt, why, message (the base URL, if the channel has several)"},
	attempts.AttemptHead:     {"attemptHead", "attempt, httpStatus"},
	attempts.AttemptEnded:    {"attemptEnded", "attempt, outcome, code, message, pushback"},
	attempts.Backoff:         {"backoff", "delay, bound, pushback (if it is not −1, the server asked for the delay)"},
	attempts.HedgeScheduled:  {"hedgeScheduled", "delay, pushback (likewise)"},
	attempts.BudgetChanged:   {"budget", "tokens, maxTokens, tripped (it could not pay for a retry or hedge)"},
	attempts.ThrottleChanged: {"throttle", "tokens, maxTokens, tripped (it allows no further attempt)"},
	attempts.BufferChanged:   {"buffer", "callBytes, channelBytes, tripped (a message did not fit)"},
	attempts.Committed:       {"committed", "attempt (0: none was), reason"},
	attempts.CallEnded:       {"callEnded", "code, message, attempts (how many were made), reason"},
}

// Event is what listeners are told. All of its fields are sent; which of them are set
// depends on the kind.
var Event = &Struct{Name: "Event", Says: "What listeners are told. The kind says which values are set.", Fields: []Field{
	{Name: "kind", Type: Choice, Enum: EventKind},
	{Name: "attempt", Type: Word, Says: "its number, from 1"},
	{Name: "policy", Type: Choice, Enum: Policy},
	{Name: "why", Type: Choice, Enum: AttemptKind},
	{Name: "outcome", Type: Choice, Enum: Outcome},
	{Name: "httpStatus", Type: Signed},
	{Name: "code", Type: Signed, Says: "−1: not known"},
	{Name: "pushback", Type: Signed, Says: "as in a record of the history"},
	{Name: "reason", Type: Choice, Enum: Reason},
	{Name: "attempts", Type: Word},
	{Name: "tripped", Type: Flag},
	{Name: "message", Type: Text},
	{Name: "at", Type: Float},
	{Name: "delay", Type: Float},
	{Name: "bound", Type: Float},
	{Name: "timeout", Type: Float, Says: "Infinity: none"},
	{Name: "tokens", Type: Float},
	{Name: "maxTokens", Type: Float},
	{Name: "callBytes", Type: Float},
	{Name: "channelBytes", Type: Float},
}}

// AttemptRecord is the history of one attempt.
var AttemptRecord = &Struct{Name: "Record", Says: "The history of one attempt. Instants are those of JavaScript's clock.", Fields: []Field{
	{Name: "number", Type: Word, Says: "from 1; a transparent restart repeats it"},
	{Name: "kind", Type: Choice, Enum: AttemptKind},
	{Name: "outcome", Type: Choice, Enum: Outcome},
	{Name: "httpStatus", Type: Signed, Says: "−1: no response head came"},
	{Name: "code", Type: Signed, Says: "−1: not known"},
	{Name: "pushback", Type: Signed, Says: "−1: none, −2: stop, else milliseconds"},
	{Name: "message", Type: Text},
	{Name: "endpoint", Type: Text, Says: "the base URL that it was sent to; empty if the channel has one"},
	{Name: "startedAt", Type: Float},
	{Name: "headAt", Type: Float, Says: "NaN: no response head came"},
	{Name: "endedAt", Type: Float, Says: "NaN: the attempt is under way"},
}}

// History is the history of a call's attempts.
var History = &Struct{Name: "History", Says: "The attempts so far, and why no further one is made.", Fields: []Field{
	{Name: "reason", Type: Choice, Enum: Reason},
	{Name: "records", Type: Records, Struct: AttemptRecord},
}}

// Warning is something that the developer should know and that is not an error.
var Warning = &Struct{Name: "Warning", Says: "Something that the developer should know and that is not an error.", Fields: []Field{
	{Name: "kind", Type: Text, Enum: WarningKind},
	{Name: "text", Type: Text},
	{Name: "allow", Type: Text, Says: "the names of headers that the server must allow, separated by `, `"},
	{Name: "expose", Type: Text, Says: "the names of headers that the server must expose, separated by `, `"},
}}

// Structs lists the structs that actions carry.
var Structs = []*Struct{Event, History, AttemptRecord, Warning}
