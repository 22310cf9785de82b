// Package dynamic calls any method of a server without generated code: JSON goes in, and JSON comes out. What messages look like is
// learned from the server by reflection, or from a FileDescriptorSet, which buf and protoc write.
//
//	client, err := dynamic.Reflect(ctx, channel)
//	if err != nil {
//		return err
//	}
//	response, err := client.Unary(ctx, "helloworld.Greeter/SayHello", []byte(`{"name": "Ada"}`))
//	fmt.Println(string(response.Message)) // {"message":"Hello Ada"}
//
// Retries, hedging, limits and call options are those of the channel. JSON is protobuf's own mapping (package protojson).
package dynamic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Client calls methods over a channel. It is safe for concurrent use, and has nothing to close but the channel.
type Client struct {
	// Marshal says how responses are written, and Unmarshal how requests are read. Set them before the first call. Their resolver is
	// the client's own if it is not set. Default: the zero options, which write no field that is unset, and refuse unknown fields.
	Marshal   protojson.MarshalOptions
	Unmarshal protojson.UnmarshalOptions

	channel  *grpcweb.Channel
	files    *protoregistry.Files
	services []string
}

// New makes a client that knows the services in files.
func New(ch *grpcweb.Channel, files *protoregistry.Files) *Client {
	c := &Client{channel: ch, files: files}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			c.services = append(c.services, string(f.Services().Get(i).FullName()))
		}
		return true
	})
	c.finish()
	return c
}

// finish completes the client when its services are known.
func (c *Client) finish() {
	slices.Sort(c.services)
	types := dynamicpb.NewTypes(c.files)
	c.Marshal.Resolver, c.Unmarshal.Resolver = types, types
}

// FromSet makes a client that knows the services in a serialized FileDescriptorSet, as buf build and protoc --descriptor_set_out
// --include_imports write it.
func FromSet(ch *grpcweb.Channel, set []byte) (*Client, error) {
	var of descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(set, &of); err != nil {
		return nil, fmt.Errorf("dynamic: this is no FileDescriptorSet, which `buf build -o set.binpb` writes: %w", err)
	}
	files, err := protodesc.NewFiles(&of)
	if err != nil {
		return nil, fmt.Errorf("dynamic: the FileDescriptorSet is not complete (protoc needs --include_imports): %w", err)
	}
	return New(ch, files), nil
}

// Channel returns the channel that the calls run over.
func (c *Client) Channel() *grpcweb.Channel { return c.channel }

// Services returns the full names of the services, sorted: "helloworld.Greeter".
func (c *Client) Services() []string { return slices.Clone(c.services) }

// Service finds a service by its full name.
func (c *Client) Service(name string) (protoreflect.ServiceDescriptor, error) {
	found, err := c.Find(name)
	if err != nil {
		return nil, err
	}
	service, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("dynamic: %s is not a service; the services are %s", name, c.known())
	}
	return service, nil
}

// Method finds a method by its service and name, written "package.Service/Method" or "package.Service.Method", with or without a slash
// before it.
func (c *Client) Method(name string) (protoreflect.MethodDescriptor, error) {
	trimmed := strings.TrimPrefix(name, "/")
	i := strings.LastIndexAny(trimmed, "/.")
	if i < 1 || i == len(trimmed)-1 {
		return nil, fmt.Errorf(`dynamic: %q is not the name of a method: write it as "package.Service/Method"`, name)
	}
	service, err := c.Service(trimmed[:i])
	if err != nil {
		return nil, err
	}
	method := service.Methods().ByName(protoreflect.Name(trimmed[i+1:]))
	if method == nil {
		var names []string
		for i := range service.Methods().Len() {
			names = append(names, string(service.Methods().Get(i).Name()))
		}
		return nil, fmt.Errorf("dynamic: %s has no method %s; it has %s", service.FullName(), trimmed[i+1:], strings.Join(names, ", "))
	}
	return method, nil
}

// Find finds a service, message, enum or field by its full name.
func (c *Client) Find(name string) (protoreflect.Descriptor, error) {
	found, err := c.files.FindDescriptorByName(protoreflect.FullName(strings.TrimPrefix(name, ".")))
	if err != nil {
		return nil, fmt.Errorf("dynamic: nothing is named %s; the services are %s", name, c.known())
	}
	return found, nil
}

func (c *Client) known() string {
	if len(c.services) == 0 {
		return "none"
	}
	return strings.Join(c.services, ", ")
}

// Response is the answer to a unary call.
type Response struct {
	Message      []byte      // JSON
	Header       metadata.MD // of the attempt whose response this is
	Trailer      metadata.MD
	Attempts     []status.AttemptRecord // in the order in which they began
	CommitReason status.CommitReason    // why no further attempt was made
}

