// Package server is the server with which Hedgerow is tested and shown: grpc-go behind the improbable gRPC-Web wrapper. The client
// scripts its faults, call by call. It also serves the demo page.
//
// It is meant for tests and demos on your own machine. Anybody who can reach it can make it wait, fail and break connections, so do
// not run it at a public address. By default it accepts only requests that are addressed to this machine (see Options.AllowHosts)
// and come from pages on this machine (see Options.AllowOrigins), and it bounds what each of them may cost.
//
// The command hedgerow-server listens on localhost, on port 8080 for HTTP/1.1 and on 8443 for HTTPS with HTTP/2. For other machines
// to reach it, start it with -addr :8080 and -tls-addr :8443, and call it by its address or by a name given with -allow-host. Pages
// of other origins need -allow-origin.
//
// To watch an app of your own heal from faults, start the command with -fail 2: every method then fails until a call's third attempt.
// Options.Faults, and hedgerow-server -help, list the other faults.
package server
