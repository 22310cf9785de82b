//go:build !js

package main

import (
	"crypto/tls"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/httptransport"
)

// network takes part in no run; natively, the program is easier to debug. The
// reference servers make their own certificates.
var network transport.RoundTripper = httptransport.New(&tls.Config{InsecureSkipVerify: true})
