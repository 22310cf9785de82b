package script

import (
	"container/list"
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// maxExecutions is how many attempts of one call id are kept in full; later ones are only counted. All ids together keep at most
// maxKept.
const (
	maxExecutions = 1000
	maxKept       = 100_000
)

// Calls counts the attempts of each call id. It is bounded: the least recently used call id is forgotten first. Concurrent use is safe.
type Calls struct {
	mu     sync.Mutex
	limit  int
	kept   int                      // executions of all ids that are in byID
	byID   map[string]*list.Element // of *call
	recent list.List                // front: used last
}

// call is what is known of one call id. The mutex of Calls guards it.
type call struct {
	id      string
	first   time.Time
	report  chaosv1.ReportReply
	changed chan struct{} // closed and replaced at every change
}

// execution is one attempt that runs. It outlives its call id if that is forgotten.
type execution struct {
	calls  *Calls
	call   *call
	record *chaosv1.Execution
}

// NewCalls remembers so many call ids.
func NewCalls(limit int) *Calls {
	return &Calls{limit: limit, byID: map[string]*list.Element{}}
}

// begin counts an attempt and completes its record. An empty id is a call of its own.
func (c *Calls) begin(id string, record *chaosv1.Execution) *execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &call{changed: make(chan struct{})}
	if id != "" {
		k = c.find(id)
	}
	now := time.Now()
	if k.report.Started == 0 {
		k.first = now
	}
	k.report.Started++
	record.Attempt = k.report.Started
	record.StartedUs = now.Sub(k.first).Microseconds()
	if len(k.report.Executions) < maxExecutions {
		k.report.Executions = append(k.report.Executions, record)
		if id != "" {
			c.kept++
			c.forget()
		}
	}
	k.change()
	return &execution{calls: c, call: k, record: record}
}

// find returns the call of an id, a new one if it is not known. The caller holds the mutex.
func (c *Calls) find(id string) *call {
	if e := c.byID[id]; e != nil {
		c.recent.MoveToFront(e)
		return e.Value.(*call)
	}
	k := &call{id: id, changed: make(chan struct{})}
	c.byID[id] = c.recent.PushFront(k)
	c.forget()
	return k
}

// forget drops the calls that were used least recently, down to the limits; the last one used stays. The caller holds the mutex.
func (c *Calls) forget() {
	for c.recent.Len() > 1 && (c.recent.Len() > c.limit || c.kept > maxKept) {
		oldest := c.recent.Remove(c.recent.Back()).(*call)
		delete(c.byID, oldest.id)
		c.kept -= len(oldest.report.GetExecutions())
	}
}

func (k *call) change() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// end completes the record.
func (e *execution) end(ending chaosv1.Ending, code int32, received uint32) {
	e.calls.mu.Lock()
	defer e.calls.mu.Unlock()
	e.record.Ending, e.record.Code, e.record.Received = ending, code, received
	e.record.EndedUs = max(1, time.Since(e.call.first).Microseconds()) // 0 means running
	e.call.report.Ended++
	e.call.change()
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

// Report returns a copy of what is known of a call id, once enough attempts have begun and ended, or the context's error.
func (c *Calls) Report(ctx context.Context, id string, started, ended uint32) (*chaosv1.ReportReply, error) {
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

func (c *Calls) look(id string, started, ended uint32) (*chaosv1.ReportReply, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.find(id)
	if k.report.Started < started || k.report.Ended < ended {
		return nil, k.changed
	}
	return proto.Clone(&k.report).(*chaosv1.ReportReply), nil
}
