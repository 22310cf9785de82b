package table

// Arguments that many exports have.
var (
	channelArg  = Field{Name: "channel", Type: U32}
	callArg     = Field{Name: "call", Type: U32}
	attemptArg  = Field{Name: "attempt", Type: U32}
	nowArg      = Field{Name: "now", Type: F64}
	codeArg     = Field{Name: "code", Type: U32}
	fieldsArg   = Field{Name: "fields", Type: U32}
	inputArg    = Field{Name: "bytes", Type: Input}
	ofAttempt   = []Field{callArg, attemptArg, nowArg}
	withoutTime = []Field{callArg, attemptArg}
)

// StartBlock comes before the text in the input of start. As arguments, its values would
// be too many.
var StartBlock = &Struct{Name: "StartBlock", Says: "What a call begins with, besides its method and its metadata.", Fields: []Field{
	{Name: "now", Type: F64},
	{Name: "timeout", Type: F64, Says: "Infinity: the channel's default"},
	{Name: "size", Type: F64, Says: "bytes of the request's message, unless the flag *open* is set"},
	{Name: "maxReceive", Type: F64, Says: "the largest message that may be received, in bytes; 0: the channel's limit"},
	{Name: "channel", Type: U32},
	{Name: "flags", Type: U32, Enum: StartFlag},
	{Name: "fields", Type: U32, Says: "how many fields the metadata has"},
}}

// Exports are the functions that JavaScript calls, besides mailbox and reserve, which
// concern only the buffers. A recorded event names an export by its index here.
var Exports = []Export{
	{Name: "open_channel", Args: []Field{channelArg, inputArg}, Says: "a channel is made with these options: alternating names and values, with numbers as JavaScript writes them. " +
		"Names of metadata begin with `>`. Names that begin with `?` are any options as the application gave them, whose values show their type: `\"text\"`, `7`, `true`, `a function`. Besides the options that users know, there are `seed`, a number; `state`, the text that was stored last; `credentialsRefresh`, the codes for that, one a line, as the application gave them; `random`, the result of every draw, in units of 2⁻⁵³; and, with any " +
		"value, `perAttempt`: metadata is a function, `page`: a browser's fetch carries the requests, `crossOrigin`: the page is on another origin than the base URL before it. `baseUrl` comes once for each endpoint"},
	{Name: "close_channel", Args: []Field{channelArg, nowArg}, Says: "the channel is closed: its calls are canceled"},
	{Name: "state", Args: []Field{channelArg}, Says: "JavaScript asks for what the channel has learned, to store it"},
	{Name: "share", Args: []Field{channelArg, inputArg}, Says: "another tab has told what is left of the budget that they share"},
	{Name: "renew", Args: []Field{channelArg, nowArg, codeArg, {Name: "lost", Type: U32}, {Name: "failures", Type: U32}, inputArg}, Says: "a stream of a resumable subscription to the method in the input ended with this code. *lost* 1: its connection was lost after the commit. *failures*: how many in a row failed before it without a message"},
	{Name: "refreshed", Args: []Field{channelArg, nowArg, {Name: "failed", Type: U32}, inputArg}, Says: "the function that refreshes credentials has succeeded (0), or failed (1) with this error"},
	{Name: "start", Args: []Field{callArg, inputArg}, Block: StartBlock, Says: "a call begins; the input is a start block, then the call's method, then its metadata. The text is left out if it is that of the last *start*"},
	{Name: "queue", Args: []Field{callArg, nowArg, {Name: "size", Type: F64}, {Name: "sent", Type: F64}}, Says: "the application sends a message in an open call. *sent* is how many bytes are sent, " +
		"which are fewer than *size* if the message was compressed. Limits count *size*, the replay buffer counts *sent*"},
	{Name: "half_close", Args: []Field{callArg, nowArg}, Says: "no further message follows"},
	{Name: "took", Args: append(withoutTime[:2:2], Field{Name: "messages", Type: U32}), Says: "how many messages fetch has taken for the attempt so far"},
	{Name: "read", Args: []Field{callArg, nowArg}, Says: "the application waits for a message"},
	{Name: "cancel", Args: []Field{callArg, nowArg, codeArg, inputArg}, Says: "the caller ends the call, with this text: with CANCELLED (1), or with INTERNAL (13) because of a mistake of its own"},
	{Name: "history", Args: []Field{callArg}, Says: "the application asks for the attempts so far"},
	{Name: "prepared", Args: append(ofAttempt[:3:3], fieldsArg, inputArg), Says: "the per-attempt function returned this metadata"},
	{Name: "unprepared", Args: append(ofAttempt[:3:3], codeArg, fieldsArg, inputArg), Says: "the per-attempt function failed, with a status that has this code, message and metadata or, if the code is 0, with another error that has this message"},
	{Name: "head", Args: append(ofAttempt[:3:3], Field{Name: "httpStatus", Type: U32}, fieldsArg, inputArg), Says: "the response head came. The text is left out if it is that of the last *head* that had fields. HTTP status 101, without fields: a WebSocket has opened, and its first frame is the head"},
	{Name: "feed", Args: append(ofAttempt[:3:3], Field{Name: "last", Type: U32}, inputArg), Says: "a slice of a chunk came, of at most 64 KiB. *result* is how many bytes were taken; if not all were, feed the rest. " +
		"*last* 1: the chunk ends with the slice; `drained` need not be called if all was taken and nothing is to be inflated"},
	{Name: "skip", Args: append(withoutTime[:2:2], Field{Name: "length", Type: U32}), Says: "JavaScript took this many bytes of the current payload without feeding them"},
	{Name: "drained", Args: ofAttempt, Says: "all of the chunk has been taken"},
	{Name: "inflated", Args: append(ofAttempt[:3:3], Field{Name: "size", Type: F64}, inputArg), Says: "the payload of an *inflate* action is inflated and has this many bytes. The input is the payload if it is trailers, and empty if it is a message"},
	{Name: "end", Args: ofAttempt, Says: "the body ended"},
	{Name: "broken", Args: append(ofAttempt[:3:3], inputArg), Says: "the body could not be read to its end, with this error"},
	{Name: "failed", Args: append(ofAttempt[:3:3], Field{Name: "how", Type: U32, Enum: Failure}, inputArg), Says: "the attempt failed on this side, with this error"},
	{Name: "closed", Args: append(ofAttempt[:3:3], codeArg, inputArg), Says: "the WebSocket was closed, with this code and reason"},
	{Name: "timer", Args: []Field{nowArg}, Says: "the instant of the last *timer* action may have come"},
	{Name: "network", Args: []Field{nowArg, {Name: "up", Type: U32}}, Says: "the page is online again (1), or offline (0)"},
}

