// Package status says how a call ended: the code, the server's message and details, the
// metadata, and the history of the attempts that were made.
//
// The error of a call that failed is always a *Status:
//
//	if st, ok := status.FromError(err); ok && st.Code == status.Unavailable {
//		log.Print(st.Message, st.CommitReason, len(st.Attempts))
//	}
package status

import (
	"errors"

	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// Status is how a call, or one attempt of it, ended.
type Status struct {
	Code    Code
	Message string // the server's grpc-message, unchanged, or a text of the client's own
	// RawCode is the grpc-status if it is a number above 16, which is not one of gRPC's
	// codes but which some applications send. Code is Unknown then. Otherwise it is 0.
	RawCode int
	Details []byte // the google.rpc.Status of grpc-status-details-bin; nil if there is none

	// Header is the committed attempt's header metadata. It is empty after a
	// Trailers-Only response, whose metadata is in Trailer.
	Header  metadata.MD
	Trailer metadata.MD

	Attempts     []AttemptRecord // in the order in which they began
	CommitReason CommitReason    // why no further attempt was made

	// Cause is the error behind a status that the client made itself, such as the
	// network's or the context's. It is nil if the status came from a server.
	Cause error
}

// New makes a status without a cause, metadata or history.
func New(code Code, message string) *Status { return &Status{Code: code, Message: message} }

// Error returns the code's name, the message and, after several attempts, how many there
// were.
func (s *Status) Error() string {
	said := s.Code.String()
	if s.Message != "" {
		said += ": " + s.Message
	}
	if n := len(s.Attempts); n > 1 {
		said += " (after " + text.Decimal(n) + " attempts)"
	}
	return said
}

// Unwrap returns the cause, so that errors.Is(err, context.Canceled) and the like work.
func (s *Status) Unwrap() error { return s.Cause }

var as func(s *Status, target any) bool

// SetAs is for package grpcerror, which tells errors.As how a status can be read as another type of error. It is to be called from an
// init function.
func SetAs(f func(s *Status, target any) bool) { as = f }

// As lets errors.As find other types in a status, if package grpcerror is linked.
func (s *Status) As(target any) bool { return as != nil && as(s, target) }

// FromError finds a status in an error or in what it wraps.
func FromError(err error) (*Status, bool) {
	var s *Status
	ok := errors.As(err, &s)
	return s, ok
}

// CodeOf returns the code of an error: OK for nil, Unknown for an error that is not a
// status.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	if s, ok := FromError(err); ok {
		return s.Code
	}
	return Unknown
}
