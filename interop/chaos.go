package interop

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// chaos serves hedgerow.chaos.v1.Chaos. The four kinds of call differ only in what happens between the beginning and the end of an
// attempt.
type chaos struct{ calls *script.Calls }

func (c *chaos) do(ctx context.Context, r *connect.Request[chaosv1.Request]) (*connect.Response[chaosv1.Reply], error) {
	var reply *chaosv1.Reply
	err := c.play(ctx, r.Msg, func(a *attempt) error {
		reply = a.Reply(r.Msg.GetPayload())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(reply), nil
}

func (c *chaos) stream(ctx context.Context, r *connect.Request[chaosv1.Request], stream *connect.ServerStream[chaosv1.Reply]) error {
	return c.play(ctx, r.Msg, func(a *attempt) error {
		if a.Step.GetEarlyHeader() {
			if err := stream.Send(nil); err != nil { // This sends only the header.
				return err
			}
		}
		for range a.Step.GetMessages() {
			if err := a.send(stream, r.Msg.GetPayload()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *chaos) collect(ctx context.Context, stream *connect.ClientStream[chaosv1.Request]) (*connect.Response[chaosv1.Reply], error) {
	receive := func() (*chaosv1.Request, error) {
		if stream.Receive() {
			return stream.Msg(), nil
		}
		if err := stream.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	first, err := receive()
	if err != nil {
		return nil, noScript(err)
	}
	var reply *chaosv1.Reply
	err = c.play(ctx, first, func(a *attempt) error {
		var joined []byte
		err := a.Each(first, receive, func(r *chaosv1.Request) error {
			joined = append(joined, r.GetPayload()...)
			return nil
		})
		reply = a.Reply(joined)
		return err
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(reply), nil
}

func (c *chaos) converse(ctx context.Context, stream *connect.BidiStream[chaosv1.Request, chaosv1.Reply]) error {
	first, err := stream.Receive()
	if err != nil {
		return noScript(err)
	}
	return c.play(ctx, first, func(a *attempt) error {
		return a.Each(first, stream.Receive, func(r *chaosv1.Request) error { return a.send(stream, r.GetPayload()) })
	})
}

func (c *chaos) report(ctx context.Context, r *connect.Request[chaosv1.ReportRequest]) (*connect.Response[chaosv1.ReportReply], error) {
	report, err := c.calls.Report(ctx, r.Msg.GetCallId(), r.Msg.GetWaitForStarted(), r.Msg.GetWaitForEnded())
	if err != nil {
		return nil, contextError(err)
	}
	return connect.NewResponse(report), nil
}

// play runs one attempt and records how it ended.
func (c *chaos) play(ctx context.Context, r *chaosv1.Request, messages func(*attempt) error) error {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return errors.New("the context is not that of a connect-go handler")
	}
	if err := checkScript(info.Spec().StreamType, r); err != nil {
		return connect.NewError(connect.CodeInvalidArgument, err)
	}
	a := &attempt{c.calls.Begin(ctx, info.Spec().Procedure, info.RequestHeader(), r), info}
	err := a.open()
	if err == nil {
		err = messages(a)
	}
	if err == nil {
		err = a.close()
	}
	switch gone := a.Gone(err); {
	case gone != nil:
		return contextError(gone)
	case err != nil:
		a.Ended(int32(connect.CodeOf(err)))
	default:
		a.Ended(0)
	}
	return err
}

func contextError(err error) error {
	code := connect.CodeCanceled
	if errors.Is(err, context.DeadlineExceeded) {
		code = connect.CodeDeadlineExceeded
	}
	return connect.NewError(code, err)
}

// noScript returns the error of a request stream that failed, or ended, before its first message.
func noScript(err error) error {
	if errors.Is(err, io.EOF) {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("the request stream has no message; the first one carries the script"))
	}
	return err
}
