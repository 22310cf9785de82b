//go:build hedgerow_debug

package host

import (
	"math"
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
		overflow(0)
	case faultPrefix + "Memory":
		fill()
	case faultPrefix + "Exit":
		exit(3)
	}
	m.Program.Start(call, in)
}

// overflow needs a frame on the stack for each call: no compiler keeps in registers what
// has an index, and none makes a loop of what is needed after the call.
//
//go:noinline
func overflow(depth int) int {
	var frame [200]byte
	frame[depth%len(frame)] = 1
	if depth == math.MaxInt32 {
		return 0
	}
	return overflow(depth+1) + int(frame[depth/2%len(frame)])
}

// hoard is what fill keeps alive.
var hoard [][]byte

func fill() {
	for {
		hoard = append(hoard, make([]byte, 1<<20))
	}
}
