package grpcweb_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

func TestLogValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written strings.Builder
		log := slog.New(slog.NewTextHandler(&written, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 {
				return slog.Attr{} // the time, the level and the message
			}
			return a
		}}))
		ch := open(t, fake.New(fake.Fail(status.Unavailable, "no", "grpc-retry-pushback-ms", "200"), fake.Answer(pong)), retries(5),
			grpcweb.WithObserver(func(e grpcweb.Event) { log.Info("", "e", e) }))
		res, err := ch.Unary(within(t, time.Second), method, ping)
		must(t, res, err)
		want(t, "log", written.String(), strings.Join([]string{
			"e.type=callStarted e.call=1 e.method=/helloworld.Greeter/SayHello e.policy=retry e.maxAttempts=5 e.timeout=1s",
			"e.type=buffer e.call=1 e.method=/helloworld.Greeter/SayHello e.callBytes=9 e.channelBytes=9 e.exceeded=false",
			"e.type=attemptStarted e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=1 e.kind=first",
			"e.type=attemptHead e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=1 e.httpStatus=200",
			"e.type=attemptEnded e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=1 e.outcome=failed e.code=UNAVAILABLE e.message=no e.pushback=200ms",
			"e.type=backoff e.call=1 e.method=/helloworld.Greeter/SayHello e.delay=200ms e.bound=200ms e.pushback=200ms",
			"e.type=attemptStarted e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=2 e.kind=retry",
			"e.type=attemptHead e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=2 e.httpStatus=200",
			"e.type=buffer e.call=1 e.method=/helloworld.Greeter/SayHello e.callBytes=0 e.channelBytes=0 e.exceeded=false",
			"e.type=committed e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=2 e.reason=responseHeaders",
			"e.type=attemptEnded e.call=1 e.method=/helloworld.Greeter/SayHello e.attempt=2 e.outcome=committed e.code=OK",
			"e.type=callEnded e.call=1 e.method=/helloworld.Greeter/SayHello e.code=OK e.attempts=2 e.reason=responseHeaders",
			"",
		}, "\n"))
	})
}
