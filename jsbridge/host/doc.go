// Package host exports the driver of the npm package to JavaScript: it makes
// functions of the WebAssembly of an abi.Program's methods, and tells JavaScript
// at which addresses their buffers lie. It decides nothing. wasm/ABI.md describes
// what passes through it, and wasm/npm/src/abi is the other side.
//
// No function is imported for that: nothing of JavaScript runs while a Go frame is
// on the stack.
package host
