package attempts_test

import (
	"math/rand"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/retry"
)

func TestRetry(t *testing.T) {
	t.Run("19_failure_then_success", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(20).ends(1, unavailable).arms(520)
		s.at(520).fires().opens(2).numbered(1, 2)
		s.at(540).answers(2).releases(2).header(2)
		s.at(560).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("21_always_fails", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).fires().opens(2)
		s.at(500).ends(2, unavailable).arms(1500)
		s.at(1500).fires().opens(3)
		s.at(1600).ends(3, unavailable).over(3, unavailable, status.ReasonExhausted)
	})
	t.Run("22_code_not_listed", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, invalidArgument).over(1, invalidArgument, status.ReasonFatalStatus)
	})
	t.Run("23_only_the_second_attempts_header", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.at(10).pushes(1, unavailable, "0").opens(2)
		s.at(20).answers(2).releases(2).header(2)
		if id, is := s.machine.Committed(); id != 1 || !is || !s.machine.Headed() {
			t.Errorf("committed to %d, %v", id, is)
		}
	})
	t.Run("26_no_policy", func(t *testing.T) {
		s := begin(t)
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unavailable).over(1, unavailable, status.ReasonFatalStatus)
	})
	t.Run("26_no_policy_stop_and_pushback_change_nothing", func(t *testing.T) {
		s := begin(t, throttled(bucket(10, 100, 0)))
		s.at(0).starts().opens(1)
		s.at(10).pushes(1, unavailable, "-1").over(1, unavailable, status.ReasonFatalStatus).tokens(10)
	})
	t.Run("timer_too_early_is_armed_again", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(499).fires().arms(500)
		s.at(510).fires().opens(2)
	})
	t.Run("late_word_of_a_dead_attempt", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(100).answers(1)
		s.at(110).ends(1, ok)
		s.at(500).fires().opens(2)
	})
}

func TestRetryBackoff(t *testing.T) {
	policy := retry.Policy{
		MaxAttempts: 6, InitialBackoff: 100 * plan.Second, MaxBackoff: 700 * plan.Second, BackoffMultiplier: 2,
		RetryableStatusCodes: status.Codes(unavailable),
	}
	for name, c := range map[string]struct {
		jitter plan.Jitter
		waits  []float64
	}{
		"24_full_jitter":   {plan.FullJitter, []float64{50, 100, 200, 350, 350}},
		"24_plus_minus_20": {plan.PlusMinus20, []float64{100, 200, 400, 700, 700}},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, retriesWith(policy, c.jitter, 0.5))
			s.at(0).starts().opens(1)
			now := 0.0
			for i, wait := range c.waits {
				s.at(now).ends(i+1, unavailable).arms(now + wait*1000)
				now += wait * 1000
				s.at(now).fires().opens(i + 2)
			}
			s.at(now).ends(6, unavailable).over(6, unavailable, status.ReasonExhausted)
		})
	}
	t.Run("25_draws_lie_in_bounds", func(t *testing.T) {
		policy := policy
		policy.InitialBackoff = 900 * plan.Second // above the highest bound
		random := rand.New(rand.NewSource(25))
		low, high := 1.0, 0.0
		for range 10_000 {
			var m attempts.Machine
			m.Init(attempts.Settings{Plan: retry.NewPlan(&policy, 2, plan.FullJitter, random.Float64), Deadline: plan.Never})
			m.HalfClose(0)
			m.Begin(0)
			m.Take()
			m.Ended(0, 0, plan.Outcome{Status: said(1, unavailable), Pushback: plan.NoPushback})
			share := float64(m.Take()[0].At) / float64(policy.MaxBackoff)
			if share < 0 || share >= 1 {
				t.Fatalf("a wait of %v of the bound", share)
			}
			low, high = min(low, share), max(high, share)
		}
		if low > 0.01 || high < 0.99 {
			t.Errorf("10,000 draws only spread from %v to %v of the bound", low, high)
		}
	})
}

func TestRetryPushback(t *testing.T) {
	t.Run("34_exact_delay", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(10).pushes(1, unavailable, "200").arms(210)
		s.at(209).fires().arms(210)
		s.at(210).fires().opens(2)
	})
	for _, stop := range []string{"", "-1", "stop", "1.5", "2147483648", "100, 10"} {
		t.Run("35_stop_"+stop, func(t *testing.T) {
			s := begin(t, retries(5))
			s.at(0).starts().opens(1)
			s.at(10).pushes(1, unavailable, stop).over(1, unavailable, status.ReasonPushback)
		})
	}
	t.Run("36_zero_is_at_once", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		for n := 1; n < 5; n++ {
			s.at(10).pushes(n, unavailable, "0").opens(n + 1)
		}
		s.at(10).pushes(5, unavailable, "0").over(5, unavailable, status.ReasonExhausted)
	})
	t.Run("37_then_backoff_begins_anew", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).fires().opens(2)
		s.at(500).pushes(2, unavailable, "30").arms(530)
		s.at(530).fires().opens(3)
		s.at(530).ends(3, unavailable).arms(1030)
		s.at(1030).fires().opens(4)
		s.at(1030).ends(4, unavailable).arms(2030)
	})
	t.Run("38_on_the_last_attempt", func(t *testing.T) {
		s := begin(t, retries(2))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).fires().opens(2)
		s.at(510).pushes(2, unavailable, "5").over(2, unavailable, status.ReasonExhausted)
	})
	t.Run("39_with_a_code_not_listed", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(10).pushes(1, invalidArgument, "5").over(1, invalidArgument, status.ReasonFatalStatus)
	})
	t.Run("40_stop_on_the_second_attempt", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).fires().opens(2)
		s.at(510).pushes(2, unavailable, "-1").over(2, unavailable, status.ReasonPushback)
	})
}

// SEMANTICS 2.6b to 2.6e: what of the header's forms is a delay, and what says stop.
func TestPushbackOf(t *testing.T) {
	for text, want := range map[string]plan.Pushback{
		"0": 0, "200": 200, "2147483647": 2147483647, " 200\t": 200, "+7": 7, "007": 7, "00000000000000000000009": 9,
		"": plan.PushbackStop, " ": plan.PushbackStop, "+": plan.PushbackStop, "++1": plan.PushbackStop, "-0": plan.PushbackStop,
		"-5": plan.PushbackStop, "1e3": plan.PushbackStop, "1.0": plan.PushbackStop, "0x10": plan.PushbackStop, "1 2": plan.PushbackStop,
		"99999999999999999999": plan.PushbackStop, "４": plan.PushbackStop,
	} {
		if got := pushbackOf(text); got != want {
			t.Errorf("%q is %d; want %d", text, got, want)
		}
	}
	if got := pushbackOf(); got != plan.NoPushback {
		t.Errorf("without the header: %d", got)
	}
	if got := pushbackOf("5", "5"); got != plan.PushbackStop {
		t.Errorf("two values: %d; want stop", got)
	}
}
