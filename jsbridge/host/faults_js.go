//go:build hedgerow_debug

package host

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/abi"
)

// The debug build dies on purpose, of methods with these names, so that tests
// see what JavaScript makes of a panic, a full stack, full memory and an exit.
const faultPrefix = "/hedgerow.Fault/"

// faulty is a program with those methods.
func faulty(p abi.Program) abi.Program { return mortal{p} }

type mortal struct{ abi.Program }

// OpenChannel dies if the options name the method that panics, as a header may, or opens
// a channel.
func (m mortal) OpenChannel(channel uint32, in []byte) {
	if strings.Contains(string(in), faultPrefix+"Panic") {
		panic("a panic on purpose")
	}
	m.Program.OpenChannel(channel, in)
}

// Start dies, or begins a call.
func (m mortal) Start(call uint32, in []byte) {
	_, text := abi.ReadStartBlock(in)
	method, _, _ := strings.Cut(string(text), "\x00")
	switch method {
	case faultPrefix + "Panic":
		panic("a panic on purpose")
	case faultPrefix + "Overflow":
		overflow(nil)
	case faultPrefix + "Memory":
		fill()
	case faultPrefix + "Exit":
		exit(3)
	}
	m.Program.Start(call, in)
}

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
