package grpcweb_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// paths are those of the problems that NewChannel has with the options.
func paths(t *testing.T, opts ...grpcweb.Option) []string {
	t.Helper()
	_, err := grpcweb.NewChannel(fake.New(), "https://api.example.com", opts...)
	return pathsOf(t, err)
}

func pathsOf(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var of *grpcweb.ConfigError
	if !errors.As(err, &of) {
		t.Fatalf("%v is no ConfigError", err)
	}
	var all []string
	for _, p := range of.Problems {
		all = append(all, p.Path)
	}
	return all
}

func retryPolicy(change func(*grpcweb.RetryPolicy)) grpcweb.ServiceConfig {
	p := grpcweb.RetryPolicy{
		MaxAttempts: 5, InitialBackoff: time.Second, MaxBackoff: 5 * time.Second, BackoffMultiplier: 1.5,
		RetryableStatusCodes: []status.Code{status.Unavailable},
	}
	change(&p)
	return grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{Names: []grpcweb.MethodName{grpcweb.DefaultMethodName}, RetryPolicy: &p}}}
}

func TestTypedConfig(t *testing.T) {
	const retryPath, hedgingPath = "methodConfig[0].retryPolicy.", "methodConfig[0].hedgingPolicy."
	for name, c := range map[string]struct {
		config grpcweb.ServiceConfig
		paths  []string
	}{
		"fine":                    {retryPolicy(func(*grpcweb.RetryPolicy) {}), nil},
		"01_one_attempt":          {retryPolicy(func(p *grpcweb.RetryPolicy) { p.MaxAttempts = 1 }), []string{retryPath + "maxAttempts"}},
		"01_negative_attempts":    {retryPolicy(func(p *grpcweb.RetryPolicy) { p.MaxAttempts = -2 }), []string{retryPath + "maxAttempts"}},
		"04_no_initial_backoff":   {retryPolicy(func(p *grpcweb.RetryPolicy) { p.InitialBackoff = 0 }), []string{retryPath + "initialBackoff"}},
		"04_negative_backoff":     {retryPolicy(func(p *grpcweb.RetryPolicy) { p.MaxBackoff = -1 }), []string{retryPath + "maxBackoff"}},
		"04_multiplier_is_NaN":    {retryPolicy(func(p *grpcweb.RetryPolicy) { p.BackoffMultiplier = math.NaN() }), []string{retryPath + "backoffMultiplier"}},
		"05_no_codes":             {retryPolicy(func(p *grpcweb.RetryPolicy) { p.RetryableStatusCodes = nil }), []string{retryPath + "retryableStatusCodes"}},
		"07_unknown_code":         {retryPolicy(func(p *grpcweb.RetryPolicy) { p.RetryableStatusCodes = []status.Code{14, 17} }), []string{retryPath + "retryableStatusCodes[1]"}},
		"07_OK":                   {retryPolicy(func(p *grpcweb.RetryPolicy) { p.RetryableStatusCodes = []status.Code{0} }), []string{retryPath + "retryableStatusCodes"}},
		"09_both_policies":        {both(), []string{"methodConfig[0].hedgingPolicy"}},
		"10_method_alone":         {named(grpcweb.MethodName{Method: "M"}), []string{"methodConfig[0].name[0].service"}},
		"11_the_same_name_twice":  {named(grpcweb.MethodName{Service: "S"}, grpcweb.MethodName{Service: "S"}), []string{"methodConfig[0].name[1]"}},
		"14_negative_delay":       {hedging(grpcweb.HedgingPolicy{MaxAttempts: 2, HedgingDelay: -1}), []string{hedgingPath + "hedgingDelay"}},
		"13_delay_and_codes_left": {hedging(grpcweb.HedgingPolicy{MaxAttempts: 2}), nil},
		"15_no_tokens":            {throttling(0, 1), []string{"retryThrottling.maxTokens"}},
		"15_too_many_tokens":      {throttling(1001, 1), []string{"retryThrottling.maxTokens"}},
		"15_small_ratio":          {throttling(1, 0.0005), []string{"retryThrottling.tokenRatio"}},
		"15_ratio_is_NaN":         {throttling(1, math.NaN()), []string{"retryThrottling.tokenRatio"}},
		"15_negative_ratio":       {throttling(1, -1), []string{"retryThrottling.tokenRatio"}},
		"negative_timeout":        {grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{Timeout: -1}}}, []string{"methodConfig[0].timeout"}},
		"16_all_at_once": {retryPolicy(func(p *grpcweb.RetryPolicy) { *p = grpcweb.RetryPolicy{} }), []string{
			retryPath + "maxAttempts", retryPath + "initialBackoff", retryPath + "maxBackoff", retryPath + "backoffMultiplier", retryPath + "retryableStatusCodes",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := paths(t, grpcweb.WithServiceConfig(c.config)); !slices.Equal(got, c.paths) {
				t.Errorf("got problems at %q, want them at %q", got, c.paths)
			}
		})
	}
}

