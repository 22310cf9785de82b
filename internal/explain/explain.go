// Package explain has the sentences with which a failed call explains itself: why it
// stopped, and what would have changed that. Go programs and the npm package show the same
// ones; the latter gets them by way of package abi/table.
package explain

// Sentence is what is said of a call that stopped for a reason. "{code}" stands for the
// name of its code, and "{message}" for its message.
type Sentence struct {
	Reason string // a commit reason, or one of the words below
	Says   string
}

// Words for what commit reasons do not tell apart.
const (
	Nothing     = "nothing"     // no attempt was made
	Unrefreshed = "unrefreshed" // the credentials were refused, and could not be refreshed
	Refused     = "refused"     // fresh credentials were refused too
	Silent      = "silent"      // the last attempt got no response in time
)

// Sentences are all that may be said of why a call stopped.
var Sentences = []Sentence{
	{Nothing, "Nothing was sent: {message}."},
	{"responseHeaders", "The server had begun its response, so no further attempt was made: the application may have seen a part of it. " +
		"If the server sends every status in the body, headerCommit \"firstFrame\" has such failures retried."},
	{"fatalStatus", "The method's service config does not retry {code}. A policy that lists it would, if the method may run more than once."},
	{"exhausted", "That was the last attempt that the policy's maxAttempts and the channel's maxRetryAttempts allow. With a higher limit it would have gone on."},
	{"deadline", "Then the deadline had come, which covers all attempts and the waits between them. A longer one would have left time for more."},
	{"throttled", "The next one was throttled: no more than half of the channel's tokens were left, because many of its calls failed. " +
		"Retries begin again when calls succeed."},
	{"bufferExceeded", "The request did not fit the replay buffer, so it could be sent only once. A larger maxRetryBufferPerCallSize or maxRetryBufferSize would have kept it."},
	{"pushback", "The server forbade a further attempt, by grpc-retry-pushback-ms. Only the server can change that."},
	{"cancelled", "Then it was canceled, by its caller or because its channel was closed."},
	{"drop", "Something other than this client ended the request, such as the user leaving the page. Such calls are not retried."},
	{"internal", "The client itself could not go on: {message}."},
	{Unrefreshed, "The server refused the credentials, and they could not be refreshed. The error's cause says why."},
	{Refused, "The server refused the fresh credentials too: it is not their age that is wrong with them."},
	{Silent, "No response came within perAttemptRecvTimeout: the server, or something before it, takes requests and does not answer."},
}

// SilentMark is what the message of an attempt that got no response in time says, before
// the time.
const SilentMark = ": nothing arrived within "

// Of returns the sentence for a reason.
func Of(reason string) string {
	for _, s := range Sentences {
		if s.Reason == reason {
			return s.Says
		}
	}
	return ""
}
