package status_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// The error of a call that failed, as a program looks at it.
func ExampleFromError() {
	var err error = &status.Status{
		Code: status.DeadlineExceeded, Message: "the deadline passed", Cause: context.DeadlineExceeded,
		CommitReason: status.ReasonDeadline, Attempts: make([]status.AttemptRecord, 2),
	}
	if st, ok := status.FromError(err); ok {
		fmt.Println(st.Code, st.CommitReason, len(st.Attempts))
	}
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(err)
	// Output:
	// DEADLINE_EXCEEDED deadline 2
	// true
	// DEADLINE_EXCEEDED: the deadline passed (after 2 attempts)
}
