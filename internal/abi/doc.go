// Package abi is the border between the npm package's JavaScript and the program in its
// WebAssembly: the exports that JavaScript calls, the actions that the program returns,
// and the buffers that hold the input of the former and the latter.
//
// wasm/ABI.md describes it; that page, generated.go and JavaScript's side of it are
// made of the table in internal/abi/table. Package internal/hostdriver is the
// program behind the exports, jsbridge/host exports it, and wasm/npm/src/abi is
// the other side.
package abi
