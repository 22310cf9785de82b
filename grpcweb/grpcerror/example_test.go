package grpcerror_test

import (
	"context"
	"fmt"
	"log"

	grpcstatus "google.golang.org/grpc/status"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	_ "github.com/hedgerow-web/hedgerow/grpcweb/grpcerror" // This import is all that is needed.
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// Code that reads errors with grpc-go's package status reads those of a channel too, also
// where they are wrapped.
func Example() {
	network := fake.New(fake.Fail(status.NotFound, "no such order")) // in a browser, jsbridge.Fetch()
	ch, err := grpcweb.NewChannel(network, "https://api.example.com")
	if err != nil {
		log.Fatal(err)
	}
	defer ch.Close()

	_, err = ch.Unary(context.Background(), "/shop.Orders/Get", nil)
	err = fmt.Errorf("order 7: %w", err)
	fmt.Println(grpcstatus.Code(err))
	// Output: NotFound
}
