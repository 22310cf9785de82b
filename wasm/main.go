// Command wasm is the program inside the npm package: it turns the core's
// machines as JavaScript's events come in over the host ABI (see ABI.md), and
// hands back what is to be done. It starts no goroutine and reads no clock.
//
// It is built for GOOS=js GOARCH=wasm and loaded by wasm/npm.
package main

func main() { serve() }
