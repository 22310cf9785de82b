package main

import "github.com/hedgerow-web/hedgerow/jsbridge/host"

func serve() { host.Serve(newProgram()) }
