package plan

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

func TestAfter(t *testing.T) {
	for _, c := range []struct {
		name          string
		at, span, sum Duration
	}{
		{"a span later", 2 * Second, Second, 3 * Second},
		{"a negative span", 2 * Second, -Second, Second},
		{"an instant before the clock's beginning", -5 * Second, 3 * Second, -2 * Second},
		{"a deadline that crosses the beginning", -1, Second, Second - 1},
		{"beyond the last instant", Never - 1, 2, Never},
		{"exactly the last instant", Never - 1, 1, Never},
		{"after never", Never, -Second, Never},
		{"a span that never ends", -5 * Second, Never, Never},
		{"before the first instant", -Never, -1, -Never},
	} {
		if got := c.at.After(c.span); got != c.sum {
			t.Errorf("%s: %d after %d is %d; want %d", c.name, c.span, c.at, got, c.sum)
		}
	}
}

func TestOnce(t *testing.T) {
	if _, more := (Once{}).Started(1); more || (Once{}).Kind() != status.KindFirst {
		t.Error("a call without a policy makes a further attempt")
	}
	if v := (Once{}).Failed(1, Outcome{Status: status.New(status.Unavailable, "")}); v != (Verdict{Next: Fatal, Reason: status.ReasonFatalStatus}) {
		t.Errorf("%+v", v)
	}
}
