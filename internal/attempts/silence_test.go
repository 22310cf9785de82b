package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// silentAfter lets attempts be silent for so long.
func silentAfter(ms float64) option {
	return func(s *attempts.Settings) { s.RecvTimeout = span(ms) }
}

func duplex(s *attempts.Settings) { s.Streams, s.Duplex = true, true }

// SEMANTICS 8.2: an attempt of which nothing arrives in time is given up.
func TestSilence(t *testing.T) {
	t.Run("111_a_silent_attempt_is_retried_whatever_is_listed", func(t *testing.T) {
		s := begin(t, retries(3), silentAfter(1000), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1).arms(1000)
		s.at(1000).fires().aborts(1).arms(1500).tokens(9)
		s.at(1500).fires().opens(2).arms(2500)
		s.at(1600).answers(2).releases(2).header(2).disarms()
		s.at(9999).ends(2, ok).over(2, ok, status.ReasonResponseHeaders).tokens(9.001)
	})
	t.Run("112_the_last_silent_attempt_ends_the_call_as_unavailable", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(250), func(s *attempts.Settings) { s.Deadline = instant(5000) })
		s.at(0).starts().opens(1).arms(250)
		s.at(250).fires().aborts(1).arms(750)
		s.at(750).fires().opens(2).arms(1000)
		s.at(1000).fires().aborts(2).expect(attempts.Action{Op: attempts.End, Attempt: 1}).
			outcomeIs(unavailable, status.ReasonExhausted, "attempt 2: nothing arrived within 250 ms")
	})
	t.Run("113_a_silent_hedge_is_a_failure_that_others_survive", func(t *testing.T) {
		s := begin(t, hedges(3, 600), silentAfter(1000), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1).arms(600)
		s.at(600).fires().opens(2).arms(1000)
		s.at(1000).fires().aborts(1).tokens(9).opens(3).arms(1600)
		s.at(1100).answers(2).aborts(3).releases(2).header(2).disarms()
		s.at(1200).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("113_the_last_silent_hedge_ends_the_call", func(t *testing.T) {
		s := begin(t, hedges(2, 0), silentAfter(1000))
		s.at(0).starts().opens(1, 2).arms(1000)
		s.at(1000).fires().aborts(1, 2).expect(attempts.Action{Op: attempts.End, Attempt: 1}).
			outcomeIs(unavailable, status.ReasonExhausted, "attempt 2: nothing arrived within 1 s")
	})
	t.Run("114_a_head_ends_the_time_even_without_a_commit", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(1000))
		s.at(0).starts().opens(1).arms(1000)
		s.at(900).event(func(m *attempts.Machine) { m.Head(s.now, 0, 200) })
		s.at(1000).fires()
		s.at(9000).ends(1, invalidArgument).over(1, invalidArgument, status.ReasonFatalStatus)
	})
	t.Run("115_a_stream_of_requests_counts_from_the_half_close", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(1000), streams)
		s.at(0).begins().opens(1)
		s.at(5000).halfCloses().arms(6000)
		s.at(6000).fires().aborts(1).arms(6500)
		s.at(6500).fires().opens(2).arms(7500)
		s.at(7500).fires().aborts(2).expect(attempts.Action{Op: attempts.End, Attempt: 1}).outcomeIs(unavailable, status.ReasonExhausted, "attempt 2")
	})
	t.Run("115_but_not_once_it_has_been_answered", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(1000), streams)
		s.at(0).begins().opens(1)
		s.at(100).event(func(m *attempts.Machine) { m.Head(s.now, 0, 200) })
		s.at(5000).halfCloses()
		s.at(9000).ends(1, ok).releases(1).header(1).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("115_a_duplex_one_from_its_opening", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(1000), duplex)
		s.at(0).begins().opens(1).arms(1000)
		s.at(500).halfCloses()
		s.at(1000).fires().aborts(1).arms(1500)
		s.at(1500).cancels("enough").disarms().overLocally(canceled, status.ReasonCanceled, "enough")
	})
	t.Run("116_deadline_and_throttle_hold_as_ever", func(t *testing.T) {
		s := begin(t, retries(3), silentAfter(1000), func(s *attempts.Settings) { s.Deadline = instant(1000) })
		s.at(0).starts().opens(1).arms(1000)
		s.at(1000).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1")
		s = begin(t, retries(3), silentAfter(1000), throttled(bucket(10, 1, 4)))
		s.at(0).starts().opens(1).arms(1000)
		s.at(1000).fires().aborts(1).expect(attempts.Action{Op: attempts.End, Attempt: 0}).
			outcomeIs(unavailable, status.ReasonThrottled, "attempt 1: nothing arrived within 1 s").tokens(5)
	})
	t.Run("117_a_page_that_slept_gives_what_came_meanwhile_its_time_once", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(1000))
		s.at(0).starts().opens(1).arms(1000)
		s.at(60_000).fires().arms(61_000)
		s.at(62_500).fires().aborts(1).arms(63_000)
		s.at(63_000).fires().opens(2).arms(64_000)
		s.at(64_100).fires().aborts(2).expect(attempts.Action{Op: attempts.End, Attempt: 1}).outcomeIs(unavailable, status.ReasonExhausted, "attempt 2")
	})
	t.Run("117_a_timer_that_is_late_by_as_long_shows_that_the_page_slept", func(t *testing.T) {
		for late, slept := range map[float64]bool{1999: false, 2000: true} {
			s := begin(t, retries(2), silentAfter(1000))
			s.at(0).starts().opens(1).arms(1000)
			if s.at(late).fires(); slept {
				s.arms(late + 1000).at(late + 1).cancels("enough").aborts(1).disarms()
			} else {
				s.aborts(1).arms(late + 500).at(late + 1).cancels("enough").disarms()
			}
			s.overLocally(canceled, status.ReasonCanceled, "enough")
		}
	})
	t.Run("118_the_time_begins_when_the_request_goes_out", func(t *testing.T) {
		s := begin(t, retries(2), silentAfter(1000), func(s *attempts.Settings) { s.Prepare, s.WaitForReady = true, true })
		s.at(0).starts().prepares(1)
		s.at(2000).offline()
		s.at(3000).prepared(1)
		s.at(9000).online().opens(1).arms(10_000)
		s.at(10_000).fires().aborts(1).arms(10_500)
		s.at(10_500).cancels("enough").disarms().overLocally(canceled, status.ReasonCanceled, "enough")
	})
	t.Run("119_a_request_too_large_to_replay_ends_with_its_silent_attempt", func(t *testing.T) {
		quota := attempts.NewQuota(100, 10)
		s := begin(t, retries(3), silentAfter(1000), func(s *attempts.Settings) { s.Quota = quota })
		s.at(0).queues(50).starts().releases(1).opens(1).arms(1000)
		s.at(1000).fires().aborts(1).expect(attempts.Action{Op: attempts.End, Attempt: 0}).
			outcomeIs(unavailable, status.ReasonBufferExceeded, "attempt 1: nothing arrived within 1 s")
	})
}

// A silent attempt's record and events say so.
func TestSilenceIsObserved(t *testing.T) {
	s := begin(t, retries(2), silentAfter(1000), func(s *attempts.Settings) { s.Observe = true })
	s.at(0).starts().opens(1).arms(1000)
	s.at(1000).fires().aborts(1).arms(1500)
	s.at(1500).cancels("enough").disarms().overLocally(canceled, status.ReasonCanceled, "enough")
	record := s.machine.Records()[0]
	if record.Outcome != status.OutcomeFailed || record.Code != int(unavailable) || record.HeadAt != status.None || record.EndedAt != int64(plan.Second) {
		t.Errorf("%+v", record)
	}
	for _, e := range s.observed {
		if e.Kind == attempts.AttemptEnded && (e.Outcome != status.OutcomeFailed || e.Message != "attempt 1: nothing arrived within 1 s") {
			t.Errorf("%+v", e)
		}
	}
}
