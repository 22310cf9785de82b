package grpcconn

import (
	"context"
	"io"

	"google.golang.org/grpc"
	grpcmetadata "google.golang.org/grpc/metadata"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// stream is a grpc.ClientStream, with grpc-go's habits: SendMsg says io.EOF of a
// call that is over, and RecvMsg how it ended.
type stream struct {
	ctx      context.Context
	desc     *grpc.StreamDesc
	stream   *grpcweb.Stream
	settings *settings
}

// Header waits for the header. There is none, and no error, of a call that ended
// without: RecvMsg says how.
func (s *stream) Header() (grpcmetadata.MD, error) {
	md, err := s.stream.Header()
	if err != nil {
		return nil, nil
	}
	return received(md), nil
}

func (s *stream) Trailer() grpcmetadata.MD { return received(s.stream.Trailer()) }

func (s *stream) Context() context.Context { return s.ctx }

// CloseSend never fails, as in grpc-go: RecvMsg says how the call ended.
func (s *stream) CloseSend() error {
	_ = s.stream.CloseSend()
	return nil
}

// SendMsg returns when grpcweb's Send does.
func (s *stream) SendMsg(m any) error {
	message, err := s.settings.marshal(m)
	if err != nil {
		_ = s.stream.Close()
		return err
	}
	err = s.stream.Send(message)
	st, failed := status.FromError(err)
	switch {
	case err == nil:
		s.settings.sent(m, message)
		return nil
	case failed && (st.CommitReason == status.ReasonNone || st.CommitReason == status.ReasonInternal):
		return failure(st) // made on this side: a mistake of the caller's, or a message over its limit
	case !s.desc.ClientStreams:
		return nil
	}
	return io.EOF
}

func (s *stream) RecvMsg(m any) error {
	message, err := s.stream.Recv()
	if err != nil {
		return s.ended(err)
	}
	if err := unmarshal(message, m); err != nil {
		_ = s.stream.Close()
		return s.ended(err)
	}
	if s.settings.stats != nil {
		header, _ := s.stream.Header() // It is there, because a message is.
		s.settings.received(header, m, message)
	}
	if s.desc.ServerStreams {
		return nil
	}
	// The one message counts only if the call has ended well.
	if _, err = s.stream.Recv(); err == io.EOF {
		_ = s.ended(err)
		return nil
	}
	return s.ended(err)
}

// ended gives what was asked for at the end of the call, and converts its error. io.EOF is the end of a call that ended well.
func (s *stream) ended(err error) error {
	header, _ := s.stream.Header()
	if st, ok := err.(*status.Status); ok {
		err = failure(st)
	}
	told := err
	if err == io.EOF {
		told = nil
	}
	s.settings.ended(header, s.stream.Trailer(), told)
	return err
}
