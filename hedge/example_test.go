package hedge_test

import (
	"fmt"

	"github.com/hedgerow-web/hedgerow/hedge"
)

// What Validate reports of a policy. Programs write grpcweb.HedgingPolicy instead, and
// NewChannel validates it.
func ExamplePolicy_Validate() {
	policy := hedge.Policy{MaxAttempts: 1}
	policy.Validate(func(field, _ string) { fmt.Println(field) })
	// Output: maxAttempts
}
