// Package hostdriver is the driver of the npm package. It drives the core's machines
// with the events that JavaScript reports over the ABI (wasm/ABI.md), and writes the
// resulting actions into buffers that JavaScript reads. It starts no goroutine and
// reads no clock.
//
// It knows nothing about JavaScript or WebAssembly, so its tests run as native Go.
// Package jsbridge/host exports it.
package hostdriver
