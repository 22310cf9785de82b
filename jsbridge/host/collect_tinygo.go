//go:build tinygo

package host

import "github.com/hedgerow-web/hedgerow/internal/heap"

// letCollect collects garbage, if it is time to. No function needs any more what only it
// points to: the export has done its work, and what JavaScript reads is in the buffers.
func letCollect() { heap.Collect() }
