package protocall

import (
	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Codec turns messages into bytes and back. The messages are pointers: those that
// the calls' type parameters name. A Codec must be safe for concurrent use.
type Codec interface {
	// Marshal returns a message's bytes, which must not change afterwards.
	Marshal(message any) ([]byte, error)
	// Unmarshal fills an empty message. It must not keep data: whatever the message
	// holds of it has to be copied.
	Unmarshal(data []byte, message any) error
}

// Client makes calls over a channel, with a codec. It is safe for concurrent use, and has
// nothing to close but the channel.
type Client struct {
	channel *grpcweb.Channel
	codec   Codec
}

// New makes a client. It panics if one of them is nil, because that is a mistake in the
// program.
func New(ch *grpcweb.Channel, codec Codec) *Client {
	switch {
	case ch == nil:
		panic("protocall.New: the channel is nil")
	case codec == nil:
		panic("protocall.New: the codec is nil: give one, such as protocodec.Codec{}")
	}
	return &Client{ch, codec}
}

// Channel returns the channel that the calls run over.
func (c *Client) Channel() *grpcweb.Channel { return c.channel }

// Response is the answer to a call that is answered with one message.
type Response[Res any] struct {
	Message      *Res
	Header       metadata.MD // of the attempt whose response this is
	Trailer      metadata.MD
	Attempts     []status.AttemptRecord // in the order in which they began
	CommitReason status.CommitReason    // why no further attempt was made
}

func (c *Client) marshal(message any) ([]byte, error) {
	data, err := c.codec.Marshal(message)
	if err != nil {
		return nil, &status.Status{Code: status.Internal, Message: "the request cannot be marshaled: " + err.Error(), Cause: err}
	}
	return data, nil
}

// unreadable is the status of a call whose response the codec refuses.
func unreadable(err error) *status.Status {
	return &status.Status{Code: status.Internal, Message: "the response cannot be unmarshaled: " + err.Error(), Cause: err}
}
