package call

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// What the status of a canceled call says. Both drivers use these texts, so that a
// canceled call reads the same in Go and in JavaScript, which gets them by way of
// package abi/table.
const (
	CanceledByCaller   = "the caller canceled the call"
	CanceledBefore     = CanceledByCaller + " before it began"
	CanceledByReader   = "the stream was closed before its end"
	CanceledByChannel  = "the channel was closed while the call ran"
	ChannelIsClosed    = "the channel is closed"                        // and was, before the call began
	RequestUnreadable  = "the request's messages could not be read"     // a colon follows, and why
	MetadataUnprepared = "the function for per-attempt metadata failed" // likewise
)

// Cancel ends the call with CANCELLED. The cause is the error behind it, or nil.
func (c *Call) Cancel(now plan.Duration, why string, cause error) {
	c.machine.Finish(now, caused(status.New(status.Canceled, why), cause), status.ReasonCanceled)
}

// Fail ends the call for a fault on this side.
func (c *Call) Fail(now plan.Duration, st *status.Status) {
	c.machine.Finish(now, st, status.ReasonInternal)
}
