// Package interop is the second server against which Hedgerow is tested: the Chaos service of server/proto on connect-go. connect-go
// speaks gRPC-Web itself, while package server uses grpc-go behind a wrapper. The package is in a module of its own, so that users of
// the library do not inherit connect-go.
//
// Both servers play the script of a request with package script. checkStep refuses what connect-go's handlers cannot play.
package interop

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

// New makes a handler for HTTP/1.1 and HTTP/2. Pages of all origins may call it. If executions is not nil, it gets a line for each attempt
// before anything else happens to it, in one Write: the call id, a space, and how many attempts came before. What was written is known
// even if the process is killed, unlike what Report could tell.
func New(executions io.Writer) http.Handler {
	c := &chaos{calls: script.NewCalls(1 << 20)} // The server runs only as long as the tests.
	if executions != nil {
		c.calls.Begun = func(callID, previousAttempts string) {
			// A line that could not be written is missed by whoever compares the lines with what clients have seen.
			_, _ = fmt.Fprintf(executions, "%s %s\n", callID, cmp.Or(previousAttempts, "0"))
		}
	}
	mux := http.NewServeMux()
	for _, h := range []struct {
		method  string
		handler http.Handler
	}{
		{chaosv1.Chaos_Do_FullMethodName, connect.NewUnaryHandler(chaosv1.Chaos_Do_FullMethodName, c.do)},
		{chaosv1.Chaos_Stream_FullMethodName, connect.NewServerStreamHandler(chaosv1.Chaos_Stream_FullMethodName, c.stream)},
		{chaosv1.Chaos_Collect_FullMethodName, connect.NewClientStreamHandler(chaosv1.Chaos_Collect_FullMethodName, c.collect)},
		{chaosv1.Chaos_Converse_FullMethodName, connect.NewBidiStreamHandler(chaosv1.Chaos_Converse_FullMethodName, c.converse)},
		{chaosv1.Chaos_Report_FullMethodName, connect.NewUnaryHandler(chaosv1.Chaos_Report_FullMethodName, c.report)},
	} {
		mux.Handle(h.method, h.handler)
	}
	return withCORS(mux)
}

// allowed and exposed are the request and response headers that a server must name for pages of other origins: first the headers that
// Hedgerow needs, then those of the tests.
var (
	allowed = []string{
		"content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "grpc-previous-rpc-attempts", "grpc-encoding", "grpc-accept-encoding",
		"x-up", "x-up-bin",
	}
	exposed = []string{
		"grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms", "grpc-encoding",
		"x-head", "x-head-bin", "x-tail", "x-tail-bin",
	}
)

func withCORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Timing-Allow-Origin", "*") // With this, a page can see which version of HTTP was used.
		header.Set("Access-Control-Expose-Headers", strings.Join(exposed, ", "))
		if r.Method == http.MethodOptions {
			header.Set("Access-Control-Allow-Methods", http.MethodPost)
			header.Set("Access-Control-Allow-Headers", strings.Join(allowed, ", "))
			header.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
