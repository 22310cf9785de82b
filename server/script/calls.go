package script

import (
	"container/list"
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// maxExecutions is how many attempts of one call id are recorded; later ones are only counted. For all ids together, at most maxKept
// are recorded.
const (
	maxExecutions = 1000
	maxKept       = 100_000
)

// Calls counts the attempts of each call id. It is bounded: the least recently used call id is forgotten first. It is safe for
// concurrent use.
type Calls struct {
	// Begun, if it is set, is called for each attempt before anything else happens to it, also from several goroutines at once. Set it
	// before the first attempt.
	Begun func(callID, previousAttempts string)

	mu     sync.Mutex
	limit  int
	kept   int                      // how many executions the calls in byID have together
	byID   map[string]*list.Element // the elements are *call
	recent list.List                // of *call, with the one that was used last at the front
}

// call is what the server knows of one call id. The mutex of Calls guards it.
type call struct {
	id      string
	first   time.Time
	report  chaosv1.ReportReply
	changed chan struct{} // closed and replaced at every change
}

// execution is an attempt that runs. It lives on if its call id is forgotten.
type execution struct {
	calls  *Calls
	call   *call
	record *chaosv1.Execution
}

// NewCalls makes a Calls that remembers at most so many call ids.
func NewCalls(limit int) *Calls {
	return &Calls{limit: limit, byID: map[string]*list.Element{}}
}

// begin counts an attempt and completes its record. With an empty id, the attempt is the only one of its call.
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

// find returns the call of an id, and makes one if the id is new. The caller holds the mutex.
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

// forget drops the least recently used calls until the limits are kept, but never the one that was used last. The caller holds the
// mutex.
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

// end records how an attempt ended.
func (e *execution) end(ending chaosv1.Ending, code int32, received uint32) {
	e.calls.mu.Lock()
	defer e.calls.mu.Unlock()
	e.record.Ending, e.record.Code, e.record.Received = ending, code, received
	e.record.EndedUs = max(1, time.Since(e.call.first).Microseconds()) // 0 would mean that it still runs.
	e.call.report.Ended++
	e.call.change()
}

// waitForStarted returns when n attempts of the call have begun, or with the context's error.
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

// Report returns a copy of the report on a call id when enough attempts have begun and ended, or the context's error.
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
