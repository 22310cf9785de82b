//go:build !tinygo

package host

import "runtime"

// recovers says whether recover does anything.
const recovers = true

var exported uint32

// letCollect lets the goroutines of Go's garbage collector run, once in a while. An
// export runs on one goroutine that never waits, so that they would have no turn of
// their own: a collection that was begun was not ended for seconds, and everything
// that was allocated meanwhile was kept. The export itself goes on at once.
func letCollect() {
	if exported++; exported%64 == 0 {
		runtime.Gosched()
	}
}
