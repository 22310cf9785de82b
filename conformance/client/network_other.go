//go:build !js

package main

import (
	"crypto/tls"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/httptransport"
)

// network is for debugging: no run of the suite uses the native program, but it is
// easier to debug. It accepts any certificate, because the reference servers make their
// own.
var network transport.RoundTripper = httptransport.New(&tls.Config{InsecureSkipVerify: true})
