// Code generated from internal/abi/table by internal/abi/generate. DO NOT EDIT.

package host

import "github.com/hedgerow-web/hedgerow/internal/abi"

//go:wasmexport open_channel
func openChannel(channel uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.OpenChannel(channel, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport close_channel
func closeChannel(channel uint32, now float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.CloseChannel(channel, now)
	return emitted()
}

//go:wasmexport state
func state(channel uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.State(channel)
	return emitted()
}

//go:wasmexport share
func share(channel uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Share(channel, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport renew
func renew(channel uint32, now float64, code uint32, lost uint32, failures uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Renew(channel, now, code, lost, failures, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport refreshed
func refreshed(channel uint32, now float64, failed uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Refreshed(channel, now, failed, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport start
func start(call uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Start(call, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport queue
func queue(call uint32, now float64, size float64, sent float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Queue(call, now, size, sent)
	return emitted()
}

//go:wasmexport half_close
func halfClose(call uint32, now float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.HalfClose(call, now)
	return emitted()
}

//go:wasmexport took
func took(call uint32, attempt uint32, messages uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Took(call, attempt, messages)
	return emitted()
}

//go:wasmexport read
func read(call uint32, now float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Read(call, now)
	return emitted()
}

//go:wasmexport cancel
func cancel(call uint32, now float64, code uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Cancel(call, now, code, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport history
func history(call uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.History(call)
	return emitted()
}

//go:wasmexport prepared
func prepared(call uint32, attempt uint32, now float64, fields uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Prepared(call, attempt, now, fields, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport unprepared
func unprepared(call uint32, attempt uint32, now float64, code uint32, fields uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Unprepared(call, attempt, now, code, fields, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport head
func head(call uint32, attempt uint32, now float64, httpStatus uint32, fields uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Head(call, attempt, now, httpStatus, fields, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport feed
func feed(call uint32, attempt uint32, now float64, last uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Feed(call, attempt, now, last, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport skip
func skip(call uint32, attempt uint32, length uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Skip(call, attempt, length)
	return emitted()
}

//go:wasmexport drained
func drained(call uint32, attempt uint32, now float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Drained(call, attempt, now)
	return emitted()
}

//go:wasmexport inflated
func inflated(call uint32, attempt uint32, now float64, size float64, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Inflated(call, attempt, now, size, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport end
func end(call uint32, attempt uint32, now float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.End(call, attempt, now)
	return emitted()
}

//go:wasmexport broken
func broken(call uint32, attempt uint32, now float64, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Broken(call, attempt, now, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport failed
func failed(call uint32, attempt uint32, now float64, how uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Failed(call, attempt, now, how, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport closed
func closed(call uint32, attempt uint32, now float64, code uint32, bytes uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Closed(call, attempt, now, code, buffers.Input(bytes))
	return emitted()
}

//go:wasmexport timer
func timer(now float64) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Timer(now)
	return emitted()
}

//go:wasmexport network
func network(now float64, up uint32) (words uint32) {
	words = abi.Fatal // after a panic
	if recovers {
		defer guard()
	}
	buffers.Reset()
	program.Network(now, up)
	return emitted()
}
