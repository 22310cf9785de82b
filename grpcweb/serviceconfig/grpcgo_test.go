//go:build !js

package serviceconfig

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// SEMANTICS 8.0a: a config with Hedgerow's own fields is as good for other gRPC clients
// as one without. grpc-go checks the config that it is given as a channel is made.
func TestGRPCGoTakesExtensions(t *testing.T) {
	take := func(config string) error {
		ch, err := grpc.NewClient("passthrough:///unused", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(config))
		if err == nil {
			_ = ch.Close()
		}
		return err
	}
	for _, config := range extendedConfigs {
		mustParse(t, config)
		if err := take(config); err != nil {
			t.Errorf("grpc-go refuses\n%s\n%v", config, err)
		}
	}
	if take(`{"methodConfig": [{"name": [{}], "timeout": "5m"}]}`) == nil {
		t.Error("grpc-go takes a config that is wrong, so that this test shows nothing")
	}
}

// extendedConfigs use every field of Hedgerow's own.
var extendedConfigs = []string{
	`{"x-hedgerow": {}, "methodConfig": [{"name": [{}], "x-hedgerow": {}, "hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "1s", "x-hedgerow": {"perAttemptRecvTimeout": "2.5s"}}}]}`,
	`{"methodConfig": [{"name": [{}], "retryPolicy": ` + retryJSON(`"perAttemptRecvTimeout": "1s", "x-hedgerow": {}`) + `}], "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1, "x-hedgerow": {}}}`,
}
