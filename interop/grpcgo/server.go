// Package grpcgo runs the functions with which grpc-go tests its interoperability, unchanged, over grpcconn: generated stubs call
// grpc-go's own test server through the improbable gRPC-Web wrapper. Natively they go over net/http, and compiled to js/wasm over fetch
// and WebSockets, under Node and in Chromium.
package grpcgo

import (
	"net/http"

	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// NewServer returns grpc-go's test server behind the wrapper, open to pages of every origin. It needs HTTP/2, or HTTP/1.1, over which it
// reads and writes at the same time, as the conversations of these tests want it.
func NewServer() http.Handler {
	server := grpc.NewServer()
	testgrpc.RegisterTestServiceServer(server, interop.NewTestServer())
	wrapped := grpcweb.WrapServer(server,
		grpcweb.WithOriginFunc(func(string) bool { return true }),
		grpcweb.WithCorsForRegisteredEndpointsOnly(false),
		grpcweb.WithWebsockets(true),
		grpcweb.WithWebsocketOriginFunc(func(*http.Request) bool { return true }),
		grpcweb.WithWebsocketsMessageReadLimit(16<<20))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && r.Method == http.MethodPost {
			_ = http.NewResponseController(w).EnableFullDuplex() // It fails only for writers that are not net/http's.
		}
		wrapped.ServeHTTP(w, r)
	})
}
