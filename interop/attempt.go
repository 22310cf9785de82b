package interop

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// attempt plays one step.
type attempt struct {
	ctx       context.Context
	info      connect.CallInfo
	execution *execution
	step      *chaosv1.Step // nil: succeed at once
	received  uint32        // request messages read
	index     uint32        // replies made
}

// checkStep refuses what only package server plays, so that a slip in a test fails loudly.
func checkStep(kind connect.StreamType, s *chaosv1.Step) error {
	switch {
	case s.GetEncoding() != "" || s.GetRaw() != nil || s.GetCut().GetPartialBytes() > 0:
		return errors.New("encoding, raw and cut.partial_bytes are beyond connect-go's handlers")
	case s.GetEarlyHeader() && kind != connect.StreamTypeServer:
		return errors.New("early_header is for Stream: connect-go sends the header of one answer together with it")
	}
	return nil
}

// open does what comes before the messages.
func (a *attempt) open() error {
	merge(a.info.ResponseHeader(), a.step.GetHeader())
	return a.sleep(a.step.GetDelay())
}

// each calls do with the request messages, the first one included, as many as the step wants.
func (a *attempt) each(receive func() (*chaosv1.Request, error), r *chaosv1.Request, do func(*chaosv1.Request) error) error {
	limited, limit := a.step != nil && a.step.Messages != nil, a.step.GetMessages()
	for !limited || limit > 0 {
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

type sender interface {
	Send(*chaosv1.Reply) error
}

func (a *attempt) send(stream sender, payload []byte) error {
	if err := a.sleep(a.step.GetMessageDelay()); err != nil {
		return err
	}
	return stream.Send(a.reply(payload))
}

func (a *attempt) reply(payload []byte) *chaosv1.Reply {
	a.index++
	if n := a.step.GetMessageSize(); n > 0 {
		payload = make([]byte, n)
	}
	reply := &chaosv1.Reply{
		Attempt:  a.execution.record.GetAttempt(),
		Index:    a.index,
		Payload:  payload,
		Received: a.received,
	}
	if a.index == 1 {
		reply.RequestHeader = list(a.info.RequestHeader())
	}
	return reply
}

// close does what comes after the messages. Its error is the status the call ends with.
func (a *attempt) close() error {
	trailer := a.info.ResponseTrailer()
	merge(trailer, a.step.GetTrailer())
	for _, value := range a.step.GetPushback() {
		trailer.Add("Grpc-Retry-Pushback-Ms", value)
	}
	if err := a.sleep(a.step.GetEndDelay()); err != nil {
		return err
	}
	if err := a.execution.waitForStarted(a.ctx, a.step.GetWaitForStarted()); err != nil {
		return err
	}
	switch end := a.step.GetEnd().(type) {
	case *chaosv1.Step_Status:
		return toError(end.Status)
	case *chaosv1.Step_Cut:
		a.execution.end(chaosv1.Ending_ENDING_PLAYED, 0, a.received)
		panic(http.ErrAbortHandler) // net/http's own way to break a connection: no ending, no log entry
	case *chaosv1.Step_Hang:
		<-a.ctx.Done()
		return a.ctx.Err()
	}
	return nil
}

// record ends the attempt's record. What failed because the client left or its time ran out fails in many ways; the context tells
// them apart from the script.
func (a *attempt) record(err error) error {
	switch gone := a.ctx.Err(); {
	case err == nil:
		a.execution.end(chaosv1.Ending_ENDING_PLAYED, 0, a.received)
	case gone == nil:
		a.execution.end(chaosv1.Ending_ENDING_PLAYED, int32(connect.CodeOf(err)), a.received)
	case errors.Is(gone, context.DeadlineExceeded):
		a.execution.end(chaosv1.Ending_ENDING_DEADLINE, int32(connect.CodeDeadlineExceeded), a.received)
		return contextError(gone)
	default:
		a.execution.end(chaosv1.Ending_ENDING_CANCELLED, int32(connect.CodeCanceled), a.received)
		return contextError(gone)
	}
	return err
}

// sleep waits for a fixed delay, or less when the context ends first; it then returns the context's error.
func (a *attempt) sleep(d *chaosv1.Delay) error {
	select {
	case <-time.After(time.Duration(d.GetFixedMs()) * time.Millisecond):
		return nil
	case <-a.ctx.Done():
		return a.ctx.Err()
	}
}

// toError is nil for code 0.
func toError(s *chaosv1.Status) error {
	if s.GetCode() == 0 {
		return nil
	}
	err := connect.NewError(connect.Code(s.GetCode()), errors.New(s.GetMessage()))
	for _, detail := range s.GetDetails() {
		d, problem := connect.NewErrorDetail(detail)
		if problem != nil {
			return problem
		}
		err.AddDetail(d)
	}
	return err
}

func merge(into http.Header, from []*chaosv1.Metadata) {
	for _, m := range from {
		value := m.GetValue()
		if strings.HasSuffix(m.GetName(), "-bin") {
			value = connect.EncodeBinaryHeader(m.GetBinary())
		}
		into.Add(m.GetName(), value)
	}
}

func list(h http.Header) []*chaosv1.Metadata {
	var all []*chaosv1.Metadata
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			all = append(all, &chaosv1.Metadata{Name: strings.ToLower(name), Value: value})
		}
	}
	return all
}
