package grpcweb

import (
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// patience is one timer for all calls that only wait for the end of a body, which usually
// comes at once. It is not stopped when it has nothing to wait for any more.
type patience struct {
	timer *time.Timer
	set   bool
	at    plan.Duration
}

// wait has the timer fire at an instant, or before.
func (ch *Channel) wait(now, at plan.Duration) {
	p := &ch.patience
	if p.set && p.at <= at {
		return
	}
	p.set, p.at = true, at
	if p.timer == nil {
		p.timer = time.AfterFunc(time.Duration(at-now), ch.losePatience)
		return
	}
	p.timer.Reset(time.Duration(at - now))
}

// losePatience tells the calls whose instant has come, and waits for the next.
func (ch *Channel) losePatience() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.patience.set = false
	now, next := ch.now(), plan.Never
	var due []*driver
	for d := range ch.calls {
		switch {
		case d.patient <= now:
			due = append(due, d)
		case d.patient < next:
			next = d.patient
		}
	}
	for _, d := range due {
		d.machine.Timer(now)
		d.carryOut(now)
	}
	if next != plan.Never {
		ch.wait(now, next)
	}
	tellAll(due)
}
