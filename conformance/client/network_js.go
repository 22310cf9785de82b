package main

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

var network transport.RoundTripper = jsbridge.Fetch()
