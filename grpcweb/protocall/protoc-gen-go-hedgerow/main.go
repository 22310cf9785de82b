// Command protoc-gen-go-hedgerow is a plugin of protoc and buf. It generates Go clients
// over package protocall, beside the messages that protoc-gen-go generates:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@latest
//	go install github.com/hedgerow-web/hedgerow/grpcweb/protocall/protoc-gen-go-hedgerow@latest
//	protoc --go_out=. --go_opt=paths=source_relative --go-hedgerow_out=. --go-hedgerow_opt=paths=source_relative greeter/greeter.proto
//
// or, in a buf.gen.yaml:
//
//	version: v2
//	plugins:
//	  - local: protoc-gen-go
//	    out: .
//	    opt: paths=source_relative
//	  - local: protoc-gen-go-hedgerow
//	    out: .
//	    opt: paths=source_relative
//
// The clients of greeter/greeter.proto, whose Go package is greeter, are in the package
// greeterhedgerow, in the folder greeter/greeterhedgerow:
//
//	client := greeterhedgerow.NewGreeterClient(protocall.New(ch, protocodec.Codec{}))
//	res, err := client.SayHello(ctx, &greeter.HelloRequest{Name: "Ada"})
//
// They have a package of their own because the names of protoc-gen-go-grpc's clients are
// the same. The options paths, module and M are those of protoc-gen-go. One more,
// package_suffix, is what is added to the name of the Go package; with package_suffix=
// the clients are in the package of the messages. Let protoc-gen-go-grpc generate into
// another package then; even where the names do not meet, a program would link grpc-go
// together with the messages.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"google.golang.org/protobuf/compiler/protogen"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("protoc-gen-go-hedgerow", version())
		return
	}
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "protoc-gen-go-hedgerow is a plugin: protoc or buf runs it, and it takes no arguments but --version")
		os.Exit(2)
	}
	var flags flag.FlagSet
	suffix := flags.String("package_suffix", defaultSuffix, "")
	protogen.Options{ParamFunc: flags.Set}.Run(func(plugin *protogen.Plugin) error { return generate(plugin, *suffix) })
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown version)"
	}
	return info.Main.Version
}
