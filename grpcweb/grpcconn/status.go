package grpcconn

import (
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"

	"github.com/hedgerow-web/hedgerow/grpcweb/grpcerror"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// failure is a status of the channel's as an error that reads as one of grpc-go's.
func failure(st *status.Status) error { return grpcerror.New(st) }

// marshal serializes a message. nil is the empty message, as in grpc-go.
func marshal(m any) ([]byte, error) {
	if m == nil {
		return nil, nil
	}
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
