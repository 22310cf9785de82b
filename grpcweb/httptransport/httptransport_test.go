//go:build !js

package httptransport_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/httptransport"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/server"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// A command-line program, or a test, calls a server over TLS with the RoundTripper that httptest made for it.
func Example() {
	handler := server.New(server.Options{Faults: server.Faults{Fail: 1, Pushback: "0"}}) // The first attempt of each call fails.
	defer handler.Close()
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()

	transport := httptransport.New(s.Client().Transport)
	defer transport.Close()
	channel, err := grpcweb.NewChannel(transport, s.URL, grpcweb.WithServiceConfigJSON(`{"methodConfig": [{
		"name": [{}],
		"retryPolicy": {
			"maxAttempts": 3, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	request, _ := proto.Marshal(&helloworld.HelloRequest{Name: "Go"})
	response, err := channel.Unary(context.Background(), "/helloworld.Greeter/SayHello", request)
	if err != nil {
		log.Fatal(err)
	}
	var reply helloworld.HelloReply
	if err := proto.Unmarshal(response.Message, &reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.GetMessage(), "after", len(response.Attempts), "attempts")

	// Output:
	// Hello Go after 2 attempts
}

// seeing passes requests on, and keeps their headers.
type seeing struct {
	next    http.RoundTripper
	headers []http.Header
}

func (s *seeing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.headers = append(s.headers, r.Header.Clone())
	return s.next.RoundTrip(r)
}

// Any RoundTripper will do, also one that is no *http.Transport and cannot close connections.
func TestAnyRoundTripper(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/grpc-web+proto")
		w.Header().Set("Grpc-Status", "5")
	}))
	defer s.Close()
	seen := &seeing{next: s.Client().Transport}
	transport := httptransport.New(seen)
	channel, err := grpcweb.NewChannel(transport, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	_, err = channel.Unary(t.Context(), "/a.B/C", nil)
	if st, ok := status.FromError(err); !ok || st.Code != status.NotFound {
		t.Errorf("ended with %v, want NOT_FOUND", err)
	}
	if len(seen.headers) != 1 || seen.headers[0].Get("Accept-Encoding") != "identity" {
		t.Errorf("the RoundTripper saw %v, want one request that asks for no compressed body", seen.headers)
	}
	if err := transport.Close(); err != nil {
		t.Error(err)
	}
}

// Without a RoundTripper, the transport has connections of its own: closing it leaves those of the default transport alone.
func TestDefault(t *testing.T) {
	handler := server.New(server.Options{})
	defer handler.Close()
	s := httptest.NewServer(handler)
	defer s.Close()
	transport := httptransport.New(nil)
	channel, err := grpcweb.NewChannel(transport, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	if _, err := channel.Unary(t.Context(), "/helloworld.Greeter/SayHello", nil); err != nil {
		t.Error(err)
	}
	_ = transport.Close()
}
