package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"

	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// replies is how many messages LotsOfReplies answers with.
const replies = 5

type greeter struct {
	helloworld.UnimplementedGreeterServer
}

func (greeter) SayHello(_ context.Context, r *helloworld.HelloRequest) (*helloworld.HelloReply, error) {
	return hello(r.GetName()), nil
}

func (greeter) LotsOfReplies(r *helloworld.HelloRequest, stream grpc.ServerStreamingServer[helloworld.HelloReply]) error {
	for i := range replies {
		if err := stream.Send(hello(fmt.Sprintf("%s, %d of %d", r.GetName(), i+1, replies))); err != nil {
			return err
		}
	}
	return nil
}

func (greeter) LotsOfGreetings(stream grpc.ClientStreamingServer[helloworld.HelloRequest, helloworld.HelloReply]) error {
	var names strings.Builder
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(hello(names.String()))
		}
		if err != nil {
			return err
		}
		if names.Len()+len(r.GetName()) > script.MaxMessage/2 {
			return errNoRoom
		}
		if names.Len() > 0 {
			names.WriteString(", ")
		}
		names.WriteString(r.GetName())
	}
}

func (greeter) BidiHello(stream grpc.BidiStreamingServer[helloworld.HelloRequest, helloworld.HelloReply]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(hello(r.GetName())); err != nil {
			return err
		}
	}
}

func hello(name string) *helloworld.HelloReply {
	return &helloworld.HelloReply{Message: "Hello " + name}
}
