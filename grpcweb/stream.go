package grpcweb

import (
	"io"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// Response is the answer to a unary call.
type Response struct {
	Header       metadata.MD // of the attempt whose response this is
	Message      []byte      // the caller's own
	Trailer      metadata.MD
	Attempts     []status.AttemptRecord // in the order in which they began
	CommitReason status.CommitReason
}

// Stream is a call that sends and receives any number of messages. One goroutine may send
// while another one receives, and Close may be called at any time. Apart from that, its
// methods must not be called at the same time.
type Stream struct {
	driver *driver
	taken  inbox   // messages that were taken from the call and not received yet
	memory *memory // what receiving needs; nil before the first Recv, and once the call has ended
	lent   []byte  // what RecvBorrowed returned last, in memory of its own
}

// Header waits for the header metadata of the response. Waiting does not keep the call
// from being retried. If the call ends without a header, the error is its status.
func (s *Stream) Header() (metadata.MD, error) {
	d := s.driver
	d.channel.mu.Lock()
	defer d.channel.mu.Unlock()
	for !d.headed && d.result == nil {
		d.news.Wait()
	}
	if d.headed {
		return d.machine.Header().Clone(), nil
	}
	return metadata.MD{}, d.err()
}

// Recv waits for the next message, which the caller may keep and change. When the call
// has ended with OK, the error is io.EOF; otherwise it is the call's *status.Status. If
// the caller itself ended the call, by its context or by Close, or the deadline passed,
// messages that were not read are dropped.
//
// If the transport sends complete requests only, no message comes before CloseSend. With
// other transports that may depend on the server. It looks the same as a server that has
// nothing to say, so after 5 seconds without a response observers get the warning
// "halfDuplexStalled". The deadline ends the call.
func (s *Stream) Recv() ([]byte, error) {
	next, err := s.receive()
	return next.own(), err
}

// RecvBorrowed is Recv without a copy for each message: the message is the caller's only
// until the next Recv or RecvBorrowed. It is meant for callers that decode a message at
// once.
func (s *Stream) RecvBorrowed() ([]byte, error) {
	next, err := s.receive()
	if !next.shared && cap(next.data) <= maxReserve {
		s.lent = next.data
	}
	return next.data, err
}

// receive takes all messages that are there at once, because taking the lock costs more
// than handing out a message. They are dropped if the call's end drops what was not read.
func (s *Stream) receive() (received, error) {
	d := s.driver
	if !s.taken.empty() && !d.dropped.Load() {
		s.lent = nil
		return s.taken.take(), nil
	}
	d.channel.mu.Lock()
	defer d.channel.mu.Unlock()
	if s.lent != nil {
		d.spare, s.lent = s.lent, nil
	}
	if s.memory == nil {
		s.memory = newMemory()
		s.taken.messages, d.inbox.messages = s.memory.lists(d.inbox.messages)
	}
	if d.inbox.empty() {
		d.turnLocked(d.machine.Read)
	}
	for d.inbox.empty() && d.result == nil {
		d.news.Wait()
	}
	if !d.inbox.empty() {
		s.taken, d.inbox = d.inbox, s.taken.reset()
		s.memory.bytes = s.taken.keep(s.memory.bytes)
		return s.taken.take(), nil
	}
	s.memory.release(s.taken.reset(), d.inbox.reset())
	s.taken, d.inbox, s.memory = inbox{}, inbox{}, nil
	if err := d.err(); err != nil {
		return received{}, err
	}
	return received{}, io.EOF
}

// Trailer returns the trailer metadata. It is empty until Recv has returned an error.
func (s *Stream) Trailer() metadata.MD {
	s.driver.channel.mu.Lock()
	defer s.driver.channel.mu.Unlock()
	if s.driver.result == nil {
		return metadata.MD{}
	}
	return s.driver.result.Trailer.Clone()
}

// Attempts returns the history of the attempts so far.
func (s *Stream) Attempts() []status.AttemptRecord {
	s.driver.channel.mu.Lock()
	defer s.driver.channel.mu.Unlock()
	return s.driver.machine.Records()
}

// CommitReason is why no further attempt is made. It is set when the call commits or
// ends, and ReasonNone before.
func (s *Stream) CommitReason() status.CommitReason {
	s.driver.channel.mu.Lock()
	defer s.driver.channel.mu.Unlock()
	return s.driver.machine.Reason()
}

// Close ends the call with CANCELLED if it has not ended yet. It may be called again, and
// at the same time as any other method. It always returns nil.
func (s *Stream) Close() error {
	d := s.driver
	d.turn(func(now plan.Duration) {
		if !d.machine.Over() {
			d.machine.Cancel(now, call.CanceledByReader, nil)
		}
	})
	return nil
}

// response waits for the end of a unary call.
func (d *driver) response() (*Response, error) {
	d.channel.mu.Lock()
	defer d.channel.mu.Unlock()
	for d.result == nil {
		d.news.Wait()
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return &Response{
		Header:       d.machine.Header(),
		Message:      d.inbox.take().own(),
		Trailer:      d.result.Trailer,
		Attempts:     d.result.Attempts,
		CommitReason: d.result.CommitReason,
	}, nil
}

// failure returns the call's status if the call has ended, and not with OK.
func (d *driver) failure() error {
	d.channel.mu.Lock()
	defer d.channel.mu.Unlock()
	return d.err()
}

func (d *driver) err() error {
	if d.result == nil || d.result.Code == status.OK {
		return nil
	}
	return d.result
}
