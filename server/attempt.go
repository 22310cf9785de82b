package server

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// attempt plays one step.
type attempt struct {
	ctx       context.Context
	exchange  *exchange
	execution *execution
	step      *chaosv1.Step // nil: succeed at once
	rand      *rand.Rand
	received  uint32 // request messages read
	index     uint32 // replies made
	sent      bool   // headers or messages are on their way
}

// open does what comes before the messages.
func (a *attempt) open() error {
	if err := a.sleep(a.step.GetDelay()); err != nil {
		return err
	}
	if err := a.compress(a.step.GetEncoding()); err != nil {
		return err
	}
	header := toMD(a.step.GetHeader())
	if a.step.GetEarlyHeader() {
		a.sent = true
		return grpc.SendHeader(a.ctx, header)
	}
	return grpc.SetHeader(a.ctx, header)
}

// compress goes past grpc.SetSendCompressor, which knows what a client accepts only where grpc-go owns the connection.
func (a *attempt) compress(encoding string) error {
	if encoding == "" {
		return nil
	}
	stream := grpc.ServerTransportStreamFromContext(a.ctx).(interface{ SetSendCompress(string) error })
	return stream.SetSendCompress(encoding)
}

type receiver interface {
	Recv() (*chaosv1.Request, error)
}

type sender interface {
	Send(*chaosv1.Reply) error
}

// each calls do with the request messages, the first one included, as many as the step wants.
func (a *attempt) each(stream receiver, r *chaosv1.Request, do func(*chaosv1.Request) error) error {
	limited, limit := a.step != nil && a.step.Messages != nil, a.step.GetMessages()
	for !limited || limit > 0 {
		if err := do(r); err != nil {
			return err
		}
		if limited && a.received >= limit {
			return nil
		}
		next, err := stream.Recv()
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

func (a *attempt) send(stream sender, payload []byte) error {
	if err := a.sleep(a.step.GetMessageDelay()); err != nil {
		return err
	}
	n := int64(len(payload))
	if size := a.step.GetMessageSize(); size > 0 {
		n = int64(size)
	}
	if !a.exchange.memory.take(n) {
		return errNoRoom
	}
	defer a.exchange.memory.give(n)
	a.sent = true
	return stream.Send(a.reply(payload))
}

func (a *attempt) reply(payload []byte) *chaosv1.Reply {
	a.index++
	if n := a.step.GetMessageSize(); n > 0 {
		payload = pattern(int(n))
	}
	reply := &chaosv1.Reply{
		Attempt:  a.execution.record.GetAttempt(),
		Index:    a.index,
		Payload:  payload,
		Received: a.received,
	}
	if a.index == 1 {
		reply.RequestHeader = fromHeader(a.exchange.header)
	}
	return reply
}

// close does what comes after the messages. Its error is the status the call ends with.
func (a *attempt) close() error {
	trailer := toMD(a.step.GetTrailer())
	trailer.Append("grpc-retry-pushback-ms", a.step.GetPushback()...)
	if err := grpc.SetTrailer(a.ctx, trailer); err != nil {
		return err
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
		return a.breakWith(fault{cut: end.Cut})
	case *chaosv1.Step_Raw:
		if a.sent {
			return status.Error(invalid, "a raw end is the whole answer, but headers or messages were sent before; remove early_header and messages")
		}
		return a.breakWith(fault{raw: end.Raw})
	case *chaosv1.Step_Hang:
		<-a.ctx.Done()
		return a.ctx.Err()
	}
	return nil
}

// errBroken ends the handler of an exchange that breaks; grpc-go's report of it goes nowhere.
var errBroken = status.Error(codes.Internal, "the exchange is broken by its script")

func (a *attempt) breakWith(f fault) error {
	if f.cut.GetPartialBytes() > 0 && !a.sent {
		a.sent = true
		if err := grpc.SendHeader(a.ctx, nil); err != nil {
			return err
		}
	}
	a.exchange.breakWith(f, a.sent)
	return errBroken
}

// code is what the report says of an attempt that was played to its end.
func (a *attempt) code(err error) int32 {
	if errors.Is(err, errBroken) {
		return 0
	}
	return int32(status.Code(err))
}

func (a *attempt) sleep(d *chaosv1.Delay) error {
	return sleep(a.ctx, draw(d, a.rand))
}

// toError is nil for code 0.
func toError(s *chaosv1.Status) error {
	return status.ErrorProto(&statuspb.Status{Code: s.GetCode(), Message: s.GetMessage(), Details: s.GetDetails()})
}

func toMD(list []*chaosv1.Metadata) metadata.MD {
	md := metadata.MD{}
	for _, m := range list {
		value := m.GetValue()
		if strings.HasSuffix(strings.ToLower(m.GetName()), "-bin") {
			value = string(m.GetBinary()) // grpc-go encodes it
		}
		md.Append(m.GetName(), value)
	}
	return md
}

func fromHeader(h http.Header) []*chaosv1.Metadata {
	var list []*chaosv1.Metadata
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			list = append(list, &chaosv1.Metadata{Name: strings.ToLower(name), Value: value})
		}
	}
	return list
}

// pattern is n bytes that differ from their neighbours, so that a client that joins chunks wrongly is caught.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i % 251) // prime: never in step with a chunk size
	}
	return p
}
