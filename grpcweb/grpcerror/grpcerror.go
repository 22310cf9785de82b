// Package grpcerror lets google.golang.org/grpc/status read the errors of a channel. A program imports it for that effect alone:
//
//	import _ "github.com/hedgerow-web/hedgerow/grpcweb/grpcerror"
//
// Then status.Code, status.Convert and status.FromError of grpc-go find the code, the message and the details in an error of
// grpcweb.Channel or grpcweb.Stream, also in one that wraps it; without the import, they find UNKNOWN. The errors stay what they are,
// *status.Status of package grpcweb/status. It is a package of its own because it links protobuf, which programs that count kilobytes
// leave out. Package grpcconn imports it.
package grpcerror

import (
	"reflect"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// New returns an error that is grpc-go's in all respects: its text, its status, and errors.Is by code, message and details. It wraps
// the channel's own status. Package grpcconn returns such errors.
func New(st *status.Status) error {
	return &rpcError{status: st, grpc: Convert(st)}
}

// Convert returns a channel's status as one of grpc-go's.
func Convert(st *status.Status) *grpcstatus.Status {
	p := new(spb.Status)
	if proto.Unmarshal(st.Details, p) != nil {
		p = new(spb.Status) // The details are not what they should be; code and message are there all the same.
	}
	p.Code, p.Message = int32(st.Code), st.Message
	return grpcstatus.FromProto(p)
}

// rpcError is a channel's status that reads as one of grpc-go's.
type rpcError struct {
	status *status.Status
	grpc   *grpcstatus.Status
}

func (e *rpcError) Error() string { return e.grpc.String() }

// GRPCStatus is what package google.golang.org/grpc/status looks for.
func (e *rpcError) GRPCStatus() *grpcstatus.Status { return e.grpc }

// Unwrap is the channel's own status, and behind it the cause.
func (e *rpcError) Unwrap() error { return e.status }

// Is compares as grpc-go's own errors do, by code, message and details.
func (e *rpcError) Is(target error) bool {
	of, ok := target.(interface{ GRPCStatus() *grpcstatus.Status })
	return ok && proto.Equal(e.grpc.Proto(), of.GRPCStatus().Proto())
}

func init() { status.SetAs(as) }

// as sets the target of errors.As, if it is a pointer to an interface with the method GRPCStatus that an rpcError has. The type of
// that interface is private to grpc-go, so only reflection can set it.
func as(st *status.Status, target any) bool {
	to := reflect.ValueOf(target).Elem()
	if to.Kind() != reflect.Interface || !reflect.TypeFor[*rpcError]().Implements(to.Type()) {
		return false
	}
	if _, ok := to.Type().MethodByName("GRPCStatus"); !ok {
		return false
	}
	to.Set(reflect.ValueOf(New(st)))
	return true
}
