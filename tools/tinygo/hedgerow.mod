// The TinyGo build reads this in place of the root's go.mod (-modfile). The root's go.mod asks for Go 1.26, because grpc and
// golang.org/x/net require it. The program ./wasm needs no module at all, and only what Go 1.25 has; internal/house checks both.
module github.com/hedgerow-web/hedgerow

go 1.25.0
