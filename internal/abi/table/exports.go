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

// StartBlock lies before the text in the input of start: what would be too many
// arguments.
var StartBlock = &Struct{Name: "StartBlock", Says: "What a call begins with, beside its method and its metadata.", Fields: []Field{
	{Name: "now", Type: F64},
	{Name: "timeout", Type: F64, Says: "Infinity: the channel's default"},
	{Name: "size", Type: F64, Says: "bytes of the request's message, unless the flag *open* is set"},
	{Name: "maxReceive", Type: F64, Says: "the longest message that is received, in bytes; 0: the channel's limit"},
	{Name: "channel", Type: U32},
	{Name: "flags", Type: U32, Enum: StartFlag},
	{Name: "fields", Type: U32, Says: "how many fields the metadata has"},
}}

// Exports are what JavaScript calls, beside mailbox and reserve, which concern
// the buffers alone. A recorded event names an export by its place here.
var Exports = []Export{
	{Name: "open_channel", Args: []Field{channelArg, inputArg}, Says: "a channel is made, of options: names and values in turn, numbers as JavaScript writes them. " +
		"Metadata has names that begin with `>`. Beside the options that users know there are `seed`, a number; `random`, a draw in units of 2⁻⁵³; and, with any " +
		"value, `perAttempt`: metadata is a function, `page`: a browser's fetch carries requests, `crossOrigin`: the page is of another origin"},
	{Name: "close_channel", Args: []Field{channelArg, nowArg}, Says: "the channel is closed: its calls are canceled"},
	{Name: "start", Args: []Field{callArg, inputArg}, Block: StartBlock, Says: "a call begins; the input is a start block, then the call's method, then its metadata"},
	{Name: "queue", Args: []Field{callArg, nowArg, {Name: "size", Type: F64}, {Name: "sent", Type: F64}}, Says: "a request message of an open call. *sent* is how many bytes are sent of it, " +
		"fewer where it was compressed. Limits count *size*, the replay buffer counts *sent*"},
	{Name: "half_close", Args: []Field{callArg, nowArg}, Says: "no further message follows"},
	{Name: "took", Args: append(withoutTime[:2:2], Field{Name: "messages", Type: U32}), Says: "fetch has taken so many messages for the attempt"},
	{Name: "read", Args: []Field{callArg, nowArg}, Says: "the application waits for a message"},
	{Name: "cancel", Args: []Field{callArg, nowArg, codeArg, inputArg}, Says: "the caller ends the call, with this text: CANCELLED (1), or INTERNAL (13) for a mistake of its own"},
	{Name: "history", Args: []Field{callArg}, Says: "asks for the attempts so far"},
	{Name: "prepared", Args: append(ofAttempt[:3:3], fieldsArg, inputArg), Says: "the per-attempt function gave this metadata"},
	{Name: "unprepared", Args: append(ofAttempt[:3:3], codeArg, fieldsArg, inputArg), Says: "it failed: with a status, whose code, message and metadata these are; or, where the code is 0, with another error that says this"},
	{Name: "head", Args: append(ofAttempt[:3:3], Field{Name: "httpStatus", Type: U32}, fieldsArg, inputArg), Says: "the response head. HTTP status 101, without fields: a WebSocket has opened, and its first frame is the head"},
	{Name: "feed", Args: append(ofAttempt[:3:3], Field{Name: "last", Type: U32}, inputArg), Says: "a slice of a chunk, at most 64 KiB; *result*: how much was taken of it. Less than all: feed the rest. " +
		"*last* 1: the chunk ends with it, so that `drained` need not be said if all was taken and nothing is to be inflated"},
	{Name: "skip", Args: append(withoutTime[:2:2], Field{Name: "length", Type: U32}), Says: "JavaScript took so many bytes of the present payload without feeding them"},
	{Name: "drained", Args: ofAttempt, Says: "the chunk has been taken whole"},
	{Name: "inflated", Args: append(ofAttempt[:3:3], Field{Name: "size", Type: F64}, inputArg), Says: "what an *inflate* action asked for is so many bytes long. The input is what came out of trailers; of a message, nothing"},
	{Name: "end", Args: ofAttempt, Says: "the body ended"},
	{Name: "broken", Args: append(ofAttempt[:3:3], inputArg), Says: "the body could not be read on, with this text"},
	{Name: "failed", Args: append(ofAttempt[:3:3], Field{Name: "how", Type: U32, Enum: Failure}, inputArg), Says: "the attempt failed on this side, with this text"},
	{Name: "closed", Args: append(ofAttempt[:3:3], codeArg, inputArg), Says: "the WebSocket was closed, with this code and reason"},
	{Name: "timer", Args: []Field{nowArg}, Says: "the instant of the last *timer* action may have come"},
	{Name: "network", Args: []Field{nowArg, {Name: "up", Type: U32}}, Says: "the page is online again (1), or offline (0)"},
}

// Actions are what the program may ask for. Each begins with three words: its
// number with its length above, the call's id, the attempt's index.
var Actions = []Action{
	{Name: "prepare", Fields: []Field{{Name: "number", Type: Word}}, Says: "run the per-attempt metadata function, for the attempt of this number"},
	{Name: "open", Fields: []Field{{Name: "streams", Type: Flag}, {Name: "header", Type: Fields}}, Says: "send the request, with this header, by fetch or a WebSocket of its own. *streams*: its messages as they come; " +
		"else it is complete, and goes out as a whole"},
	{Name: "abort", Says: "end the attempt's exchange; nothing it says counts"},
	{Name: "read", Says: "read one chunk of the body"},
	{Name: "head", Fields: []Field{{Name: "header", Type: Fields}}, Says: "give the application the header"},
	{Name: "end", Fields: []Field{
		{Name: "drop", Type: Flag},
		{Name: "code", Type: Word},
		{Name: "rawCode", Type: Word},
		{Name: "message", Type: Text},
		{Name: "hasDetails", Type: Flag},
		{Name: "details", Type: Bytes},
		{Name: "header", Type: Fields},
		{Name: "trailer", Type: Fields},
		{Name: "history", Type: Record, Struct: History},
	}, Says: "settle the call. The attempt is the one whose answer it is, or −1. *drop*: the application gets no message that it has not read yet. " +
		"*rawCode*: a number that the server sent and that is no code of gRPC's, or 0"},
	{Name: "release", Says: "the request will be sent by no other attempt than this"},
	{Name: "written", Fields: []Field{{Name: "messages", Type: Word}}, Says: "the application need not wait for the first so many of its messages"},
	{Name: "timer", Fields: []Field{{Name: "at", Type: Float}, {Name: "patient", Type: Flag}}, Says: "set the one timer of the instance for this instant; Infinity: for none. A patient one waits for the end of a body that comes at once as a rule: it need not be set before that had its chance"},
	{Name: "history", Fields: []Field{{Name: "history", Type: Record, Struct: History}}, Says: "the answer to `history`"},
	{Name: "observe", Fields: []Field{{Name: "event", Type: Record, Struct: Event}}, Says: "tell listeners"},
	{Name: "warn", Fields: []Field{{Name: "warning", Type: Record, Struct: Warning}}, Says: "tell the developer; of call 0: about the channel that is being opened"},
	{Name: "refuse", Fields: []Field{{Name: "path", Type: Text}, {Name: "reason", Type: Text}}, Says: "the options of the channel that is being opened have this problem"},
	{Name: "inflate", Fields: []Field{{Name: "limit", Type: Float}}, Says: "inflate the payload that has just come whole, as far as so many bytes and one more"},
}
