package retry_test

import (
	"fmt"

	"github.com/hedgerow-web/hedgerow/retry"
)

// What Validate reports of a policy that is empty. Programs write grpcweb.RetryPolicy
// instead, and NewChannel validates it.
func ExamplePolicy_Validate() {
	var policy retry.Policy
	policy.Validate(func(field, _ string) { fmt.Println(field) })
	// Output:
	// maxAttempts
	// initialBackoff
	// maxBackoff
	// backoffMultiplier
	// retryableStatusCodes
}
