// Package server is the server that Hedgerow is tested and shown against: grpc-go behind the improbable gRPC-Web wrapper, with
// faults that the client scripts call by call, and the demo page.
//
// It is for tests and demos. Any page may call it (CORS is open to all origins) and any caller may make it wait, fail and
// break connections, so it does not belong on a public address.
package server
