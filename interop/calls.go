package interop

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// calls counts the attempts of each call id. It forgets none: it lives for a run of the tests.
type calls struct {
	mu   sync.Mutex
	byID map[string]*call
}

// call is what is known of one call id. The mutex of calls guards it.
type call struct {
	first   time.Time
	report  chaosv1.ReportReply
	changed chan struct{} // closed and replaced at every change
}

// execution is one attempt that runs.
type execution struct {
	calls  *calls
	call   *call
	record *chaosv1.Execution
}

// find returns the call of an id. The caller holds the mutex.
func (c *calls) find(id string) *call {
	k := c.byID[id]
	if k == nil {
		k = &call{first: time.Now(), changed: make(chan struct{})}
		c.byID[id] = k
	}
	return k
}

// begin counts an attempt and completes its record. An empty id is a call of its own.
func (c *calls) begin(id string, record *chaosv1.Execution) *execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &call{changed: make(chan struct{})}
	if id != "" {
		k = c.find(id)
	}
	if k.report.Started == 0 {
		k.first = time.Now()
	}
	k.report.Started++
	record.Attempt = k.report.Started
	record.StartedUs = time.Since(k.first).Microseconds()
	k.report.Executions = append(k.report.Executions, record)
	k.change()
	return &execution{c, k, record}
}

func (e *execution) end(ending chaosv1.Ending, code int32, received uint32) {
	e.calls.mu.Lock()
	defer e.calls.mu.Unlock()
	e.record.Ending, e.record.Code, e.record.Received = ending, code, received
	e.record.EndedUs = max(1, time.Since(e.call.first).Microseconds()) // 0 means running
	e.call.report.Ended++
	e.call.change()
}

func (k *call) change() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// waitForStarted returns once so many attempts of the call have begun, or with the context's error.
func (e *execution) waitForStarted(ctx context.Context, n uint32) error {
	for {
		e.calls.mu.Lock()
		started, changed := e.call.report.Started, e.call.changed
		e.calls.mu.Unlock()
		if started >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wait returns a copy of what is known of a call id, once enough attempts have begun and ended, or the context's error.
func (c *calls) wait(ctx context.Context, id string, started, ended uint32) (*chaosv1.ReportReply, error) {
	for {
		report, changed := c.look(id, started, ended)
		if report != nil {
			return report, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *calls) look(id string, started, ended uint32) (*chaosv1.ReportReply, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.find(id)
	if k.report.Started < started || k.report.Ended < ended {
		return nil, k.changed
	}
	return proto.Clone(&k.report).(*chaosv1.ReportReply), nil
}
