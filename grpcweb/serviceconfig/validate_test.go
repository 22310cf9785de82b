package serviceconfig

import (
	"math"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

func goodRetry() *retry.Policy {
	return &retry.Policy{MaxAttempts: 5, InitialBackoff: 1, MaxBackoff: 1, BackoffMultiplier: 1, RetryableStatusCodes: status.Codes(status.Unavailable)}
}

// TestValidate is the rules for a config that is built in Go: the paths are
// those of the JSON (SEMANTICS 1.4a).
func TestValidate(t *testing.T) {
	negative, negativeSpan := int64(-1), plan.Duration(-1)
	for name, test := range map[string]struct {
		config Config
		paths  []string
	}{
		"V1":        {methodWithRetry(func(p *retry.Policy) { p.MaxAttempts = 1 }), []string{"methodConfig[0].retryPolicy.maxAttempts"}},
		"V4":        {methodWithRetry(func(p *retry.Policy) { p.InitialBackoff = 0 }), []string{"methodConfig[0].retryPolicy.initialBackoff"}},
		"V5":        {methodWithRetry(func(p *retry.Policy) { p.MaxBackoff = -1 }), []string{"methodConfig[0].retryPolicy.maxBackoff"}},
		"V7":        {methodWithRetry(func(p *retry.Policy) { p.BackoffMultiplier = math.NaN() }), []string{"methodConfig[0].retryPolicy.backoffMultiplier"}},
		"V8":        {methodWithRetry(func(p *retry.Policy) { p.RetryableStatusCodes = 0 }), []string{"methodConfig[0].retryPolicy.retryableStatusCodes"}},
		"V11":       {methodWithRetry(func(p *retry.Policy) { p.RetryableStatusCodes = 1 }), []string{"methodConfig[0].retryPolicy.retryableStatusCodes"}},
		"V14 V15":   {Config{Methods: []Method{{Hedging: &hedge.Policy{HedgingDelay: -1}}}}, []string{"methodConfig[0].hedgingPolicy.maxAttempts", "methodConfig[0].hedgingPolicy.hedgingDelay"}},
		"V17":       {Config{Methods: []Method{{}, {Retry: goodRetry(), Hedging: &hedge.Policy{MaxAttempts: 2}}}}, []string{"methodConfig[1].hedgingPolicy"}},
		"V19":       {Config{Throttling: &Throttling{MaxTokens: 1001, TokenRatioThousandth: 1}}, []string{"retryThrottling.maxTokens"}},
		"V20 V21":   {Config{Throttling: &Throttling{MaxTokens: 1000}}, []string{"retryThrottling.tokenRatio"}},
		"V22":       {Config{Throttling: &Throttling{}}, []string{"retryThrottling.maxTokens", "retryThrottling.tokenRatio"}},
		"V23":       {Config{Methods: []Method{{MaxRequestMessageBytes: &negative, MaxResponseMessageBytes: &negative}}}, []string{"methodConfig[0].maxRequestMessageBytes", "methodConfig[0].maxResponseMessageBytes"}},
		"V24":       {Config{Methods: []Method{{Timeout: &negativeSpan}}}, []string{"methodConfig[0].timeout"}},
		"1.3 names": {Config{Methods: []Method{{Names: []Name{{Method: "M"}, {}}}, {Names: []Name{{}}}}}, []string{"methodConfig[0].name[0].service", "methodConfig[1].name[0]"}},
		"empty":     {Config{}, nil},
		"V6 V18":    {Config{Methods: []Method{{Retry: goodRetry()}, {Hedging: &hedge.Policy{MaxAttempts: 9}}}, Throttling: &Throttling{1, 1}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.config.Validate()
			if test.paths == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			problems := problemsOf(t, err)
			if len(problems) != len(test.paths) {
				t.Fatalf("got %v, want them at %v", err, test.paths)
			}
			for i, p := range problems {
				if p.Path != test.paths[i] || p.Reason == "" {
					t.Errorf("got %v, want it at %s", p, test.paths[i])
				}
			}
		})
	}
}

func methodWithRetry(change func(*retry.Policy)) Config {
	p := goodRetry()
	change(p)
	return Config{Methods: []Method{{Retry: p}}}
}

// A policy of another package may come to report what the decoder has never read.
func TestUnreadField(t *testing.T) {
	var d decoder
	d.find("methodConfig[0].retryPolicy.new").breaks("must be new")
	if got := d.error().Error(); got != "service config: methodConfig[0].retryPolicy.new: must be new" {
		t.Error(got)
	}
}
