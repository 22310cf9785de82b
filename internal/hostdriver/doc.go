// Package hostdriver is the driver of the npm package: it turns the core's
// machines as JavaScript's events come in over the ABI (wasm/ABI.md), and writes
// what is to be done into buffers that JavaScript reads. It starts no goroutine
// and reads no clock.
//
// It knows nothing of JavaScript or of WebAssembly, so that its tests run as
// native Go. Package jsbridge/host exports it.
package hostdriver
