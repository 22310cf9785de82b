package protocall

import (
	"context"

	"github.com/hedgerow-web/hedgerow/grpcweb"
)

// Unary sends one message and waits for the one that answers it. The method is a path:
// "/package.Service/Method". The error is a *status.Status.
//
// Only the type of the response has to be given:
//
//	res, err := protocall.Unary[pb.HelloReply](ctx, client, method, &pb.HelloRequest{})
func Unary[Res, Req any](ctx context.Context, c *Client, method string, message *Req, opts ...grpcweb.CallOption) (*Response[Res], error) {
	data, err := c.marshal(message)
	if err != nil {
		return nil, err
	}
	answer, err := c.channel.Unary(ctx, method, data, opts...)
	if err != nil {
		return nil, err
	}
	res := &Response[Res]{
		Message: new(Res), Header: answer.Header, Trailer: answer.Trailer,
		Attempts: answer.Attempts, CommitReason: answer.CommitReason,
	}
	if err := c.codec.Unmarshal(answer.Message, res.Message); err != nil {
		st := unreadable(err)
		st.Header, st.Trailer, st.Attempts, st.CommitReason = res.Header, res.Trailer, res.Attempts, res.CommitReason
		return nil, st
	}
	return res, nil
}