// Unary calls a method that takes one message and is answered with one. The method is written as for Method. The error of a call that
// failed is a *status.Status; that of a method or message that is not known, or of JSON that does not fit, is one with the code
// INTERNAL, and nothing is sent.
func (c *Client) Unary(ctx context.Context, method string, message []byte, opts ...grpcweb.CallOption) (*Response, error) {
	m, err := c.Method(method)
	if err == nil && (m.IsStreamingClient() || m.IsStreamingServer()) {
		err = fmt.Errorf("dynamic: %s streams: call it by NewStream", m.FullName())
	}
	if err != nil {
		return nil, mistake(err)
	}
	request, err := c.encode(m.Input(), message)
	if err != nil {
		return nil, mistake(err)
	}
	answer, err := c.channel.Unary(ctx, pathOf(m), request, opts...)
	if err != nil {
		return nil, err
	}
	text, err := c.decode(m.Output(), answer.Message)
	if err != nil {
		return nil, mistake(err)
	}
	return &Response{text, answer.Header, answer.Trailer, answer.Attempts, answer.CommitReason}, nil
}

// Stream is a call of any kind. It is used like a grpcweb.Stream, but its messages are JSON.
type Stream struct {
	*grpcweb.Stream
	client *Client
	method protoreflect.MethodDescriptor
}

// NewStream begins a call of any kind, also of a method that does not stream. After the last message, call CloseSend.
func (c *Client) NewStream(ctx context.Context, method string, opts ...grpcweb.CallOption) (*Stream, error) {
	m, err := c.Method(method)
	if err != nil {
		return nil, mistake(err)
	}
	if !m.IsStreamingClient() {
		opts = append(slices.Clone(opts), grpcweb.WithWholeRequest())
	}
	if !m.IsStreamingServer() {
		opts = append(slices.Clone(opts), grpcweb.WithSingleResponse())
	}
	s, err := c.channel.NewStream(ctx, pathOf(m), opts...)
	if err != nil {
		return nil, err
	}
	return &Stream{s, c, m}, nil
}

// Method returns the method that is called.
func (s *Stream) Method() protoreflect.MethodDescriptor { return s.method }

// Send sends a message, given as JSON. JSON that does not fit is an error with the code INTERNAL, and leaves the call as it was.
func (s *Stream) Send(message []byte) error {
	request, err := s.client.encode(s.method.Input(), message)
	if err != nil {
		return mistake(err)
	}
	return s.Stream.Send(request)
}

// Recv waits for the next message, as JSON. After the last, the error is io.EOF if the call ended well.
func (s *Stream) Recv() ([]byte, error) {
	message, err := s.Stream.Recv()
	if err != nil {
		return nil, err
	}
	text, err := s.client.decode(s.method.Output(), message)
	if err != nil {
		_ = s.Close()
		return nil, mistake(err)
	}
	return text, nil
}

// Call calls a method of any kind: it sends all messages, then hands each message of the response to a function, and returns when the
// call has ended. An error of the function ends the call. The metadata and the history are those of the stream that is returned.
func (c *Client) Call(ctx context.Context, method string, messages [][]byte, each func(message []byte) error, opts ...grpcweb.CallOption) (*Stream, error) {
	s, err := c.NewStream(ctx, method, opts...)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for _, m := range messages {
		if err := s.Send(m); errors.Is(err, io.EOF) {
			break // Recv says how the call ended.
		} else if err != nil {
			return s, err
		}
	}
	if err := s.CloseSend(); err != nil {
		return s, err
	}
	for {
		message, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err == nil {
			err = each(message)
		}
		if err != nil {
			return s, err
		}
	}
}

func (c *Client) encode(of protoreflect.MessageDescriptor, text []byte) ([]byte, error) {
	message := dynamicpb.NewMessage(of)
	if err := c.Unmarshal.Unmarshal(text, message); err != nil {
		return nil, fmt.Errorf("dynamic: the JSON is not a %s: %w", of.FullName(), err)
	}
	return proto.Marshal(message)
}

func (c *Client) decode(of protoreflect.MessageDescriptor, data []byte) ([]byte, error) {
	message := dynamicpb.NewMessage(of)
	if err := (proto.UnmarshalOptions{Resolver: dynamicpb.NewTypes(c.files)}).Unmarshal(data, message); err != nil {
		return nil, fmt.Errorf("dynamic: the response is not a %s: %w", of.FullName(), err)
	}
	return c.Marshal.Marshal(message)
}

func pathOf(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// mistake is the status of a call that cannot be made, or whose answer cannot be read.
func mistake(err error) error {
	return &status.Status{Code: status.Internal, Message: err.Error(), Cause: err}
}
