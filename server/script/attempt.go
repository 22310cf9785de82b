package script

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// Attempt is one request as the server handles it. It plays one step of the script.
type Attempt struct {
	Step *chaosv1.Step // nil means to succeed at once

	ctx       context.Context
	header    http.Header // of the request
	execution *execution
	rand      *rand.Rand
	received  uint32 // how many request messages were read
	index     uint32 // how many replies were made
}

// Begin counts the attempt that a request is, and finds its step. ctx must end when the client leaves or its time runs out.
func (c *Calls) Begin(ctx context.Context, method string, header http.Header, r *chaosv1.Request) *Attempt {
	a := &Attempt{ctx: ctx, header: header, received: 1}
	if c.Begun != nil {
		c.Begun(r.GetCallId(), remembered(header.Get("Grpc-Previous-Rpc-Attempts")))
	}
	a.execution = c.begin(r.GetCallId(), &chaosv1.Execution{
		Method:           method,
		PreviousAttempts: remembered(header.Get("Grpc-Previous-Rpc-Attempts")),
		Timeout:          remembered(header.Get("Grpc-Timeout")),
	})
	n := a.execution.record.GetAttempt()
	a.rand = newRand(r.GetSeed(), r.GetCallId(), n)
	if steps := r.GetSteps(); len(steps) > 0 {
		a.Step = steps[min(int(n), len(steps))-1]
	}
	return a
}

// remembered returns the part of a header's value that a report keeps.
func remembered(value string) string { return strings.Clone(value[:min(len(value), 100)]) }

// Sleep waits as long as a delay says. If the context ends first, it returns the context's error at once.
func (a *Attempt) Sleep(d *chaosv1.Delay) error { return sleep(a.ctx, draw(d, a.rand)) }

// Each calls do with the request messages, the first one included, up to the number in the step.
func (a *Attempt) Each(first *chaosv1.Request, receive func() (*chaosv1.Request, error), do func(*chaosv1.Request) error) error {
	limited, limit := a.Step != nil && a.Step.Messages != nil, a.Step.GetMessages()
	for r := first; !limited || limit > 0; {
		if err := do(r); err != nil {
			return err
		}
		if limited && a.received >= limit {
			return nil
		}
		next, err := receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r = next
		a.received++
	}
	return nil
}

// Size returns the length of the payload of the reply that Reply makes.
func (a *Attempt) Size(payload []byte) int64 {
	if n := a.Step.GetMessageSize(); n > 0 {
		return int64(n)
	}
	return int64(len(payload))
}

// Reply makes the next reply. It has this payload, unless the step sets message_size.
func (a *Attempt) Reply(payload []byte) *chaosv1.Reply {
	a.index++
	if n := a.Step.GetMessageSize(); n > 0 {
		payload = Pattern(int(n))
	}
	reply := &chaosv1.Reply{
		Attempt:  a.execution.record.GetAttempt(),
		Index:    a.index,
		Payload:  payload,
		Received: a.received,
	}
	if a.index == 1 {
		reply.RequestHeader = listed(a.header)
	}
	return reply
}

// BeforeEnd waits as the step asks between the messages and the end: end_delay, then wait_for_started.
func (a *Attempt) BeforeEnd() error {
	if err := a.Sleep(a.Step.GetEndDelay()); err != nil {
		return err
	}
	return a.execution.waitForStarted(a.ctx, a.Step.GetWaitForStarted())
}

// Hang waits until the client leaves or its time runs out, and returns the context's error.
func (a *Attempt) Hang() error {
	<-a.ctx.Done()
	return a.ctx.Err()
}

// Ended records that an attempt came to the end of its step, and with which status code.
func (a *Attempt) Ended(code int32) {
	a.execution.end(chaosv1.Ending_ENDING_PLAYED, code, a.received)
}

// Gone returns the context's error, and records it as the attempt's end, if err came of a client that left or whose time ran out. Else
// it returns nil. Calls of such clients fail with errors of many kinds; the context tells them from what the script asks for.
func (a *Attempt) Gone(err error) error {
	gone := a.ctx.Err()
	switch {
	case err == nil || gone == nil:
		return nil
	case errors.Is(gone, context.DeadlineExceeded):
		a.execution.end(chaosv1.Ending_ENDING_DEADLINE, deadlineExceeded, a.received)
	default:
		a.execution.end(chaosv1.Ending_ENDING_CANCELLED, canceled, a.received)
	}
	return gone
}

// These are status codes of gRPC.
const (
	canceled         = 1
	deadlineExceeded = 4
)

func listed(h http.Header) []*chaosv1.Metadata {
	var list []*chaosv1.Metadata
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			list = append(list, &chaosv1.Metadata{Name: strings.ToLower(name), Value: value})
		}
	}
	return list
}

// Pattern returns n bytes of which each differs from its neighbours, so that a test notices a client that joins chunks wrongly.
func Pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i % 251) // 251 is prime, so the pattern is never in step with a chunk size.
	}
	return p
}
