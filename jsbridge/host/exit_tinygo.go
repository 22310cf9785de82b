//go:build hedgerow_debug && tinygo

package host

// A program that TinyGo compiled, as this one is, has no exit.
func exit(int32) { panic("there is no exit") }
