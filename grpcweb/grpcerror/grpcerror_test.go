package grpcerror_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hedgerow-web/hedgerow/grpcweb/grpcerror"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

func details(t *testing.T, code codes.Code, message string) []byte {
	t.Helper()
	detail, err := anypb.New(durationpb.New(7))
	if err != nil {
		t.Fatal(err)
	}
	b, err := proto.Marshal(&spb.Status{Code: int32(code), Message: message, Details: []*anypb.Any{detail}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The error comes from a channel, and the package was imported for its effect alone.
func TestChannelsErrors(t *testing.T) {
	server := grpcwebtest.NewServer(t).On("*", grpcwebtest.Fail(status.NotFound).WithMessage("gone").WithDetails(details(t, codes.NotFound, "gone")))
	_, err := server.Channel().Unary(t.Context(), "/a.B/C", nil)
	for _, err := range []error{err, fmt.Errorf("reading the page: %w", err)} {
		st, ok := grpcstatus.FromError(err)
		if !ok || st.Code() != codes.NotFound || len(st.Details()) != 1 || grpcstatus.Code(err) != codes.NotFound {
			t.Errorf("%v reads as %v, %v, with the details %v", err, st, ok, st.Details())
		}
		if own, ok := status.FromError(err); !ok || len(own.Attempts) != 1 {
			t.Errorf("%v is no longer the channel's own", err)
		}
	}
}

func TestErrorIsGrpcs(t *testing.T) {
	st := status.New(status.Aborted, "again")
	st.Cause = context.Canceled
	err := grpcerror.New(st)
	if !errors.Is(err, grpcstatus.Error(codes.Aborted, "again")) || errors.Is(err, grpcstatus.Error(codes.Aborted, "")) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not compare as grpc-go's errors do", err)
	}
	if err.Error() != grpcstatus.Error(codes.Aborted, "again").Error() {
		t.Errorf("reads %q", err)
	}
	st.Details = []byte{0xff}
	if got := grpcerror.Convert(st); got.Code() != codes.Aborted || got.Message() != "again" {
		t.Errorf("with details that are no message: %v", got)
	}
}

// Other targets of errors.As are not grpc-go's, and are left alone.
func TestOtherTargets(t *testing.T) {
	var timeout interface{ Timeout() bool }
	if errors.As(error(status.New(status.Aborted, "")), &timeout) {
		t.Error("a status is taken for something with a Timeout")
	}
}
