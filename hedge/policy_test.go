package hedge

import (
	"math"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

func TestValidate(t *testing.T) {
	none, least := plan.Duration(0), plan.Duration(1)
	for name, test := range map[string]struct {
		policy Policy
		fields []string
	}{
		"V15 V16 nothing but attempts": {Policy{MaxAttempts: 2}, nil},
		"V14 one attempt":              {Policy{MaxAttempts: 1}, []string{"maxAttempts"}},
		"V14 above any cap":            {Policy{MaxAttempts: math.MaxInt32}, nil},
		"V15 negative delay":           {Policy{MaxAttempts: 2, HedgingDelay: -1}, []string{"hedgingDelay"}},
		"V11 OK":                       {Policy{MaxAttempts: 2, NonFatalStatusCodes: status.Codes(status.OK)}, []string{"nonFatalStatusCodes"}},
		"8.2a no time for an answer":   {Policy{MaxAttempts: 2, PerAttemptRecvTimeout: &none}, []string{"x-hedgerow.perAttemptRecvTimeout"}},
		"8.2a a nanosecond":            {Policy{MaxAttempts: 2, PerAttemptRecvTimeout: &least}, nil},
		"8.5b no extra load":           {Policy{MaxAttempts: 2, Tuning: &Tuning{}}, []string{"x-hedgerow.maxExtraLoad"}},
		"all at once, in their order":  {Policy{HedgingDelay: -1, NonFatalStatusCodes: status.Codes(status.OK)}, []string{"maxAttempts", "hedgingDelay", "nonFatalStatusCodes"}},
	} {
		t.Run(name, func(t *testing.T) {
			var fields []string
			test.policy.Validate(func(field, reason string) {
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
