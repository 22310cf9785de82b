package main

import (
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/hostdriver"
	"github.com/hedgerow-web/hedgerow/jsbridge/host"
)

func serve() {
	buffers := abi.NewBuffers()
	host.Serve(hostdriver.New(buffers), buffers)
}
