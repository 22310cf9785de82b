module example.com/hedgerow-app

go 1.26.0

// Without this line, the published version is used.
replace github.com/hedgerow-web/hedgerow => ../../..

require (
	github.com/hedgerow-web/hedgerow v0.0.0-00010101000000-000000000000
	google.golang.org/protobuf v1.36.12
)

require github.com/hack-pad/safejs v0.1.0 // indirect

tool (
	github.com/hedgerow-web/hedgerow/grpcweb/protocall/protoc-gen-go-hedgerow
	github.com/hedgerow-web/hedgerow/jsbridge/slim
	google.golang.org/protobuf/cmd/protoc-gen-go
)
