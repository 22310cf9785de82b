// Package host is the Go side of the host ABI: what the npm package's
// JavaScript and the Go program in its WebAssembly say to each other. The table
// of it is wasm/ABI.md; the other side is wasm/npm/src/abi/host.ts.
//
// JavaScript calls the exported functions, which hand on to a Program. What the
// program wants done it emits as actions into a buffer that JavaScript reads
// when the export has returned. There is no import: nothing of JavaScript runs
// while a Go frame is on the stack.
package host
