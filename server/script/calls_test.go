package script

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func (c *Calls) started(t *testing.T, id string) uint32 {
	t.Helper()
	report, err := c.Report(t.Context(), id, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return report.GetStarted()
}

func TestCallsForgetTheLeastRecentlyUsed(t *testing.T) {
	c := NewCalls(2)
	running := c.begin("a", &chaosv1.Execution{})
	c.begin("b", &chaosv1.Execution{})
	c.begin("a", &chaosv1.Execution{})
	c.begin("c", &chaosv1.Execution{}) // There is room for two, and b was used least recently: it is forgotten.
	want(t, "a", c.started(t, "a"), 2)
	want(t, "c", c.started(t, "c"), 1)
	want(t, "b", c.started(t, "b"), 0) // Asking for b makes room for it again: a is forgotten.
	running.end(chaosv1.Ending_ENDING_PLAYED, 0, 1)
	want(t, "ids kept", len(c.byID), 2)
	c.begin("", &chaosv1.Execution{})
	want(t, "ids kept", len(c.byID), 2)
}

func TestCallsKeepABoundedRecord(t *testing.T) {
	c := NewCalls(1)
	var all sync.WaitGroup
	for range maxExecutions + 5 {
		all.Go(func() { c.begin("id", &chaosv1.Execution{}).end(chaosv1.Ending_ENDING_PLAYED, 0, 1) })
	}
	all.Wait()
	report, err := c.Report(t.Context(), "id", maxExecutions+5, maxExecutions+5)
	want(t, "error", err, nil)
	want(t, "ended", report.GetEnded(), maxExecutions+5)
	want(t, "kept", len(report.GetExecutions()), maxExecutions)
	seen := map[uint32]bool{}
	for _, e := range report.GetExecutions() {
		seen[e.GetAttempt()] = true
	}
	want(t, "distinct numbers", len(seen), maxExecutions)
}

func TestCallsKeepABoundedRecordOfAll(t *testing.T) {
	c := NewCalls(4096)
	for id := range maxKept/maxExecutions + 1 {
		for range maxExecutions {
			c.begin(strconv.Itoa(id), &chaosv1.Execution{})
		}
	}
	want(t, "kept", c.kept <= maxKept, true)
	want(t, "the first id", c.started(t, "0"), 0)
	want(t, "the second", c.started(t, "1"), maxExecutions)
}

func TestWaitWakesWhenEnoughHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCalls(8)
		begin := time.Now()
		go func() {
			for range 3 {
				e := c.begin("id", &chaosv1.Execution{})
				_ = sleep(t.Context(), time.Second)
				e.end(chaosv1.Ending_ENDING_PLAYED, 14, 1)
			}
		}()
		report, err := c.Report(t.Context(), "id", 3, 2)
		want(t, "error", err, nil)
		want(t, "waited", time.Since(begin), 2*time.Second)
		for i, wanted := range []string{"0 1000000", "1000000 2000000", "2000000 0"} {
			e := report.GetExecutions()[i]
			want(t, "times", strconv.FormatInt(e.GetStartedUs(), 10)+" "+strconv.FormatInt(e.GetEndedUs(), 10), wanted)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = c.Report(ctx, "id", 9, 0)
		want(t, "error of a wait in vain", err, context.DeadlineExceeded)
	})
}

// An attempt that waits for others goes on when they begin, and gives up when its own call ends.
func TestAttemptsWaitForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCalls(1)
		first := c.begin("id", &chaosv1.Execution{})
		want(t, "error of no wait", first.waitForStarted(t.Context(), 1), nil)
		woken := make(chan error, 1)
		go func() { woken <- first.waitForStarted(t.Context(), 3) }()
		c.begin("id", &chaosv1.Execution{})
		synctest.Wait()
		want(t, "woken by the second", len(woken), 0)
		c.begin("id", &chaosv1.Execution{})
		want(t, "error", <-woken, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		want(t, "error of a wait in vain", first.waitForStarted(ctx, 4), context.DeadlineExceeded)
	})
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}
