//go:build hedgerow_debug

package host

import "strings"

// The debug build dies on purpose, of methods with these names, so that tests
// see what JavaScript makes of a panic, an exit and a stack overflow.
const faultPrefix = "/hedgerow.Fault/"

//go:wasmimport gojs runtime.wasmExit
func wasmExit(code int32)

func fault(text []byte) {
	method, _, _ := strings.Cut(string(text), "\x00")
	switch name, ok := strings.CutPrefix(method, faultPrefix); {
	case !ok:
	case name == "Panic":
		panic("a panic on purpose")
	case name == "Overflow":
		overflow(0)
	case name == "Exit":
		wasmExit(3)
	}
}

func init() { faultOf = fault }

// overflow recurs until no stack is left.
func overflow(n int) int { return overflow(n+1) + n }
