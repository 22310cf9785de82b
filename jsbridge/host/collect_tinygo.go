//go:build tinygo

package host

import "github.com/hedgerow-web/hedgerow/internal/heap"

// recovers says whether recover does anything. It does not in TinyGo's build: a panic
// ends in a trap.
const recovers = false

// letCollect collects garbage, if it is time to. No function needs any more what only it
// points to: the export has done its work, and what JavaScript reads is in the buffers.
func letCollect() { heap.Collect() }
