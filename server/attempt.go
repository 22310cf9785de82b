package server

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// attempt is one request as the server handles it. It plays one step of the script.
type attempt struct {
	*script.Attempt
	ctx      context.Context
	exchange *exchange
	sent     bool // headers or messages were sent
}

// open plays the part of the step that comes before the messages.
func (a *attempt) open() error {
	if err := a.Sleep(a.Step.GetDelay()); err != nil {
		return err
	}
	if err := a.compress(a.Step.GetEncoding()); err != nil {
		return err
	}
	header := toMD(a.Step.GetHeader())
	if a.Step.GetEarlyHeader() {
		a.sent = true
		return grpc.SendHeader(a.ctx, header)
	}
	return grpc.SetHeader(a.ctx, header)
}

// compress sets the compression of the replies. It does not use grpc.SetSendCompressor, which knows what a client accepts only on
// connections that grpc-go itself serves.
func (a *attempt) compress(encoding string) error {
	if encoding == "" {
		return nil
	}
	stream := grpc.ServerTransportStreamFromContext(a.ctx).(interface{ SetSendCompress(string) error })
	return stream.SetSendCompress(encoding)
}

type sender interface {
	Send(*chaosv1.Reply) error
}

func (a *attempt) send(stream sender, payload []byte) error {
	if err := a.Sleep(a.Step.GetMessageDelay()); err != nil {
		return err
	}
	n := a.Size(payload)
	if !a.exchange.memory.take(n) {
		return errNoRoom
	}
	defer a.exchange.memory.give(n)
	a.sent = true
	return stream.Send(a.Reply(payload))
}

// close plays the part of the step that comes after the messages. Its error is the status with which the call ends.
func (a *attempt) close() error {
	trailer := toMD(a.Step.GetTrailer())
	trailer.Append("grpc-retry-pushback-ms", a.Step.GetPushback()...)
	if err := grpc.SetTrailer(a.ctx, trailer); err != nil {
		return err
	}
	if err := a.BeforeEnd(); err != nil {
		return err
	}
	switch end := a.Step.GetEnd().(type) {
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
		return a.Hang()
	}
	return nil
}

// errBroken is what the handler returns when its script breaks the exchange. The client never sees it, because what grpc-go writes
// after that is discarded.
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

// code returns the status code that the report has for an attempt which was played to its end.
func (a *attempt) code(err error) int32 {
	if errors.Is(err, errBroken) {
		return 0
	}
	return int32(status.Code(err))
}

// toError makes an error of a status. It is nil for code 0.
func toError(s *chaosv1.Status) error {
	return status.ErrorProto(&statuspb.Status{Code: s.GetCode(), Message: s.GetMessage(), Details: s.GetDetails()})
}

func toMD(list []*chaosv1.Metadata) metadata.MD {
	md := metadata.MD{}
	for _, m := range list {
		value := m.GetValue()
		if strings.HasSuffix(strings.ToLower(m.GetName()), "-bin") {
			value = string(m.GetBinary()) // grpc-go encodes it in base64.
		}
		md.Append(m.GetName(), value)
	}
	return md
}
