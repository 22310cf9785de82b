// Package vtcodec is a codec for messages with the methods MarshalVT and UnmarshalVT,
// which protoc-gen-go-vtproto (github.com/planetscale/vtprotobuf) writes beside what
// protoc-gen-go does. It serializes without reflection:
//
//	client := protocall.New(ch, vtcodec.Codec{})
//
// The package itself links neither vtprotobuf nor protobuf-go. The messages do link
// protobuf-go, since protoc-gen-go made their types; so this codec saves time, not weight.
package vtcodec

import (
	"errors"
	"reflect"

	"github.com/hedgerow-web/hedgerow/grpcweb/protocall"
)

// Codec is a protocall.Codec for messages with MarshalVT and UnmarshalVT. It is safe for
// concurrent use.
type Codec struct{}

var _ protocall.Codec = Codec{}

// Marshal returns what the message's MarshalVT returns. A nil pointer to a message is an
// empty one.
func (Codec) Marshal(message any) ([]byte, error) {
	m, ok := message.(interface{ MarshalVT() ([]byte, error) })
	if !ok {
		return nil, without("MarshalVT", message)
	}
	return m.MarshalVT()
}

// Unmarshal calls the message's UnmarshalVT.
func (Codec) Unmarshal(data []byte, message any) error {
	m, ok := message.(interface{ UnmarshalVT(data []byte) error })
	if !ok {
		return without("UnmarshalVT", message)
	}
	return m.UnmarshalVT(data)
}

func without(method string, message any) error {
	return errors.New("a " + reflect.TypeOf(message).String() + " has no method " + method +
		": generate it with protoc-gen-go-vtproto, features=marshal+unmarshal")
}
