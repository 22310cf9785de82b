// Package serviceconfig reads the gRPC service config, the JSON that says which
// methods are retried or hedged, and finds the part that holds for a method.
//
// Both drivers read it with this package: what a browser accepts and what a Go
// program accepts is the same, with the same words where it is refused.
package serviceconfig

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Config is a whole service config. Parse makes one from JSON; one that is
// built in Go is ready for Lookup after Validate, and is not changed from then on.
type Config struct {
	Methods    []Method
	Throttling *Throttling // nil: retries are not throttled
	Budget     *Budget     // nil: retries and hedges cost nothing

	index nameIndex // made by Validate and Parse
}

// Method is one entry of methodConfig. An entry that names nothing is checked
// and then never used (SEMANTICS 1.3c).
type Method struct {
	Names                   []Name
	Timeout                 *plan.Duration // nil: none of its own
	WaitForReady            *bool          // nil: the call decides
	MaxRequestMessageBytes  *int64         // nil: the channel's; 0 allows only empty messages
	MaxResponseMessageBytes *int64         // nil: the channel's
	Retry                   *retry.Policy  // at most one of
	Hedging                 *hedge.Policy  // these two
}

// Name is what an entry holds for: one method, all methods of a service (Method
// empty), or everything (both empty).
type Name struct {
	Service string // with its package: "helloworld.Greeter"
	Method  string
}

// Throttling is the channel's token bucket (SEMANTICS 2.7).
type Throttling struct {
	MaxTokens            int // 1 to 1000
	TokenRatioThousandth int // what a success gives back, in thousandths of a token; 1 or more
}

// Budget is what the channel's retries and hedges are paid from (SEMANTICS 8.7).
type Budget struct {
	Ratio        float64 // what a call earns: 0 to 1
	MinPerSecond float64 // what a second earns: 0 to 1000
}
