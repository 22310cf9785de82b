//go:build hedgerow_debug && !tinygo

package host

//go:wasmimport gojs runtime.wasmExit
func exit(code int32)
