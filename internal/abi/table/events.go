package table

import "github.com/hedgerow-web/hedgerow/internal/attempts"

// eventKinds are the names of what attempts.Event tells of; each says which
// fields of the event hold.
var eventKinds = []Row{
	attempts.CallStarted:     {"callStarted", "policy, attempts (how many may be made), timeout"},
	attempts.AttemptStarted:  {"attemptStarted", "attempt, why"},
	attempts.AttemptHead:     {"attemptHead", "attempt, httpStatus"},
	attempts.AttemptEnded:    {"attemptEnded", "attempt, outcome, code, message, pushback"},
	attempts.Backoff:         {"backoff", "delay, bound, pushback (whether the server asked for it)"},
	attempts.HedgeScheduled:  {"hedgeScheduled", "delay, pushback (likewise)"},
	attempts.ThrottleChanged: {"throttle", "tokens, maxTokens, tripped (it allows no further attempt)"},
	attempts.BufferChanged:   {"buffer", "callBytes, channelBytes, tripped (a message did not fit)"},
	attempts.Committed:       {"committed", "attempt (0: none was), reason"},
	attempts.CallEnded:       {"callEnded", "code, message, attempts (how many were made), reason"},
}

// Event is an observation. All of its fields are sent; which of them hold depends
// on the kind.
var Event = &Struct{Name: "Event", Says: "What listeners are told. Which of its values hold depends on the kind.", Fields: []Field{
	{Name: "kind", Type: Choice, Enum: EventKind},
	{Name: "attempt", Type: Word, Says: "its number, from 1"},
	{Name: "policy", Type: Choice, Enum: Policy},
	{Name: "why", Type: Choice, Enum: AttemptKind},
	{Name: "outcome", Type: Choice, Enum: Outcome},
	{Name: "httpStatus", Type: Signed},
	{Name: "code", Type: Signed, Says: "−1: not known"},
	{Name: "pushback", Type: Signed, Says: "as in a record"},
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
	{Name: "startedAt", Type: Float},
	{Name: "headAt", Type: Float, Says: "NaN: no response head came"},
	{Name: "endedAt", Type: Float, Says: "NaN: it is under way"},
}}

// History is the attempts so far.
var History = &Struct{Name: "History", Says: "The attempts so far, and why there will be no more.", Fields: []Field{
	{Name: "reason", Type: Choice, Enum: Reason},
	{Name: "records", Type: Records, Struct: AttemptRecord},
}}

// Warning is something that the developer should know and that is no error.
var Warning = &Struct{Name: "Warning", Says: "Something that the developer should know and that is no error.", Fields: []Field{
	{Name: "kind", Type: Text, Enum: WarningKind},
	{Name: "text", Type: Text},
	{Name: "allow", Type: Text, Says: "names of headers that the server must allow, with `, ` between them"},
	{Name: "expose", Type: Text, Says: "those that it must expose, likewise"},
}}

// Structs are all of them that actions carry.
var Structs = []*Struct{Event, History, AttemptRecord, Warning}
