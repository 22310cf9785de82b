package plan_test

import (
	"fmt"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// What a plan decides of a failed attempt. Once is that of calls without a policy.
func ExampleOnce() {
	var p plan.Plan = plan.Once{}
	verdict := p.Failed(1, plan.Outcome{Status: status.New(status.Unavailable, "busy"), Pushback: plan.NoPushback})
	fmt.Println(verdict.Next == plan.Fatal, verdict.Reason)
	// Output: true fatalStatus
}

// What a server said of further attempts, in the trailer of a failed one.
func ExamplePushbackOf() {
	wait, ok := plan.PushbackOf(metadata.New(plan.PushbackHeader, "250")).Delay()
	fmt.Println(wait == 250*plan.Millisecond, ok)
	fmt.Println(plan.PushbackOf(metadata.New(plan.PushbackHeader, "never")) == plan.PushbackStop)
	// Output:
	// true true
	// true
}
