package vtcodec_test

import (
	"fmt"
	"log"

	"github.com/hedgerow-web/hedgerow/grpcweb/protocall/vtcodec"
)

func ExampleCodec() {
	// protoc-gen-go-vtproto writes MarshalVT and UnmarshalVT for messages; this one has them too.
	data, err := vtcodec.Codec{}.Marshal(&message{"hello"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(data), "bytes")
	// Output: 5 bytes
}
