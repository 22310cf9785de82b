package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/hedgerow-web/hedgerow/conformance/proto/connectrpc/conformance/v1"
	"github.com/hedgerow-web/hedgerow/grpcweb"
)

// oneCase is the call of one case of the suite.
type oneCase struct {
	*conformancev1.ClientCompatRequest
	channel *grpcweb.Channel
	cancel  context.CancelFunc
	outcome outcome
}

// answer makes the call that a case asks for, and reports how it ended.
func answer(r *conformancev1.ClientCompatRequest) *conformancev1.ClientCompatResponse {
	response := &conformancev1.ClientCompatResponse{TestName: r.GetTestName()}
	result, err := run(r)
	if err != nil { // This is not how a call ended: the case could not be carried out.
		response.Result = &conformancev1.ClientCompatResponse_Error{Error: &conformancev1.ClientErrorResult{Message: err.Error()}}
	} else {
		response.Result = &conformancev1.ClientCompatResponse_Response{Response: result}
	}
	return response
}

// patience is how long a case may take. The suite gives up on all cases when it hears
// nothing for 20 seconds, so that without this limit one case that hangs could not be
// told from those that wait behind it.
const patience = 10 * time.Second

func run(r *conformancev1.ClientCompatRequest) (*conformancev1.ClientResponseResult, error) {
	scheme := "http"
	if len(r.GetServerTlsCert()) > 0 {
		scheme = "https"
	}
	opts, err := options(r)
	if err != nil {
		return nil, err
	}
	baseURL := fmt.Sprintf("%s://%s:%d", scheme, r.GetHost(), r.GetPort())
	channel, err := grpcweb.NewChannel(network, baseURL, opts...)
	if err != nil {
		return nil, err
	}
	defer channel.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.TimeoutMs != nil {
		ctx, cancel = context.WithTimeout(ctx, milliseconds(r.GetTimeoutMs()))
		defer cancel()
	}
	c := &oneCase{ClientCompatRequest: r, channel: channel, cancel: cancel}
	late := time.AfterFunc(patience, cancel)
	if err := c.outcome.end(c.call(ctx)); err != nil {
		return nil, err
	}
	if !late.Stop() {
		return nil, fmt.Errorf("the call did not end within %v", patience)
	}
	return c.outcome.result()
}

func options(r *conformancev1.ClientCompatRequest) ([]grpcweb.Option, error) {
	md, err := metadataOf(r.GetRequestHeaders())
	opts := []grpcweb.Option{grpcweb.WithMetadata(md)}
	if r.GetCompression() == conformancev1.Compression_COMPRESSION_GZIP {
		opts = append(opts, grpcweb.WithSendCompression(grpcweb.Gzip), grpcweb.WithAcceptCompression(grpcweb.Gzip))
	}
	if limit := r.GetMessageReceiveLimit(); limit > 0 {
		opts = append(opts, grpcweb.WithMaxReceiveMessageBytes(int64(limit)))
	}
	return opts, err
}

func (c *oneCase) call(ctx context.Context) error {
	method := "/" + c.GetService() + "/" + c.GetMethod()
	switch c.GetStreamType() {
	case conformancev1.StreamType_STREAM_TYPE_UNARY:
		return c.unary(ctx, method)
	case conformancev1.StreamType_STREAM_TYPE_SERVER_STREAM:
		return c.stream(ctx, method, grpcweb.WithWholeRequest())
	case conformancev1.StreamType_STREAM_TYPE_CLIENT_STREAM:
		err := c.stream(ctx, method, grpcweb.WithSingleResponse())
		if err != nil { // The message came before the status that makes it invalid.
			c.outcome.payloads = nil
		}
		return err
	default:
		return c.stream(ctx, method)
	}
}

func (c *oneCase) unary(ctx context.Context, method string) error {
	if len(c.GetRequestMessages()) != 1 {
		return errors.New("a unary case must have exactly one request message")
	}
	c.sent()
	res, err := c.channel.Unary(ctx, method, c.GetRequestMessages()[0].GetValue())
	if err != nil {
		return err
	}
	c.outcome.header, c.outcome.trailer = res.Header, res.Trailer
	return c.received(res.Message)
}

func (c *oneCase) stream(ctx context.Context, method string, opts ...grpcweb.CallOption) error {
	stream, err := c.channel.NewStream(ctx, method, opts...)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := c.send(stream); err != nil {
		return err
	}
	for {
		if err := c.receive(stream); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	c.outcome.trailer = stream.Trailer()
	c.outcome.header, err = stream.Header()
	return err
}

// send sends the messages. A full-duplex call receives one message after each. If the
// call ends meanwhile, send returns nil, because receive reports the status.
func (c *oneCase) send(stream *grpcweb.Stream) error {
	for _, message := range c.GetRequestMessages() {
		time.Sleep(milliseconds(c.GetRequestDelayMs()))
		if stream.Send(message.GetValue()) != nil {
			return nil
		}
		if c.GetStreamType() == conformancev1.StreamType_STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM {
			if err := c.receive(stream); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
		}
	}
	if _, instead := c.GetCancel().GetCancelTiming().(*conformancev1.ClientCompatRequest_Cancel_BeforeCloseSend); instead {
		c.cancel()
		return nil
	}
	if stream.CloseSend() == nil {
		c.sent()
	}
	return nil
}

// sent is called when the request is complete, or will be at once. It cancels the call
// later, if the case asks for that.
func (c *oneCase) sent() {
	if timing, ok := c.GetCancel().GetCancelTiming().(*conformancev1.ClientCompatRequest_Cancel_AfterCloseSendMs); ok {
		time.AfterFunc(milliseconds(timing.AfterCloseSendMs), c.cancel)
	}
}

func (c *oneCase) receive(stream *grpcweb.Stream) error {
	message, err := stream.Recv()
	if err != nil {
		return err
	}
	return c.received(message)
}

func (c *oneCase) received(message []byte) error {
	response := &conformancev1.UnaryResponse{} // The responses of all methods have this one field.
	if err := proto.Unmarshal(message, response); err != nil {
		return err
	}
	payload := response.GetPayload()
	if payload == nil {
		payload = &conformancev1.ConformancePayload{}
	}
	c.outcome.payloads = append(c.outcome.payloads, payload)
	timing, ok := c.GetCancel().GetCancelTiming().(*conformancev1.ClientCompatRequest_Cancel_AfterNumResponses)
	if ok && int(timing.AfterNumResponses) == len(c.outcome.payloads) {
		c.cancel()
	}
	return nil
}

func milliseconds(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }
