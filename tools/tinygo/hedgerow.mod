// What the TinyGo build reads in place of the root's go.mod (-modfile). That asks for Go 1.26, for grpc and golang.org/x/net demand it;
// the program ./wasm needs neither, nor any other module. internal/house holds it to that, and to what Go 1.25 knows.
module github.com/hedgerow-web/hedgerow

go 1.25.0
