//go:build !js

package networks

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/httptransport"
	"github.com/hedgerow-web/hedgerow/server"
)

// All returns net/http with HTTP/1.1 and net/http with HTTP/2 over TLS. Each has a
// server of its own.
func All(t *testing.T) []Network {
	t.Helper()
	return []Network{serve(t, "HTTP/1.1", false), serve(t, "HTTP/2", true)}
}

func serve(t *testing.T, name string, http2 bool) Network {
	t.Helper()
	handler := server.New(server.Options{})
	n := Serve(t, name, handler, http2)
	t.Cleanup(handler.Close) // before the listener's: calls that hang would hold it up
	return n
}

// Serve starts a server of the test's own, with HTTP/1.1, or with HTTP/2 over TLS.
func Serve(t *testing.T, name string, handler http.Handler, http2 bool) Network {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	if s.EnableHTTP2 = http2; http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	rt := httptransport.New(s.Client().Transport)
	t.Cleanup(func() {
		rt.Close()
		s.Close()
	})
	return Network{Name: name, Transport: rt, URL: s.URL, Duplex: FullDuplex}
}
