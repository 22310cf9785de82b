package grpcwebtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Request is a request that came to a Server. Its methods are safe for concurrent use, except Next.
type Request struct {
	Method   string      // "/package.Service/Method"
	Attempt  int         // grpc-previous-rpc-attempts + 1
	Metadata metadata.MD // what the client sent, without the fields of the protocol; values of -bin names are raw bytes
	Began    time.Time

	body   transport.Body
	frames wire.FrameReader
	chunk  []byte // what has been read of the body
	at     int    // up to where the chunk has been taken apart

	guard    *sync.Mutex
	messages [][]byte
	ended    time.Time
	aborted  bool
}

// Timeout returns the grpc-timeout of the request, and whether it has one.
func (r *Request) Timeout() (timeout time.Duration, ok bool) {
	ns, ok := wire.ParseTimeout(r.Metadata.Get("grpc-timeout"))
	return time.Duration(ns), ok
}

// Messages returns the messages that have been read of the request, which are serialized protobuf.
func (r *Request) Messages() [][]byte {
	r.guard.Lock()
	defer r.guard.Unlock()
	return append([][]byte(nil), r.messages...)
}

// Aborted reports whether the client gave the request up before its response was complete: because the call was canceled, its deadline
// passed, or another attempt won.
func (r *Request) Aborted() bool {
	r.guard.Lock()
	defer r.guard.Unlock()
	return r.aborted
}

// Ended returns when the exchange ended, or the zero Time if it has not.
func (r *Request) Ended() time.Time {
	r.guard.Lock()
	defer r.guard.Unlock()
	return r.ended
}

// String names the request and its attempt.
func (r *Request) String() string {
	return fmt.Sprintf("attempt %d of a call to %s", r.Attempt, r.Method)
}

// Next waits for the next message of the request. At the end of the request its error is io.EOF. Only one goroutine may call it, and
// only within the functions of Do and Converse.
func (r *Request) Next(ctx context.Context) ([]byte, error) {
	var message []byte
	for {
		f, next, ok := r.frames.Next(r.chunk, r.at)
		r.at = next
		if !ok {
			chunk, err := r.body.Next(ctx)
			if err != nil {
				if errors.Is(err, io.EOF) && r.frames.Inside() {
					err = io.ErrUnexpectedEOF
				}
				return nil, err
			}
			r.chunk, r.at = chunk, 0
			continue
		}
		message = append(message, r.chunk[f.Offset:f.Offset+f.Length]...)
		if !f.Last {
			continue
		}
		if f.Flags&wire.FlagCompressed != 0 {
			plain, err := inflate(message)
			if err != nil {
				return nil, err
			}
			message = plain
		}
		r.guard.Lock()
		defer r.guard.Unlock()
		r.messages = append(r.messages, message)
		return message, nil
	}
}

func inflate(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// whole reads the request to its end.
func (r *Request) whole(ctx context.Context) error {
	for {
		if _, err := r.Next(ctx); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// end notes that the exchange is over.
func (r *Request) end(aborted bool) {
	_ = r.body.Close()
	r.guard.Lock()
	defer r.guard.Unlock()
	if r.ended.IsZero() {
		r.ended, r.aborted = time.Now(), aborted
	}
}

// answer plays a step.
func (r *Request) answer(ctx context.Context, s Step) (*transport.Response, error) {
	response, err := r.head(ctx, s)
	if err != nil {
		r.end(ctx.Err() != nil)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &transport.Error{Progress: transport.Processed, Err: err}
	}
	return response, nil
}

func (r *Request) head(ctx context.Context, s Step) (*transport.Response, error) {
	if s.kind == function {
		s = r.ask(ctx, s)
	} else if s.kind != conversation {
		if err := r.whole(ctx); err != nil {
			return nil, err
		}
	}
	if err := wait(ctx, s.wait); err != nil {
		return nil, err
	}
	s.wait = 0
	switch s.kind {
	case hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case networkError:
		return nil, s.err
	case httpError:
		return &transport.Response{Status: s.http, Header: metadata.New("content-type", "text/html"), Body: r.respond(ctx, s)}, nil
	case failure:
		header := onWire(s.header)
		for name, value := range s.statusFields().All() {
			header.Append(name, wire.FieldText(name, value))
		}
		return &transport.Response{Status: 200, Header: header, Body: r.respond(ctx, s)}, nil
	default:
		return &transport.Response{Status: 200, Header: onWire(s.header), Body: r.respond(ctx, s)}, nil
	}
}

// ask returns the step that a function returns for the request.
func (r *Request) ask(ctx context.Context, s Step) Step {
	told := s.do(ctx, r)
	problem := told.check()
	if told.kind == function {
		problem = "is a function again: call it, and return its step"
	}
	if problem != "" {
		return Fail(status.Internal).WithMessage(fmt.Sprintf("grpcwebtest: the step that a function returned for %s %s", r, problem))
	}
	return told.After(s.wait)
}

// onWire returns the header of a response with this metadata.
func onWire(md metadata.MD) metadata.MD {
	header := metadata.New("content-type", "application/grpc-web+proto")
	for name, value := range md.All() {
		header.Append(name, wire.FieldText(name, value))
	}
	return header
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
