// Package protocodec is protobuf-go's codec, for messages made by protoc-gen-go:
//
//	client := protocall.New(ch, protocodec.Codec{})
package protocodec

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
)

// Codec is a protocall.Codec for every proto.Message. The zero Codec is ready to use, and
// safe for concurrent use.
type Codec struct {
	// Marshaler's and Unmarshaler's options are protobuf-go's, such as Deterministic and
	// DiscardUnknown. The zero values are proto.Marshal and proto.Unmarshal.
	Marshaler   proto.MarshalOptions
	Unmarshaler proto.UnmarshalOptions
}

var _ protocall.Codec = Codec{}

// Marshal returns a message in the wire format. A nil pointer to a message is an empty
// one.
func (c Codec) Marshal(message any) ([]byte, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("a %T is not a proto.Message", message)
	}
	return c.Marshaler.Marshal(m)
}

// Unmarshal reads a message in the wire format.
func (c Codec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return fmt.Errorf("a %T is not a proto.Message", message)
	}
	c.Unmarshaler.Merge = true // The message is empty, so there is nothing to reset.
	return c.Unmarshaler.Unmarshal(data, m)
}
