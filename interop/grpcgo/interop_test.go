package grpcgo

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/internal/networks"
)

// functions are grpc-go's, with how much of an exchange must be possible before its request is complete. Left out are those that test
// what a gRPC-Web client does not have: ORCA's load reports and the choice of a backend (DoORCAPerRPCTest, DoORCAOOBTest,
// DoPickFirstUnary, DoSoakTest, which makes connections of its own), and those that need an account of Google's (DoComputeEngineCreds,
// DoServiceAccountCreds, DoJWTTokenCreds, DoOauth2TokenCreds, DoPerRPCCreds, DoGoogleDefaultCredentials,
// DoComputeEngineChannelCredentials).
var functions = []struct {
	name   string
	needs  networks.Duplex
	method func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)
}{
	{"DoEmptyUnaryCall", networks.WholeRequests, interop.DoEmptyUnaryCall},
	{"DoLargeUnaryCall", networks.WholeRequests, interop.DoLargeUnaryCall},
	{"DoClientStreaming", networks.WholeRequests, interop.DoClientStreaming},
	{"DoServerStreaming", networks.WholeRequests, interop.DoServerStreaming},
	{"DoPingPong", networks.FullDuplex, interop.DoPingPong},
	{"DoEmptyStream", networks.WholeRequests, interop.DoEmptyStream},
	{"DoTimeoutOnSleepingServer", networks.WholeRequests, interop.DoTimeoutOnSleepingServer},
	{"DoCancelAfterBegin", networks.WholeRequests, interop.DoCancelAfterBegin},
	{"DoCancelAfterFirstResponse", networks.FullDuplex, interop.DoCancelAfterFirstResponse},
	{"DoCustomMetadata", networks.FullDuplex, interop.DoCustomMetadata},
	{"DoStatusCodeAndMessage", networks.WholeRequests, interop.DoStatusCodeAndMessage},
	{"DoSpecialStatusMessage", networks.WholeRequests, interop.DoSpecialStatusMessage},
}

func TestServer(t *testing.T) {
	grpclog.SetLoggerV2(failing{t: t})
	for _, n := range all(t) {
		t.Run(n.Name, func(t *testing.T) {
			channel, err := grpcweb.NewChannel(n.Transport, n.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer channel.Close()
			conn := grpcconn.New(channel)
			for _, f := range functions {
				t.Run(f.name, func(t *testing.T) {
					n.Needs(t, f.needs)
					grpclog.SetLoggerV2(failing{t: t})
					f.method(t.Context(), testgrpc.NewTestServiceClient(conn))
				})
			}
			t.Run("DoUnimplementedService", func(t *testing.T) {
				grpclog.SetLoggerV2(failing{t: t})
				interop.DoUnimplementedService(t.Context(), testgrpc.NewUnimplementedServiceClient(conn))
			})
			// DoUnimplementedMethod itself takes nothing but grpc-go's own connection. This is what it does.
			t.Run("DoUnimplementedMethod", func(t *testing.T) {
				if err := conn.Invoke(t.Context(), "/grpc.testing.TestService/UnimplementedCall", nil, nil); status.Code(err) != codes.Unimplemented {
					t.Errorf("ended with %v, want UNIMPLEMENTED", err)
				}
			})
		})
	}
}

// failing is a logger that ends the test where grpc-go's functions would end the process.
type failing struct {
	grpclog.LoggerV2 // is nil, because every method is replaced
	t                *testing.T
}

func (f failing) Info(...any)                 {}
func (f failing) Infoln(...any)               {}
func (f failing) Infof(string, ...any)        {}
func (f failing) Warning(...any)              {}
func (f failing) Warningln(...any)            {}
func (f failing) Warningf(string, ...any)     {}
func (f failing) Error(...any)                {}
func (f failing) Errorln(...any)              {}
func (f failing) Errorf(string, ...any)       {}
func (f failing) Fatal(a ...any)              { f.t.Fatal(a...) }
func (f failing) Fatalln(a ...any)            { f.t.Fatal(fmt.Sprintln(a...)) }
func (f failing) Fatalf(how string, a ...any) { f.t.Fatalf(how, a...) }
func (f failing) V(int) bool                  { return false }
