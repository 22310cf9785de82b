package serviceconfig_test

import (
	"errors"
	"fmt"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
)

// A test of a backend's can check the config that it publishes, with all its problems at
// once.
func ExampleParse() {
	_, err := serviceconfig.Parse(`{"methodConfig": [{"name": [{"service": "shop.Orders"}], "retryPolicy": {
		"maxAttempts": 1, "initialBackoff": "100ms", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`)
	if of, ok := errors.AsType[*serviceconfig.Error](err); ok {
		for _, p := range of.Problems {
			fmt.Println(p.Path)
		}
	}
	// Output:
	// methodConfig[0].retryPolicy.maxAttempts
	// methodConfig[0].retryPolicy.initialBackoff
}
