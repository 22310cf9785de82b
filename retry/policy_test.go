package retry

import (
	"math"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

func good() Policy {
	return Policy{
		MaxAttempts:          5,
		InitialBackoff:       plan.Second,
		MaxBackoff:           5 * plan.Second,
		BackoffMultiplier:    1.5,
		RetryableStatusCodes: status.Codes(status.Unavailable),
	}
}

func TestValidate(t *testing.T) {
	least := plan.Duration(1)
	for name, test := range map[string]struct {
		change func(*Policy)
		fields []string
	}{
		"good":                        {func(*Policy) {}, nil},
		"V1 one attempt":              {func(p *Policy) { p.MaxAttempts = 1 }, []string{"maxAttempts"}},
		"V1 negative":                 {func(p *Policy) { p.MaxAttempts = -2 }, []string{"maxAttempts"}},
		"V1 two attempts":             {func(p *Policy) { p.MaxAttempts = 2 }, nil},
		"V2 above any cap":            {func(p *Policy) { p.MaxAttempts = math.MaxInt32 }, nil},
		"V4 zero":                     {func(p *Policy) { p.InitialBackoff = 0 }, []string{"initialBackoff"}},
		"V5 negative":                 {func(p *Policy) { p.MaxBackoff = -1 }, []string{"maxBackoff"}},
		"V6 max below initial":        {func(p *Policy) { p.MaxBackoff = 1 }, nil},
		"V7 zero":                     {func(p *Policy) { p.BackoffMultiplier = 0 }, []string{"backoffMultiplier"}},
		"V7 not a number":             {func(p *Policy) { p.BackoffMultiplier = math.NaN() }, []string{"backoffMultiplier"}},
		"V7 below one":                {func(p *Policy) { p.BackoffMultiplier = 0.1 }, nil},
		"V8 no codes":                 {func(p *Policy) { p.RetryableStatusCodes = 0 }, []string{"retryableStatusCodes"}},
		"V11 OK":                      {func(p *Policy) { p.RetryableStatusCodes = status.Codes(status.OK, status.Aborted) }, []string{"retryableStatusCodes"}},
		"8.2a zero":                   {func(p *Policy) { p.PerAttemptRecvTimeout = new(plan.Duration) }, []string{"perAttemptRecvTimeout"}},
		"8.2a a nanosecond":           {func(p *Policy) { p.PerAttemptRecvTimeout = &least }, nil},
		"all at once, in their order": {func(p *Policy) { *p = Policy{} }, []string{"maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier", "retryableStatusCodes"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := good()
			test.change(&p)
			var fields []string
			p.Validate(func(field, reason string) {
				if reason == "" {
					t.Errorf("%s: no reason", field)
				}
				fields = append(fields, field)
			})
			if !slices.Equal(fields, test.fields) {
				t.Errorf("got %v, want %v", fields, test.fields)
			}
		})
	}
}
