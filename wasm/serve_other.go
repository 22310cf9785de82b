//go:build !js

package main

func serve() {
	panic("this program runs inside JavaScript: build it with GOOS=js GOARCH=wasm, or run make build")
}
