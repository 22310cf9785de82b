package host

// faultOf is set in the debug build alone: it dies of what tests ask for.
var faultOf func(in []byte)

// Each export answers with the number of words in the action buffer, or with
// abi.Fatal: then the instance is good for nothing any more.

//go:wasmexport mailbox
func mailbox() uint32 { return address(&box[0]) }

//go:wasmexport reserve
func reserve(n uint32) (words uint32) {
	defer guard(&words)
	begin()
	buffers.Reserve(n)
	return emitted()
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
	program.Start(call, channel, flags, now, timeout, size, maxReceive, fields, input(n))
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
	program.Took(call, attempt, messages)
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
	program.Prepared(call, attempt, now, fields, input(n))
	return emitted()
}

//go:wasmexport unprepared
func unprepared(call, attempt uint32, now float64, code, fields, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Unprepared(call, attempt, now, code, fields, input(n))
	return emitted()
}

//go:wasmexport head
func head(call, attempt uint32, now float64, httpStatus, fields, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Head(call, attempt, now, httpStatus, fields, input(n))
	return emitted()
}

//go:wasmexport feed
func feed(call, attempt uint32, now float64, n, last uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Feed(call, attempt, now, last, input(n))
	return emitted()
}

//go:wasmexport skip
func skip(call, attempt, n uint32) (words uint32) {
	defer guard(&words)
	begin()
	program.Skip(call, attempt, n)
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
	program.Broken(call, attempt, now, input(n))
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
	program.Network(now, up)
	return emitted()
}
