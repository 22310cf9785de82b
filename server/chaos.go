package server

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// chaos serves hedgerow.chaos.v1.Chaos. The four kinds of call differ only in what happens between the beginning and the end of an
// attempt.
type chaos struct {
	chaosv1.UnimplementedChaosServer
	calls *script.Calls
}

func (c *chaos) Do(ctx context.Context, r *chaosv1.Request) (reply *chaosv1.Reply, err error) {
	err = c.play(ctx, r, func(a *attempt) error {
		reply = a.Reply(r.GetPayload())
		// The reply is held until grpc-go has sent it, which is the end of the exchange.
		if !a.exchange.hold(int64(len(reply.GetPayload()))) {
			reply = nil
			return errNoRoom
		}
		return nil
	})
	return reply, err
}

func (c *chaos) Stream(r *chaosv1.Request, stream grpc.ServerStreamingServer[chaosv1.Reply]) error {
	return c.play(stream.Context(), r, func(a *attempt) error {
		for range a.Step.GetMessages() {
			if err := a.send(stream, r.GetPayload()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *chaos) Collect(stream grpc.ClientStreamingServer[chaosv1.Request, chaosv1.Reply]) error {
	first, err := stream.Recv()
	if err != nil {
		return noScript(err)
	}
	var reply *chaosv1.Reply
	err = c.play(stream.Context(), first, func(a *attempt) error {
		var joined []byte
		err := a.Each(first, stream.Recv, func(r *chaosv1.Request) error {
			if a.Step.GetMessageSize() > 0 {
				return nil // The reply's payload will be a pattern, not what was received.
			}
			if len(joined)+len(r.GetPayload()) > script.MaxMessage {
				return errNoRoom
			}
			joined = append(joined, r.GetPayload()...)
			return nil
		})
		reply = a.Reply(joined)
		return err
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(reply)
}

func (c *chaos) Converse(stream grpc.BidiStreamingServer[chaosv1.Request, chaosv1.Reply]) error {
	first, err := stream.Recv()
	if err != nil {
		return noScript(err)
	}
	return c.play(stream.Context(), first, func(a *attempt) error {
		return a.Each(first, stream.Recv, func(r *chaosv1.Request) error { return a.send(stream, r.GetPayload()) })
	})
}

func (c *chaos) Report(ctx context.Context, r *chaosv1.ReportRequest) (*chaosv1.ReportReply, error) {
	if r.GetCallId() == "" {
		return nil, status.Error(invalid, "call_id is empty; give the call_id of the requests to report on")
	}
	if err := script.CheckCallID(r.GetCallId()); err != nil {
		return nil, status.Error(invalid, err.Error())
	}
	report, err := c.calls.Report(ctx, r.GetCallId(), r.GetWaitForStarted(), r.GetWaitForEnded())
	if err != nil {
		return nil, status.FromContextError(err).Err()
	}
	return report, nil
}

// play runs one attempt: it finds the step, plays what comes before the messages, the messages, and what comes after them, and
// records how the attempt ended.
func (c *chaos) play(ctx context.Context, r *chaosv1.Request, messages func(*attempt) error) error {
	if isUnread(r) {
		return status.Errorf(invalid, "the request without its payload is longer than %d bytes", script.MaxScript)
	}
	if err := script.Check(r); err != nil {
		return status.Error(invalid, err.Error())
	}
	method, _ := grpc.Method(ctx)
	exchange := exchangeOf(ctx)
	a := &attempt{Attempt: c.calls.Begin(ctx, method, exchange.header, r), ctx: ctx, exchange: exchange}
	err := a.open()
	if err == nil {
		err = messages(a)
	}
	if err == nil {
		err = a.close()
	}
	if gone := a.Gone(err); gone != nil {
		return status.FromContextError(gone).Err()
	}
	a.Ended(a.code(err))
	return err
}

// invalid is the status code of requests whose script the server refuses.
const invalid = codes.InvalidArgument

// errNoRoom is the status of a call that would cost more than it may.
var errNoRoom = status.Error(codes.ResourceExhausted, "the call needs more memory than this server has left for it; "+
	"try a smaller message_size or payload, or fewer calls at once")

// noScript returns the error of a request stream that failed, or ended, before its first message.
func noScript(err error) error {
	if errors.Is(err, io.EOF) {
		return status.Error(invalid, "the request stream has no message; the first one carries the script")
	}
	return err
}
