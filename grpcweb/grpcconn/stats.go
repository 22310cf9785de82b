package grpcconn

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcmetadata "google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// callStats tells stats handlers of one call. The handlers are called with its mutex held, so that they are told of one attempt in
// order; they must not wait for the call.
type callStats struct {
	handlers []stats.Handler
	method   string
	desc     *grpc.StreamDesc
	failFast bool

	mu       sync.Mutex
	attempts []*attemptStats
	sent     []*stats.OutPayload // the messages of the request, which every attempt sends
	received []*stats.InPayload  // what came before it was known which attempt the call was committed to
	header   grpcmetadata.MD     // of the response, until the handlers have been told
	failed   *failedAttempt      // an attempt that ended just now, and whose status may yet be the call's
	over     bool
	stop     func() bool // stops waiting for the end of the stream's context
}

// attemptStats is what the handlers know of one attempt.
type attemptStats struct {
	ctx       context.Context // the handlers' own
	number    int
	begin     time.Time
	committed bool
	headed    bool
	ended     bool
}

// failedAttempt is how an attempt ended.
type failedAttempt struct {
	attempt *attemptStats
	err     error
}

// begin tells of an attempt that begins, and returns the metadata that it sends.
func (s *callStats) begin(ctx context.Context, number int) (metadata.MD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || ctx.Err() != nil { // The attempt was aborted before it began.
		return metadata.MD{}, context.Cause(ctx)
	}
	again := slices.ContainsFunc(s.attempts, func(a *attemptStats) bool { return a.number == number })
	for _, h := range s.handlers {
		ctx = h.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: s.method, FailFast: s.failFast})
	}
	a := &attemptStats{ctx: ctx, number: number, begin: time.Now()}
	s.attempts = append(s.attempts, a)
	header, _ := grpcmetadata.FromOutgoingContext(ctx)
	s.tell(a, &stats.Begin{
		Client: true, BeginTime: a.begin, FailFast: s.failFast, IsTransparentRetryAttempt: again,
		IsClientStream: s.desc.ClientStreams, IsServerStream: s.desc.ServerStreams,
	})
	s.tell(a, &stats.OutHeader{Client: true, Header: header, FullMethod: s.method})
	for _, m := range s.sent {
		s.tell(a, m)
	}
	return outgoing(header), nil
}

func (s *callStats) tell(a *attemptStats, what stats.RPCStats) {
	for _, h := range s.handlers {
		h.HandleRPC(a.ctx, what)
	}
}

// send tells all attempts of a message of the request. Attempts that begin later will be told.
func (s *callStats) send(m any, length int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	payload := &stats.OutPayload{Client: true, Payload: m, Length: length, CompressedLength: length, WireLength: length + 5, SentTime: time.Now()}
	s.sent = append(s.sent, payload)
	for _, a := range s.attempts {
		if !a.ended {
			s.tell(a, payload)
		}
	}
}

// receive tells of a message of the response, and of the header before the first.
func (s *callStats) receive(header grpcmetadata.MD, m any, length int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header = header
	s.received = append(s.received, &stats.InPayload{
		Client: true, Payload: m, Length: length, CompressedLength: length, WireLength: length + 5, RecvTime: time.Now(),
	})
	if a := s.committed(); a != nil {
		s.respond(a)
	}
}

func (s *callStats) committed() *attemptStats {
	for _, a := range s.attempts {
		if a.committed {
			return a
		}
	}
	return nil
}

// respond tells of what has come of the response.
func (s *callStats) respond(a *attemptStats) {
	if a.ended {
		return
	}
	if !a.headed && s.header != nil {
		a.headed = true
		s.tell(a, &stats.InHeader{Client: true, Header: s.header, FullMethod: s.method})
	}
	for _, m := range s.received {
		s.tell(a, m)
	}
	s.received = nil
}

// end tells of an attempt that has ended.
func (s *callStats) end(a *attemptStats, trailer grpcmetadata.MD, err error) {
	if a.ended {
		return
	}
	a.ended = true
	s.tell(a, &stats.End{Client: true, BeginTime: a.begin, EndTime: time.Now(), Trailer: trailer, Error: err})
}

// observe follows the attempts by the channel's events.
func (s *callStats) observe(ctx context.Context, e grpcweb.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := s.failed
	s.failed = nil
	switch e.Type {
	case grpcweb.EventCommitted:
		if a := s.latest(e.Attempt); a != nil {
			a.committed = true
			s.respond(a)
		}
	case grpcweb.EventAttemptEnded:
		if a := s.latest(e.Attempt); a != nil {
			s.failed = &failedAttempt{a, errorOf(e)}
		}
	case grpcweb.EventCallEnded:
		defer s.callEnded(ctx, e)
	}
	// The end of the attempt that the call is committed to is told when the application has read the response. If a failure is the
	// call's status, the event of the commit follows that of the attempt's end.
	if failed != nil && !failed.attempt.committed {
		s.end(failed.attempt, nil, failed.err)
	}
}

// callEnded tells of the end of a stream that nobody will read to its end. Of other ends, the methods that read tell.
func (s *callStats) callEnded(ctx context.Context, e grpcweb.Event) {
	if s.over || !s.desc.ClientStreams && !s.desc.ServerStreams {
		return
	}
	err := grpcstatus.Error(codes.Code(e.Code), e.Message)
	if e.Code == status.Canceled || e.Code == status.DeadlineExceeded {
		s.finishLocked(nil, nil, err) // What was not read of the response is dropped.
		return
	}
	// The application may never read to the end. Then it must end the context, as grpc-go requires.
	s.stop = context.AfterFunc(ctx, func() { s.finish(nil, nil, err) })
}

// latest returns the last attempt of this number, because a transparent restart repeats it.
func (s *callStats) latest(number int) *attemptStats {
	for _, a := range slices.Backward(s.attempts) {
		if a.number == number {
			return a
		}
	}
	return nil
}

func errorOf(e grpcweb.Event) error {
	if e.Code == status.NoCode {
		return grpcstatus.Error(codes.Canceled, "the attempt was aborted")
	}
	return grpcstatus.Error(codes.Code(e.Code), e.Message)
}

// finish tells of the end of the call, with the response's metadata as far as there is any.
func (s *callStats) finish(header, trailer grpcmetadata.MD, err error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finishLocked(header, trailer, err)
}

func (s *callStats) finishLocked(header, trailer grpcmetadata.MD, err error) {
	if s.over {
		return
	}
	s.over = true
	if s.stop != nil {
		s.stop()
	}
	if len(header) > 0 {
		s.header = header
	}
	for _, a := range s.attempts {
		if a.committed && !a.ended {
			s.respond(a)
			if trailer != nil {
				s.tell(a, &stats.InTrailer{Client: true, Trailer: trailer})
			}
			s.end(a, trailer, err)
		}
	}
	for _, a := range s.attempts { // Whatever is left lost to the committed one, or ends with the call.
		s.end(a, nil, err)
	}
}
