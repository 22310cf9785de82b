package interop

import (
	"testing"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcconn"
	"github.com/hedgerow-web/hedgerow/grpcweb/grpcwebtest"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// OpenTelemetry's own handler for grpc-go's clients makes a span for each attempt, and sends the span's context with it.
func TestOpenTelemetry(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	server := grpcwebtest.NewServer(t)
	server.On("*", grpcwebtest.Fail(status.Unavailable).WithMessage("busy"), grpcwebtest.Reply(nil))
	channel := server.Channel(
		grpcweb.WithRandom(func() float64 { return 0 }),
		grpcweb.WithServiceConfig(grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{
			Names: []grpcweb.MethodName{grpcweb.DefaultMethodName},
			RetryPolicy: &grpcweb.RetryPolicy{
				MaxAttempts: 2, InitialBackoff: time.Second, MaxBackoff: time.Second, BackoffMultiplier: 1,
				RetryableStatusCodes: []status.Code{status.Unavailable},
			},
		}}}))
	greeter := helloworld.NewGreeterClient(grpcconn.New(channel, grpcconn.WithStatsHandler(
		otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagation.TraceContext{})))))

	ctx, parent := provider.Tracer("test").Start(t.Context(), "parent")
	if _, err := greeter.SayHello(ctx, &helloworld.HelloRequest{Name: "Ann"}); err != nil {
		t.Fatal(err)
	}
	parent.End()

	requests, ended := server.Requests(""), spans.GetSpans()
	if len(requests) != 2 || len(ended) != 3 {
		t.Fatalf("%d requests and %d spans, want 2 requests, and their 2 spans and the parent's", len(requests), len(ended))
	}
	for i, wanted := range []codes.Code{codes.Error, codes.Unset} {
		span := ended[i]
		if span.Name != "helloworld.Greeter/SayHello" || span.SpanKind != trace.SpanKindClient || span.Status.Code != wanted ||
			span.Parent.SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("attempt %d: the span %q, %v, %v", i+1, span.Name, span.SpanKind, span.Status)
		}
		sent := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(t.Context(),
			propagation.MapCarrier{"traceparent": requests[i].Metadata.Get("traceparent")}))
		if sent.SpanID() != span.SpanContext.SpanID() || sent.TraceID() != parent.SpanContext().TraceID() {
			t.Errorf("attempt %d sent the trace context of %v, want its own span's", i+1, sent.SpanID())
		}
	}
}