// Actions are what the program may ask for. Each begins with three words: its number and
// length, the call's id, and the attempt's index.
var Actions = []Action{
	{Name: "prepare", Fields: []Field{{Name: "number", Type: Word}}, Says: "run the per-attempt metadata function, for the attempt with this number"},
	{Name: "open", Fields: []Field{{Name: "endpoint", Type: Word}, {Name: "streams", Type: Flag}, {Name: "again", Type: Flag}, {Name: "header", Type: Fields}}, Says: "send the request with this header, by fetch or a new WebSocket, to the base URL that was given at this place, from 0. *streams*: send each message when it comes; " +
		"otherwise the request is complete and is sent as a whole. *again*: the header is that of the last *open*, and is left out here"},
	{Name: "abort", Says: "end the attempt's exchange and ignore what it still reports"},
	{Name: "read", Says: "read one chunk of the body"},
	{Name: "head", Fields: []Field{{Name: "header", Type: Fields}}, Says: "give the application the header"},
	{Name: "end", Fields: []Field{
		{Name: "drop", Type: Flag},
		{Name: "lost", Type: Flag},
		{Name: "code", Type: Word},
		{Name: "rawCode", Type: Word},
		{Name: "message", Type: Text},
		{Name: "hasDetails", Type: Flag},
		{Name: "details", Type: Bytes},
		{Name: "header", Type: Fields},
		{Name: "trailer", Type: Fields},
		{Name: "history", Type: Record, Struct: History},
	}, Says: "settle the call. The attempt is the one whose status this is, or −1. *drop*: the application gets none of the messages that it has not read yet. *lost*: the connection was lost after the commit, or the request was ended by something other than this client. " +
		"*rawCode*: the number that the server sent if it is not a gRPC code, or 0"},
	{Name: "release", Says: "no other attempt than this one will send the request"},
	{Name: "written", Fields: []Field{{Name: "messages", Type: Word}}, Says: "the application need not wait any longer for this many of its messages, from the first"},
	{Name: "timer", Fields: []Field{{Name: "at", Type: Float}, {Name: "patient", Type: Flag}}, Says: "set the instance's one timer to this instant; with Infinity, clear it. A patient timer waits for the end of a body, which usually comes at once, so it need not be set before that has had the chance"},
	{Name: "history", Fields: []Field{{Name: "history", Type: Record, Struct: History}}, Says: "the answer to `history`"},
	{Name: "observe", Fields: []Field{{Name: "event", Type: Record, Struct: Event}}, Says: "tell the listeners"},
	{Name: "warn", Fields: []Field{{Name: "warning", Type: Record, Struct: Warning}}, Says: "tell the developer. For call 0, it is about the channel that is being opened"},
	{Name: "refuse", Fields: []Field{{Name: "path", Type: Text}, {Name: "reason", Type: Text}}, Says: "report this problem with the options of the channel that is being opened"},
	{Name: "renew", Fields: []Field{{Name: "after", Type: Float}}, Says: "the answer to `renew`: subscribe again after so many milliseconds. Infinity: do not. NaN: the method has no retryPolicy"},
	{Name: "refresh", Says: "run the function that refreshes credentials, then call `refreshed`"},
	{Name: "stop_refresh", Says: "nobody waits for the credentials any more: abort the function's signal, and do not call `refreshed`"},
	{Name: "state", Fields: []Field{{Name: "text", Type: Text}}, Says: "the answer to `state`, if the text has changed since it was stored"},
	{Name: "budget", Fields: []Field{{Name: "text", Type: Text}}, Says: "tell the other tabs what is left of the budget that they share; it comes before the other actions of a call, and is part of the answers to open_channel, if the channel has a budget, and to renew, if that has changed it"},
	{Name: "inflate", Fields: []Field{{Name: "limit", Type: Float}}, Says: "inflate the payload that is now complete, but stop one byte after the limit"},
}
