package grpcconn

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// rpcError is a status of the channel's that reads as one of grpc-go's.
type rpcError struct {
	status *status.Status
	grpc   *grpcstatus.Status
}

func failure(st *status.Status) error {
	p := new(spb.Status)
	if proto.Unmarshal(st.Details, p) != nil {
		p = new(spb.Status) // not what it should be; code and message are there all the same
	}
	p.Code, p.Message = int32(st.Code), st.Message
	return &rpcError{st, grpcstatus.FromProto(p)}
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

func marshal(m any) ([]byte, error) {
	message := messageOf(m)
	if message == nil {
		return nil, grpcstatus.Errorf(codes.Internal, "cannot marshal a %T: give a proto.Message", m)
	}
	b, err := proto.Marshal(message)
	if err != nil {
		return nil, grpcstatus.Errorf(codes.Internal, "cannot marshal the %T: %v", m, err)
	}
	return b, nil
}

func unmarshal(b []byte, m any) error {
	message := messageOf(m)
	if message == nil {
		return grpcstatus.Errorf(codes.Internal, "cannot unmarshal into a %T: give a proto.Message", m)
	}
	if err := proto.Unmarshal(b, message); err != nil {
		return grpcstatus.Errorf(codes.Internal, "cannot unmarshal the response into a %T: %v", m, err)
	}
	return nil
}

// messageOf is a message of either of protobuf's two Go APIs; nil: it is none.
func messageOf(m any) proto.Message {
	switch m := m.(type) {
	case protoadapt.MessageV2:
		return m
	case protoadapt.MessageV1:
		return protoadapt.MessageV2Of(m)
	}
	return nil
}