func both() grpcweb.ServiceConfig {
	c := retryPolicy(func(*grpcweb.RetryPolicy) {})
	c.MethodConfigs[0].HedgingPolicy = &grpcweb.HedgingPolicy{MaxAttempts: 2}
	return c
}

func named(names ...grpcweb.MethodName) grpcweb.ServiceConfig {
	return grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{Names: names}}}
}

func hedging(p grpcweb.HedgingPolicy) grpcweb.ServiceConfig {
	return grpcweb.ServiceConfig{MethodConfigs: []grpcweb.MethodConfig{{HedgingPolicy: &p}}}
}

func throttling(maxTokens int, ratio float64) grpcweb.ServiceConfig {
	return grpcweb.ServiceConfig{RetryThrottling: &grpcweb.RetryThrottlingPolicy{MaxTokens: maxTokens, TokenRatio: ratio}}
}

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		option grpcweb.Option
		paths  []string
	}{
		"no_limits":         {grpcweb.WithMaxReceiveMessageBytes(grpcweb.NoLimit), nil},
		"no_buffer":         {grpcweb.WithMaxRetryBufferSize(0), []string{"maxRetryBufferSize"}},
		"negative_buffer":   {grpcweb.WithMaxRetryBufferPerCallSize(-2), []string{"maxRetryBufferPerCallSize"}},
		"nothing_to_send":   {grpcweb.WithMaxSendMessageBytes(0), []string{"maxSendMessageBytes"}},
		"no_time":           {grpcweb.WithDefaultTimeout(0), []string{"defaultTimeoutMs"}},
		"send_brotli":       {grpcweb.WithSendCompression("br"), []string{"sendCompression"}},
		"accept_brotli":     {grpcweb.WithAcceptCompression(grpcweb.Gzip, "br", ""), []string{"acceptCompression", "acceptCompression"}},
		"compressions":      {grpcweb.WithSendCompression(grpcweb.Identity), nil},
		"reserved_metadata": {grpcweb.WithMetadata(metadata.New("content-type", "text/plain")), []string{"metadata"}},
		"empty_config":      {grpcweb.WithServiceConfigJSON(""), []string{""}},
		"wrong_config":      {grpcweb.WithServiceConfigJSON(`{"methodConfig": [{"retryPolicy": {"maxAttempts": 2.5, "initialBackoff": "1", "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": [14]}}]}`), []string{"methodConfig[0].retryPolicy.maxAttempts", "methodConfig[0].retryPolicy.initialBackoff"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := paths(t, c.option); !slices.Equal(got, c.paths) {
				t.Errorf("got problems at %q, want them at %q", got, c.paths)
			}
		})
	}
	t.Run("16_options_and_config_at_once", func(t *testing.T) {
		_, err := grpcweb.NewChannel(nil, "api.example.com", grpcweb.WithMaxRetryBufferSize(0), grpcweb.WithServiceConfigJSON("{"))
		wantAll(t, "paths", pathsOf(t, err), "transport", "baseUrl", "maxRetryBufferSize", "")
		wantText(t, err.Error(), "api.example.com", "https://")
	})
	t.Run("the_last_config_holds", func(t *testing.T) {
		want(t, "problems", len(paths(t, grpcweb.WithServiceConfigJSON("{"), grpcweb.WithServiceConfigJSON("{}"))), 0)
	})
}

// The typed form of a ratio has the digits that its JSON form has.
func TestTokenRatio(t *testing.T) {
	for ratio, tokens := range map[float64]float64{1.001: 1.001, 0.5466: 0.546, 0.1: 0.1, 3: 3, 1e300: 10} {
		scenario(t, "15_ratio", func(t *testing.T) {
			var after float64
			stop := fake.Fail(status.Unavailable, "", "grpc-retry-pushback-ms", "-1")
			n := fake.New(stop, stop, stop, fake.Answer(pong))
			config := retryPolicy(func(*grpcweb.RetryPolicy) {})
			config.RetryThrottling = &grpcweb.RetryThrottlingPolicy{MaxTokens: 10, TokenRatio: ratio}
			ch := open(t, n, grpcweb.WithServiceConfig(config), grpcweb.WithObserver(func(e grpcweb.Event) {
				if e.Type == grpcweb.EventThrottle {
					after = e.Tokens
				}
			}))
			for range 4 { // three of them fail: 7 tokens are left
				unary(t, ch)
			}
			want(t, "tokens", after, min(7+tokens, 10))
		})
	}
}
