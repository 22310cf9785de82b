// Package abi is what the npm package's JavaScript and the program in its
// WebAssembly say to each other: the exports that JavaScript calls, the actions
// that the program answers with, and the buffers in which both lie.
//
// wasm/ABI.md describes it; that page, generated.go and JavaScript's side of it are
// made of the table in internal/abi/table. Package internal/hostdriver is the
// program behind the exports, jsbridge/host exports it, and wasm/npm/src/abi is
// the other side.
package abi
