package host

// Program is what stands behind the exports: the driver of the npm package.
// Instants are milliseconds on performance.now's clock; text and bytes lie in the
// input buffer. JavaScript gives calls and channels their ids, and none twice,
// not even over several instances; attempts are counted from 0 within their
// call. An id of what has ended is passed over: events may come late.
type Program interface {
	OpenChannel(id uint32, in []byte)
	CloseChannel(id uint32, now float64)

	Start(call, channel, flags uint32, now, timeout, size, maxReceive float64, in []byte, fields int)
	Queue(call uint32, now, size, sent float64)
	HalfClose(call uint32, now float64)
	Took(call, attempt uint32, messages int)
	Read(call uint32, now float64)
	Cancel(call uint32, now float64, code uint32, why []byte)
	History(call uint32)

	Prepared(call, attempt uint32, now float64, in []byte, fields int)
	Unprepared(call, attempt uint32, now float64, code uint32, in []byte, fields int)
	Head(call, attempt uint32, now float64, httpStatus uint32, in []byte, fields int)
	Feed(call, attempt uint32, now float64, slice []byte, last bool) (consumed int)
	Skip(call, attempt uint32, n int)
	Drained(call, attempt uint32, now float64)
	Inflated(call, attempt uint32, now, size float64, trailers []byte)
	End(call, attempt uint32, now float64)
	Break(call, attempt uint32, now float64, cause []byte)
	Failed(call, attempt uint32, now float64, how uint32, cause []byte)
	Closed(call, attempt uint32, now float64, code uint32, reason []byte)

	Timer(now float64)
	Network(now float64, up bool)
}

// The flags of Start.
const (
	FlagStreaming    uint32 = 1 << iota // the response is a stream
	FlagObserve                         // somebody listens to events
	FlagOpen                            // request messages follow by Queue, and HalfClose
	FlagStreams                         // fetch sends them as they come
	FlagWaitForReady                    // the caller says to wait for a network
	FlagNoWait                          // the caller says not to
	FlagOffline                         // there is no network now
	FlagSocket                          // attempts are WebSockets
)

var program Program

// Serve puts the program behind the exports. It does not return: what follows
// is called by JavaScript.
func Serve(p Program) {
	program = p
	select {}
}

// faultOf is set in the debug build alone: it dies of what tests ask for.
var faultOf func(in []byte)

// Each export answers with the number of words in the action buffer, or with
// fatal: then the instance is good for nothing any more.
const fatal = 1<<32 - 1

//go:wasmexport mailbox
func mailbox() uint32 { return address(&box[0]) }

//go:wasmexport reserve
func reserve(n uint32) (words uint32) {
	defer guard(&words)
	grow(int(n))
	return begin()
}

//go:wasmexport open_channel
func openChannel(id, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.OpenChannel(id, input(n))
	return emitted()
}

//go:wasmexport close_channel
func closeChannel(id uint32, now float64) (words uint32) {
	defer guard(&words)
	begin()
	program.CloseChannel(id, now)
	return emitted()
}

//go:wasmexport start
func start(call, channel, flags uint32, now, timeout, size, maxReceive float64, fields, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	if faultOf != nil {
		faultOf(input(n))
	}
	program.Start(call, channel, flags, now, timeout, size, maxReceive, input(n), int(fields))
	return emitted()
}

//go:wasmexport queue
func queue(call uint32, now, size, sent float64) (words uint32) {
	defer guard(&words)
	begin()
	program.Queue(call, now, size, sent)
	return emitted()
}

//go:wasmexport half_close
func halfClose(call uint32, now float64) (words uint32) {
	defer guard(&words)
	begin()
	program.HalfClose(call, now)
	return emitted()
}

//go:wasmexport took
func took(call, attempt, messages uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Took(call, attempt, int(messages))
	return emitted()
}

//go:wasmexport read
func read(call uint32, now float64) (words uint32) {
	defer guard(&words)
	begin()
	program.Read(call, now)
	return emitted()
}

//go:wasmexport cancel
func cancel(call uint32, now float64, code, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Cancel(call, now, code, input(n))
	return emitted()
}

//go:wasmexport history
func history(call uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.History(call)
	return emitted()
}

//go:wasmexport prepared
func prepared(call, attempt uint32, now float64, fields, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Prepared(call, attempt, now, input(n), int(fields))
	return emitted()
}

//go:wasmexport unprepared
func unprepared(call, attempt uint32, now float64, code, fields, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Unprepared(call, attempt, now, code, input(n), int(fields))
	return emitted()
}

//go:wasmexport head
func head(call, attempt uint32, now float64, httpStatus, fields, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Head(call, attempt, now, httpStatus, input(n), int(fields))
	return emitted()
}

//go:wasmexport feed
func feed(call, attempt uint32, now float64, n, last uint32) (words uint32) {
	defer guard(&words)
	begin()
	box[boxResult] = uint32(program.Feed(call, attempt, now, input(n), last != 0))
	return emitted()
}

//go:wasmexport skip
func skip(call, attempt, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Skip(call, attempt, int(n))
	return emitted()
}

//go:wasmexport drained
func drained(call, attempt uint32, now float64) (words uint32) {
	defer guard(&words)
	begin()
	program.Drained(call, attempt, now)
	return emitted()
}

//go:wasmexport inflated
func inflated(call, attempt uint32, now, size float64, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Inflated(call, attempt, now, size, input(n))
	return emitted()
}

//go:wasmexport end
func end(call, attempt uint32, now float64) (words uint32) {
	defer guard(&words)
	begin()
	program.End(call, attempt, now)
	return emitted()
}

//go:wasmexport broken
func broken(call, attempt uint32, now float64, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Break(call, attempt, now, input(n))
	return emitted()
}

//go:wasmexport failed
func failed(call, attempt uint32, now float64, how, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Failed(call, attempt, now, how, input(n))
	return emitted()
}

//go:wasmexport closed
func closed(call, attempt uint32, now float64, code, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Closed(call, attempt, now, code, input(n))
	return emitted()
}

//go:wasmexport timer
func timer(now float64) (words uint32) {
	defer guard(&words)
	begin()
	program.Timer(now)
	return emitted()
}

//go:wasmexport network
func network(now float64, up uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Network(now, up != 0)
	return emitted()
}
