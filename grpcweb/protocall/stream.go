package protocall

import (
	"io"
	"iter"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// call is what all streams have. Its methods are those of grpcweb.Stream.
type call struct {
	client *Client
	stream *grpcweb.Stream
}

// Header waits for the header metadata of the response. If the call ends without a
// header, the error is its status.
func (c call) Header() (metadata.MD, error) { return c.stream.Header() }

// Trailer returns the trailer metadata. It is empty until the call has ended.
func (c call) Trailer() metadata.MD { return c.stream.Trailer() }

// Attempts returns the history of the attempts so far.
func (c call) Attempts() []status.AttemptRecord { return c.stream.Attempts() }

// CommitReason is why no further attempt is made; status.ReasonNone while there may be
// one.
func (c call) CommitReason() status.CommitReason { return c.stream.CommitReason() }

// Close ends the call with CANCELLED if it has not ended yet. It may be called again, and
// at the same time as any other method. It always returns nil.
func (c call) Close() error { return c.stream.Close() }

// failed ends the call because of its response, and returns a status that says so.
func (c call) failed(err error) error {
	_ = c.stream.Close()
	st := unreadable(err)
	if header, err := c.stream.Header(); err == nil {
		st.Header = header
	}
	st.Attempts, st.CommitReason = c.stream.Attempts(), c.stream.CommitReason()
	return st
}

// receiver is the part of a stream that receives messages.
type receiver[Res any] struct{ call }

// Recv waits for the next message. When the call has ended with OK, the error is io.EOF;
// otherwise it is the call's *status.Status.
func (r receiver[Res]) Recv() (*Res, error) {
	data, err := r.stream.RecvBorrowed() // a codec keeps nothing of it
	if err != nil {
		return nil, err
	}
	message := new(Res)
	if err := r.client.codec.Unmarshal(data, message); err != nil {
		return nil, r.failed(err)
	}
	return message, nil
}

// All ranges over the messages that are still to come. If the call fails, the last pair
// has its *status.Status and no message. Leaving the loop early ends the call.
//
//	for reply, err := range stream.All() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(reply.GetMessage())
//	}
func (r receiver[Res]) All() iter.Seq2[*Res, error] {
	return func(yield func(*Res, error) bool) {
		defer func() { _ = r.Close() }() // also if the loop's body panics
		for {
			message, err := r.Recv()
			if err == io.EOF {
				return
			}
			if !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// sender is the part of a stream that sends messages.
type sender[Req any] struct{ call }

// Send adds a message to the request. If the call has ended with OK without waiting for
// it, the error is io.EOF; if the call has failed, it is its *status.Status. See
// [grpcweb.Stream.Send] for when it waits.
func (s sender[Req]) Send(message *Req) error {
	data, err := s.client.marshal(message)
	if err != nil {
		return err
	}
	return s.stream.Send(data)
}
