package dynamic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// The methods of reflection, in the order in which they are tried. Both have the same messages.
var reflectionMethods = []string{
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}

// The numbers of fields of reflection's messages (grpc/reflection/v1/reflection.proto). They are read by number because the generated
// package links grpc-go.
const (
	fileByFilename       = 3 // of a request
	fileContainingSymbol = 4
	listServices         = 7

	fileDescriptors = 4 // of a response
	serviceList     = 6
	errorResponse   = 7
)

// Reflect makes a client that knows what the server tells of itself by reflection: version v1, or else v1alpha. Each question is a call
// of its own with one message, so it works over every transport. The options are those of these calls.
func Reflect(ctx context.Context, ch *grpcweb.Channel, opts ...grpcweb.CallOption) (*Client, error) {
	r := &reflection{channel: ch, opts: append(slices.Clone(opts), grpcweb.WithWholeRequest()), files: map[string]*descriptorpb.FileDescriptorProto{}}
	services, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		if err := r.learn(ctx, fileContainingSymbol, service); err != nil {
			return nil, fmt.Errorf("dynamic: the server does not describe its service %s: %w", service, err)
		}
	}
	files, err := r.complete(ctx)
	if err != nil {
		return nil, err
	}
	c := &Client{channel: ch, files: files, services: services}
	c.finish()
	return c, nil
}

// reflection asks a server.
type reflection struct {
	channel *grpcweb.Channel
	opts    []grpcweb.CallOption
	method  string // the version that the server has
	files   map[string]*descriptorpb.FileDescriptorProto
}

// list returns the names of the services, and finds out which version of reflection the server has.
func (r *reflection) list(ctx context.Context) ([]string, error) {
	var err error
	for _, r.method = range reflectionMethods {
		var answer []byte
		answer, err = r.ask(ctx, listServices, "")
		if status.CodeOf(err) == status.Unimplemented {
			continue
		}
		if err != nil {
			return nil, err
		}
		var services []string
		for _, list := range fieldsOf(answer, serviceList) {
			for _, service := range fieldsOf(list, 1) {
				for _, name := range fieldsOf(service, 1) {
					services = append(services, string(name))
				}
			}
		}
		return services, nil
	}
	return nil, fmt.Errorf("dynamic: the server has no reflection (grpc-go: reflection.Register). Use FromSet instead: %w", err)
}

// learn asks for a file, and keeps all files of the answer.
func (r *reflection) learn(ctx context.Context, by protowire.Number, name string) error {
	answer, err := r.ask(ctx, by, name)
	if err != nil {
		return err
	}
	for _, list := range fieldsOf(answer, fileDescriptors) {
		for _, data := range fieldsOf(list, 1) {
			file := new(descriptorpb.FileDescriptorProto)
			if err := proto.Unmarshal(data, file); err != nil {
				return fmt.Errorf("the server's description of %s cannot be read: %w", name, err)
			}
			r.files[file.GetName()] = file
		}
	}
	return nil
}

// complete asks for the files that others import, until all are there. Files of protobuf's own that the server does not have come from
// this program.
func (r *reflection) complete(ctx context.Context) (*protoregistry.Files, error) {
	for missing := r.missing(); len(missing) > 0; missing = r.missing() {
		for _, name := range missing {
			err := r.learn(ctx, fileByFilename, name)
			if own, found := protoregistry.GlobalFiles.FindFileByPath(name); r.files[name] == nil && found == nil && strings.HasPrefix(name, "google/protobuf/") {
				r.files[name], err = protodesc.ToFileDescriptorProto(own), nil
			}
			if err != nil {
				return nil, fmt.Errorf("dynamic: the server does not describe %s, which its other files import: %w", name, err)
			}
			if r.files[name] == nil {
				return nil, fmt.Errorf("dynamic: the server was asked for the file %s and described another one", name)
			}
		}
	}
	set := new(descriptorpb.FileDescriptorSet)
	for _, file := range r.files {
		set.File = append(set.File, file)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("dynamic: what the server describes does not fit together: %w", err)
	}
	return files, nil
}

// missing returns the files that others import and that are not there yet, sorted.
func (r *reflection) missing() []string {
	var missing []string
	for _, file := range r.files {
		for _, name := range file.GetDependency() {
			if r.files[name] == nil && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// ask makes one call with one question, and returns the answer.
func (r *reflection) ask(ctx context.Context, field protowire.Number, value string) ([]byte, error) {
	s, err := r.channel.NewStream(ctx, r.method, r.opts...)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	question := protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), value)
	if err := s.Send(question); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	answer, err := s.Recv()
	if errors.Is(err, io.EOF) {
		return nil, status.New(status.Internal, "reflection was asked, and answered nothing")
	}
	if err != nil {
		return nil, err
	}
	for _, failure := range fieldsOf(answer, errorResponse) {
		return nil, errorOf(failure)
	}
	return answer, nil
}

// errorOf returns the status in an error response.
func errorOf(failure []byte) error {
	st := status.New(status.Unknown, "")
	for _, message := range fieldsOf(failure, 2) {
		st.Message = string(message)
	}
	for len(failure) > 0 {
		number, kind, n := protowire.ConsumeTag(failure)
		if n < 0 {
			break
		}
		if number == 1 && kind == protowire.VarintType {
			if code, m := protowire.ConsumeVarint(failure[n:]); m > 0 && code <= uint64(status.MaxCode) {
				st.Code = status.Code(code)
			}
			break
		}
		m := protowire.ConsumeFieldValue(number, kind, failure[n:])
		if m < 0 {
			break
		}
		failure = failure[n+m:]
	}
	return st
}

// fieldsOf returns the values of a field of bytes, strings or messages. It stops at what is no protobuf.
func fieldsOf(message []byte, number protowire.Number) [][]byte {
	var values [][]byte
	for len(message) > 0 {
		found, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return values
		}
		m := protowire.ConsumeFieldValue(found, kind, message[n:])
		if m < 0 {
			return values
		}
		if found == number && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n:])
			values = append(values, value)
		}
		message = message[n+m:]
	}
	return values
}
