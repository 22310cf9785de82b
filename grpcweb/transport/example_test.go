package transport_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// logged is a transport that says what another one carries.
type logged struct{ transport.RoundTripper }

func (l logged) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	res, err := l.RoundTripper.RoundTrip(ctx, r)
	if err != nil {
		fmt.Println(r.URL, err)
		return nil, err
	}
	fmt.Println(r.URL, res.Status)
	return res, nil
}

// canned is a transport without a network: each response is an empty message and OK.
type canned struct{}

func (canned) RoundTrip(context.Context, *transport.Request) (*transport.Response, error) {
	body := pieces{"\x00\x00\x00\x00\x00", "\x80\x00\x00\x00\x0fgrpc-status:0\r\n"}
	return &transport.Response{Status: 200, Header: metadata.New("content-type", "application/grpc-web+proto"), Body: &body}, nil
}

// pieces is a body.
type pieces []string

func (p *pieces) Next(context.Context) ([]byte, error) {
	if len(*p) == 0 {
		return nil, io.EOF
	}
	piece := (*p)[0]
	*p = (*p)[1:]
	return []byte(piece), nil
}

func (p *pieces) Close() error { return nil }

// A transport of your own may wrap another, such as jsbridge.Fetch, or be one from the
// ground up. A wrapper that embeds the interface hides what the other one is beside it: a
// Streamer, for example.
func ExampleRoundTripper() {
	ch, err := grpcweb.NewChannel(logged{canned{}}, "https://api.example.com")
	if err != nil {
		log.Fatal(err)
	}
	defer ch.Close()
	res, err := ch.Unary(context.Background(), "/helloworld.Greeter/SayHello", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(res.Message), "bytes")
	// Output:
	// https://api.example.com/helloworld.Greeter/SayHello 200
	// 0 bytes
}
