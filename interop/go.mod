module github.com/hedgerow-web/hedgerow/interop

go 1.26.0

replace github.com/hedgerow-web/hedgerow => ../

require (
	connectrpc.com/connect v1.21.1
	github.com/hedgerow-web/hedgerow v0.0.0-00010101000000-000000000000
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/cenkalti/backoff/v4 v4.1.1 // indirect
	github.com/desertbit/timer v0.0.0-20180107155436-c41aec40b27f // indirect
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/improbable-eng/grpc-web v0.15.0 // indirect
	github.com/rs/cors v1.7.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/grpc v1.85.0 // indirect
	nhooyr.io/websocket v1.8.17 // indirect
)
