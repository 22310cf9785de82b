package main

import (
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/hostdriver"
	"github.com/hedgerow-web/hedgerow/jsbridge/host"
)

// The exports work from here on. A library that TinyGo has compiled consists of
// initializers and exports: nobody calls its main.
func init() {
	buffers := abi.NewBuffers()
	host.Serve(hostdriver.New(buffers), buffers)
}

// serve keeps a program that Go's own compiler made from exiting.
func serve() { select {} }
