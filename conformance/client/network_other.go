//go:build !js

package main

import (
	"crypto/tls"
	"net/http"

	"github.com/hedgerow-web/hedgerow/grpcweb/httptransport"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
)

// network is for debugging: no run of the suite uses the native program, but it is
// easier to debug. It accepts any certificate, because the reference servers make their
// own.
var network transport.RoundTripper = httptransport.New(&http.Transport{
	TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	ForceAttemptHTTP2: true,
})
