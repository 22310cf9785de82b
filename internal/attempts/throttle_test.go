package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

func TestThrottle(t *testing.T) {
	t.Run("27_calls_of_one_channel", func(t *testing.T) {
		b := bucket(10, 500, 0)
		fails := func(attempts int, reason status.CommitReason) {
			t.Helper()
			s := begin(t, retries(4), throttled(b))
			s.at(0).starts().opens(1)
			for n := 1; n < attempts; n++ {
				s.pushes(n, unavailable, "0").opens(n + 1)
			}
			s.pushes(attempts, unavailable, "0").over(attempts, unavailable, reason)
		}
		succeeds := func(attempts int) {
			t.Helper()
			s := begin(t, retries(4), throttled(b))
			s.at(0).starts().opens(1)
			for n := 1; n < attempts; n++ {
				s.pushes(n, unavailable, "0").opens(n + 1)
			}
			s.answers(attempts).releases(attempts).header(attempts)
			s.ends(attempts, ok).over(attempts, ok, status.ReasonResponseHeaders)
		}
		succeeds(1)
		succeeds(3)                      // 10 − 2 + ½
		succeeds(3)                      // 8½ − 2 + ½
		fails(2, status.ReasonThrottled) // 7 − 2: at the threshold
		fails(1, status.ReasonThrottled) // 4
		for range 5 {
			succeeds(1) // up to 6½
		}
		succeeds(2)                      // 6½ − 1 + ½
		fails(1, status.ReasonThrottled) // 6 − 1
	})
	t.Run("28_worked_example", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(5, 100, 0)))
		s.at(0).starts().opens(1)
		s.pushes(1, unavailable, "0").opens(2).tokens(4)
		s.pushes(2, unavailable, "0").opens(3).tokens(3)
		s.pushes(3, unavailable, "0").over(3, unavailable, status.ReasonThrottled).tokens(2)
	})
	t.Run("29_sequence_of_4_at_1.6", func(t *testing.T) {
		b := bucket(4, 1600, 0)
		for i, step := range []struct {
			event  byte // −: a failure, +: a success
			tokens float64
			allows bool
		}{
			{'-', 3, true},
			{'+', 4, true},
			{'-', 3, true},
			{'-', 2, false},
			{'-', 1, false},
			{'-', 0, false},
			{'-', 0, false},
			{'+', 1.6, false},
			{'+', 3.2, true},
			{'-', 2.2, true},
			{'-', 1.2, false},
			{'+', 2.8, true},
			{'-', 1.8, false},
			{'+', 3.4, true},
			{'-', 2.4, true},
		} {
			if step.event == '-' {
				b.Strike()
			} else {
				b.Refund()
			}
			if got, _ := b.Tokens(); got != step.tokens || b.Blocked() == step.allows {
				t.Errorf("step %d: %v tokens, blocked %v; want %+v", i, got, b.Blocked(), step)
			}
		}
	})
	t.Run("29_sequence_of_3_at_1", func(t *testing.T) {
		b := bucket(3, 1000, 2)
		if !b.Blocked() {
			t.Error("1 of 3 tokens: want blocked")
		}
		if b.Refund(); b.Blocked() {
			t.Error("2 of 3 tokens: want not blocked")
		}
	})
	t.Run("29_thousandths_do_not_drift", func(t *testing.T) {
		b := bucket(1000, 1, 500)
		if b.Refund(); b.Blocked() {
			t.Error("500.001 of 1000 tokens: want not blocked")
		}
	})
	t.Run("30_one_of_two", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(2, 100, 0)))
		s.at(0).starts().opens(1)
		s.ends(1, unavailable).over(1, unavailable, status.ReasonThrottled)
	})
	t.Run("31_listed_code", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(4, 100, 1)))
		s.at(0).starts().opens(1)
		s.ends(1, unavailable).over(1, unavailable, status.ReasonThrottled).tokens(2)
	})
	t.Run("31_code_not_listed", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(4, 100, 1)))
		s.at(0).starts().opens(1)
		s.ends(1, invalidArgument).over(1, invalidArgument, status.ReasonFatalStatus).tokens(3)
	})
	t.Run("31_stop_counts_for_any_code", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(4, 100, 1)))
		s.at(0).starts().opens(1)
		s.pushes(1, invalidArgument, "-1").over(1, invalidArgument, status.ReasonThrottled).tokens(2)
	})
	t.Run("32_losers_and_cancel", func(t *testing.T) {
		s := begin(t, hedges(3, 10), throttled(bucket(10, 100, 1)))
		s.at(0).starts().opens(1).arms(10)
		s.at(10).fires().opens(2).arms(20)
		s.at(15).answers(2).aborts(1).releases(2).header(2).disarms()
		s.ends(1, unavailable).tokens(9)
		s.cancels("the caller is gone").aborts(2).overLocally(canceled, status.ReasonResponseHeaders, "gone").tokens(9)
	})
	t.Run("32_transparent_restarts_and_drops", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(10, 100, 1)))
		s.at(0).starts().opens(1)
		s.notSent(1).opens(2).tokens(9)
		s.dropped(2).over(2, unavailable, status.ReasonDrop).tokens(9)
	})
	t.Run("33_failure_after_commit", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(10, 100, 1)))
		s.at(0).starts().opens(1)
		s.answers(1).releases(1).header(1)
		s.ends(1, unavailable).over(1, unavailable, status.ReasonResponseHeaders).tokens(9)
	})
	t.Run("33_success_without_a_policy", func(t *testing.T) {
		s := begin(t, throttled(bucket(10, 100, 1)))
		s.at(0).starts().opens(1)
		s.answers(1).releases(1).header(1).tokens(9)
		s.ends(1, ok).over(1, ok, status.ReasonResponseHeaders).tokens(9.1)
	})
	t.Run("failures_in_another_call_do_not_cut_a_backoff_short", func(t *testing.T) {
		b := bucket(10, 100, 0)
		s := begin(t, retries(5), throttled(b))
		s.at(0).starts().opens(1)
		s.ends(1, unavailable).arms(500)
		for range 9 {
			b.Strike()
		}
		s.at(500).fires().opens(2)
		s.ends(2, unavailable).over(2, unavailable, status.ReasonThrottled)
	})
	t.Run("a_channel_without_one", func(t *testing.T) {
		var none *attempts.Throttle
		none.Strike()
		none.Refund()
		if tokens, full := none.Tokens(); none.Blocked() || tokens != 0 || full != 0 {
			t.Error("a nil Throttle must block nothing and hold nothing")
		}
	})
}
