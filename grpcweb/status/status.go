// Package status says how a call ended: the code, the server's message and
// details, the metadata, and the history of the attempts that were made.
//
// A *Status is the one error type of a call that failed:
//
//	if st, ok := status.FromError(err); ok && st.Code == status.Unavailable {
//		log.Print(st.Message, st.CommitReason, len(st.Attempts))
//	}
package status

import (
	"errors"
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// Status is how a call, or one attempt of it, ended.
type Status struct {
	Code    Code
	Message string // the server's grpc-message unchanged, or a sentence of the client's own
	// RawCode is the number of a grpc-status that is none of gRPC's codes, above 16, as
	// some applications send it: Code is Unknown then. 0: there is none.
	RawCode int
	Details []byte // the google.rpc.Status of grpc-status-details-bin; nil: none

	// Header is the committed attempt's header metadata. It is empty for a
	// Trailers-Only answer, whose metadata is all in Trailer.
	Header  metadata.MD
	Trailer metadata.MD

	Attempts     []AttemptRecord // in the order in which they began; empty on an attempt's own status
	CommitReason CommitReason    // why no further attempt was made

	// Cause is the error behind a status that the client made itself: the
	// network's, or the context's. Nil for a status that came from a server.
	Cause error
}

// New is a status of the client's own making.
func New(code Code, message string) *Status { return &Status{Code: code, Message: message} }

// Error is the code's name, the message and, after several attempts, their number.
func (s *Status) Error() string {
	text := s.Code.String()
	if s.Message != "" {
		text += ": " + s.Message
	}
	if n := len(s.Attempts); n > 1 {
		text += " (after " + strconv.Itoa(n) + " attempts)"
	}
	return text
}

// Unwrap is the cause, so that errors.Is(err, context.Canceled) and the like work.
func (s *Status) Unwrap() error { return s.Cause }

// FromError finds the status in an error or in what it wraps.
func FromError(err error) (*Status, bool) {
	var s *Status
	ok := errors.As(err, &s)
	return s, ok
}

// CodeOf is the code of an error: OK for nil, Unknown for one that is no status.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	if s, ok := FromError(err); ok {
		return s.Code
	}
	return Unknown
}
