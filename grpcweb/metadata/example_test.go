package metadata_test

import (
	"fmt"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

func Example() {
	md := metadata.New("Authorization", "Bearer abc", "x-tag", "one", "x-trace-bin", "\x00\xff")
	md.Append("x-tag", "two")
	fmt.Println(md.Get("authorization"))
	fmt.Println(md.Values("X-Tag"))
	fmt.Printf("%q\n", md.Get("x-trace-bin"))
	// Output:
	// Bearer abc
	// [one two]
	// "\x00\xff"
}
