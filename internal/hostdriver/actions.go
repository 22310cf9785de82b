package hostdriver

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// writeActions writes the actions of a call for JavaScript, which carries them out. Only
// the call's timer is handled here, because all calls share one timer in JavaScript. A
// call that has ended is not used any more after that.
func (d *Driver) writeActions(c *liveCall) {
	ended := false
	if budget := c.Budget(); budget.Changed() {
		d.out.Begin(abi.ActionBudget, c.id, 0)
		d.out.String(budget.Text())
	}
	for _, a := range c.Take() {
		switch a.Op {
		case attempts.Timer:
			c.timer.patient = a.Patient
			d.timers.set(&c.timer, a.At)
		case attempts.Prepare:
			d.begin(abi.ActionPrepare, c, a)
			d.out.Word(uint32(c.Number(a.Attempt)))
		case attempts.Open:
			d.begin(abi.ActionOpen, c, a)
			d.out.Word(uint32(c.Endpoint(a.Attempt)))
			d.emitRequest(c, a.Attempt)
		case attempts.Refresh:
			d.begin(abi.ActionRefresh, c, a)
		case attempts.StopRefresh:
			d.begin(abi.ActionStopRefresh, c, a)
		case attempts.Abort:
			d.begin(abi.ActionAbort, c, a)
		case attempts.Read:
			d.begin(abi.ActionRead, c, a)
		case attempts.Release:
			d.begin(abi.ActionRelease, c, a)
		case attempts.Written:
			d.begin(abi.ActionWritten, c, a)
			d.out.Word(uint32(a.Messages))
		case attempts.Warn:
			d.begin(abi.ActionWarn, c, a)
			d.emitWarning(c.Warning(a.Attempt, a.Warning))
		case attempts.Inflate:
			d.begin(abi.ActionInflate, c, a)
			d.out.Float(float64(a.Limit))
		case attempts.Head:
			d.begin(abi.ActionHead, c, a)
			d.emitMetadata(c.Header())
		case attempts.End:
			d.begin(abi.ActionEnd, c, a)
			d.out.Flag(a.Drop)
			d.out.Flag(c.Lost())
			d.emitStatus(c)
			ended = true
		case attempts.Observe:
			d.begin(abi.ActionObserve, c, a)
			d.emitEvent(a.Event)
		default:
			panic("the host driver does not know this action")
		}
	}
	if ended {
		d.timers.set(&c.timer, plan.Never)
		d.calls.remove(c)
	}
}

// setTimer writes a Timer action if JavaScript's one timer has to be set anew, for the
// earliest instant of all calls. A timer that fires too early does no harm, so it is
// moved only if that instant is earlier now, or if the last one was patient, in which
// case JavaScript may not have set it at all.
func (d *Driver) setTimer() {
	at := d.timers.earliest()
	if at < d.armed || at != d.armed && (at == plan.Never || d.patient) {
		d.armed, d.patient = at, d.timers.patient()
		d.out.Begin(abi.ActionTimer, 0, 0)
		d.out.Float(due(at))
		d.out.Flag(d.patient)
	}
}

func (d *Driver) begin(action uint32, c *liveCall, a attempts.Action) {
	d.out.Begin(action, c.id, uint32(a.Attempt))
}
