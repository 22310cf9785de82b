package call

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Canceler is who ended a call before its time, and with it what the status says.
type Canceler uint8

// Those who may.
const (
	ByCaller        Canceler = iota // canceled the call, by a signal or a context
	ByReader                        // stopped reading the response before its end
	ByChannel                       // was closed while the call ran
	ByClosedChannel                 // had been closed before the call began
	ByRequest                       // the application's own messages could not be read
	ByDriver                        // another reason, which the detail says
)

// cancelTexts are what a status says of its canceler. Both drivers show them, so
// that a call that is canceled reads the same in Go and in JavaScript.
var cancelTexts = [...]string{
	ByCaller:        "the caller canceled the call",
	ByReader:        "the stream was closed before its end",
	ByChannel:       "the channel was closed while the call ran",
	ByClosedChannel: "the channel is closed",
	ByRequest:       "the request's messages could not be read",
}

// Cancel ends the call with CANCELLED. The detail, which may be empty, follows what
// the status says of the canceler; the cause is the error behind it, or nil.
func (c *Call) Cancel(now plan.Duration, by Canceler, detail string, cause error) {
	text := detail
	if by < ByDriver {
		if text = cancelTexts[by]; by == ByCaller && !c.machine.HasBegun() {
			text += " before it began"
		}
		if detail != "" {
			text += ": " + detail
		}
	}
	c.machine.Finish(now, caused(status.New(status.Canceled, text), cause), status.ReasonCanceled)
}

// Fail ends the call for a fault on this side.
func (c *Call) Fail(now plan.Duration, st *status.Status) {
	c.machine.Finish(now, st, status.ReasonInternal)
}
