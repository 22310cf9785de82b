package call_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// BenchmarkUnary turns the machines of one unary call that succeeds at once, as
// a driver does, without any driver.
func BenchmarkUnary(b *testing.B) {
	config, err := serviceconfig.Parse(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3,
		"initialBackoff": "1s", "maxBackoff": "5s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`)
	if err != nil {
		b.Fatal(err)
	}
	options := channel.DefaultOptions()
	options.BaseURL, options.Config = "https://bench.test", config
	ch := channel.New(options)
	body := wire.AppendFrame(nil, 0, make([]byte, 100))
	body = wire.AppendFrame(body, wire.FlagTrailers, []byte("grpc-status: 0\r\n"))
	room := make([]wire.Fragment, 0, 256)
	b.ReportAllocs()
	for now := plan.Duration(0); b.Loop(); now++ {
		c := call.New(ch, now, call.Params{Method: "/helloworld.Greeter/SayHello", Timeout: plan.Never})
		c.Send(now, 100, 100)
		c.HalfClose(now)
		c.Begin(now)
		c.Take()
		c.RequestHeader(now, 0)
		c.Head(now, 0, 200, metadata.New("content-type", "application/grpc-web"))
		c.Take()
		c.Header()
		c.Feed(now, 0, body, 0, room)
		c.Drained(0)
		c.Take()
		c.End(now, 0)
		c.Take()
		if st := c.Status(); st.Code != 0 {
			b.Fatal(st)
		}
	}
}
