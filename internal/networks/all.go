//go:build !js

package networks

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/httptransport"
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
	var config *tls.Config
	if s.EnableHTTP2 = http2; http2 {
		s.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		config = &tls.Config{RootCAs: roots}
	} else {
		s.Start()
	}
	rt := httptransport.New(config)
	t.Cleanup(func() {
		rt.Close()
		s.Close()
	})
	return Network{name, rt, s.URL, FullDuplex}
}
