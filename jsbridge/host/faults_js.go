//go:build hedgerow_debug

package host

import "strings"

// The debug build dies on purpose, of methods with these names, so that tests
// see what JavaScript makes of a panic, a full stack, full memory and an exit.
const faultPrefix = "/hedgerow.Fault/"

func fault(text []byte) {
	method, _, _ := strings.Cut(string(text), "\x00")
	switch name, ok := strings.CutPrefix(method, faultPrefix); {
	case !ok:
	case name == "Panic":
		panic("a panic on purpose")
	case name == "Overflow":
		overflow(nil)
	case name == "Memory":
		fill()
	case name == "Exit":
		exit(3)
	}
}

func init() { faultOf = fault }

// A frame is on the stack, not in registers, and no compiler makes a loop of
// what needs all of them.
type frame struct {
	up    *frame
	bytes [200]byte
}

//go:noinline
func overflow(up *frame) int {
	f := frame{up: up}
	f.bytes[len(f.bytes)-1] = 1
	return overflow(&f) + sum(&f)
}

func sum(f *frame) int {
	n := 0
	for ; f != nil; f = f.up {
		n += int(f.bytes[len(f.bytes)-1])
	}
	return n
}

// hoard is what fill keeps alive.
var hoard [][]byte

func fill() {
	for {
		hoard = append(hoard, make([]byte, 1<<20))
	}
}
