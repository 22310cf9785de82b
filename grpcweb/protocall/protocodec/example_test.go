package protocodec_test

import (
	"fmt"
	"log"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/protocodec"
)

// protobuf-go's options can be set: this codec always writes a message in the same way.
func ExampleCodec() {
	codec := protocodec.Codec{Marshaler: proto.MarshalOptions{Deterministic: true}}
	data, err := codec.Marshal(wrapperspb.String("Ada"))
	if err != nil {
		log.Fatal(err)
	}
	var message wrapperspb.StringValue
	if err := codec.Unmarshal(data, &message); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q %s\n", data, message.GetValue())
	// Output: "\n\x03Ada" Ada
}
