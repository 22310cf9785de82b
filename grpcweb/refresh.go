package grpcweb

import (
	"context"

	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// refresher runs the function that refreshes a channel's credentials, once at a time. The
// channel's mutex guards it.
type refresher struct {
	function func(context.Context) error // nil: there is none
	cancel   context.CancelFunc          // ends the one that runs; nil: none does
	run      int                         // numbers them, so that the result of one that was given up is known
}

// refreshing is the key under which the function's context has its channel.
type refreshing struct{}

// startRefresh runs the function in a goroutine of its own. The mutex is held.
func (ch *Channel) startRefresh() {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), refreshing{}, ch))
	r := &ch.refresh
	r.run++
	r.cancel = cancel
	go func(run int) {
		defer cancel()
		ch.refreshed(run, r.function(ctx))
	}(r.run)
}

// stopRefresh gives the refresh up that runs. The mutex is held.
func (ch *Channel) stopRefresh() {
	if r := &ch.refresh; r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
}

// refreshed tells the calls how a refresh has ended.
func (ch *Channel) refreshed(run int, err error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if run != ch.refresh.run || ch.refresh.cancel == nil {
		return // it was given up
	}
	ch.refresh.cancel = nil
	if !ch.core.Refreshed(err) {
		return
	}
	now := ch.now()
	running := make([]*driver, 0, len(ch.calls))
	for d := range ch.calls {
		running = append(running, d)
	}
	for _, d := range running {
		d.machine.Refreshed(now)
		d.carryOut(now)
	}
	tellAll(running)
}

// refuseInside says why a call cannot be made that would wait for the refresh that makes it.
func (ch *Channel) refuseInside(ctx context.Context, noRefresh bool) string {
	if ctx.Value(refreshing{}) == any(ch) && !noRefresh {
		return channel.RefreshInside
	}
	return ""
}
