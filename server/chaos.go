package server

import (
	"context"
	"errors"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// chaos serves hedgerow.chaos.v1.Chaos. The four kinds of call differ only in what happens between the begin and the end of an
// attempt.
type chaos struct {
	chaosv1.UnimplementedChaosServer
	calls *calls
}

func (c *chaos) Do(ctx context.Context, r *chaosv1.Request) (reply *chaosv1.Reply, err error) {
	err = c.play(ctx, r, func(a *attempt) error {
		reply = a.reply(r.GetPayload())
		if !a.exchange.hold(int64(len(reply.GetPayload()))) { // until grpc-go has sent it, which is the end of the exchange
			reply = nil
			return errNoRoom
		}
		return nil
	})
	return reply, err
}

func (c *chaos) Stream(r *chaosv1.Request, stream grpc.ServerStreamingServer[chaosv1.Reply]) error {
	return c.play(stream.Context(), r, func(a *attempt) error {
		for range a.step.GetMessages() {
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
		err := a.each(stream, first, func(r *chaosv1.Request) error {
			if a.step.GetMessageSize() > 0 {
				return nil // the reply holds something else
			}
			if len(joined)+len(r.GetPayload()) > maxMessage {
				return errNoRoom
			}
			joined = append(joined, r.GetPayload()...)
			return nil
		})
		reply = a.reply(joined)
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
		return a.each(stream, first, func(r *chaosv1.Request) error { return a.send(stream, r.GetPayload()) })
	})
}

func (c *chaos) Report(ctx context.Context, r *chaosv1.ReportRequest) (*chaosv1.ReportReply, error) {
	if r.GetCallId() == "" {
		return nil, status.Error(invalid, "call_id is empty; give the call_id of the requests to report on")
	}
	if err := checkCallID(r.GetCallId()); err != nil {
		return nil, status.Error(invalid, err.Error())
	}
	report, err := c.calls.wait(ctx, r.GetCallId(), r.GetWaitForStarted(), r.GetWaitForEnded())
	if err != nil {
		return nil, status.FromContextError(err).Err()
	}
	return report, nil
}

// play runs one attempt: it finds the step, does what comes before the messages, the messages, and what comes after, and
// records how it went.
func (c *chaos) play(ctx context.Context, r *chaosv1.Request, messages func(*attempt) error) error {
	if err := checkScript(r); err != nil {
		return status.Error(invalid, err.Error())
	}
	a := c.begin(ctx, r)
	err := a.open()
	if err == nil {
		err = messages(a)
	}
	if err == nil {
		err = a.close()
	}
	// What failed because the client left or its time ran out fails in many ways; the context tells them apart from the script.
	if gone := ctx.Err(); err != nil && gone != nil {
		err = status.FromContextError(gone).Err()
		a.execution.end(endings[gone], int32(status.Code(err)), a.received)
		return err
	}
	a.execution.end(chaosv1.Ending_ENDING_PLAYED, a.code(err), a.received)
	return err
}

var endings = map[error]chaosv1.Ending{
	context.Canceled:         chaosv1.Ending_ENDING_CANCELLED,
	context.DeadlineExceeded: chaosv1.Ending_ENDING_DEADLINE,
}

func (c *chaos) begin(ctx context.Context, r *chaosv1.Request) *attempt {
	method, _ := grpc.Method(ctx)
	a := &attempt{ctx: ctx, exchange: exchangeOf(ctx), received: 1}
	a.execution = c.calls.begin(r.GetCallId(), &chaosv1.Execution{
		Method:           method,
		PreviousAttempts: remembered(a.exchange.header.Get("Grpc-Previous-Rpc-Attempts")),
		Timeout:          remembered(a.exchange.header.Get("Grpc-Timeout")),
	})
	n := int(a.execution.record.GetAttempt())
	a.rand = newRand(r.GetSeed(), r.GetCallId(), uint32(n))
	if steps := r.GetSteps(); len(steps) > 0 {
		a.step = steps[min(n, len(steps))-1]
	}
	return a
}

// remembered is as much of a header's value as a report keeps.
func remembered(value string) string { return strings.Clone(value[:min(len(value), 100)]) }

// errNoRoom is the failure of a call that would cost more than it may.
var errNoRoom = status.Error(codes.ResourceExhausted, "the call needs more memory than this server has left for it; "+
	"try a smaller message_size or payload, or fewer calls at once")

// noScript is the failure of a request stream that ended before its first message.
func noScript(err error) error {
	if errors.Is(err, io.EOF) {
		return status.Error(invalid, "the request stream has no message; the first one carries the script")
	}
	return err
}

func cloneReport(r *chaosv1.ReportReply) *chaosv1.ReportReply {
	return proto.Clone(r).(*chaosv1.ReportReply)
}
