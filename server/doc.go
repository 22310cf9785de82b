// Package server is the server that Hedgerow is tested and shown against: grpc-go behind the improbable gRPC-Web wrapper, with
// faults that the client scripts call by call, and the demo page.
//
// It is for tests and demos on one's own machine. Whoever reaches it may make it wait, fail and break connections, so it does not
// belong on a public address. It takes requests that are meant for this machine (Options.AllowHosts), from pages on this machine
// (Options.AllowOrigins), and bounds what each of them may cost.
//
// The command hedgerow-server listens on localhost, port 8080 for HTTP/1.1 and 8443 for HTTPS with HTTP/2. For other machines to
// reach it, start it with -addr :8080 and -tls-addr :8443; call it by its address then, or name it in -allow-host. Pages of other
// origins need -allow-origin.
package server
