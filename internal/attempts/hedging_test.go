package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

func TestHedging(t *testing.T) {
	t.Run("69_no_delay_all_at_once", func(t *testing.T) {
		s := begin(t, hedges(5, 0))
		s.at(0).starts().opens(1, 2, 3, 4, 5).numbered(1, 2, 3, 4, 5)
		s.at(10).answers(4).aborts(1, 2, 3, 5).releases(4).header(4)
		s.at(20).ends(4, ok).over(4, ok, status.ReasonResponseHeaders)
	})
	t.Run("70_cadence_500ms", func(t *testing.T) {
		s := begin(t, hedges(4, 500))
		s.at(0).starts().opens(1).arms(500)
		s.at(500).fires().opens(2).arms(1000)
		s.at(1000).fires().opens(3).arms(1500)
		s.at(1500).fires().opens(4)
		s.at(9999).fires()
	})
	t.Run("70_counts_from_the_start_before_even_if_that_was_late", func(t *testing.T) {
		s := begin(t, hedges(4, 500))
		s.at(0).starts().opens(1).arms(500)
		s.at(800).fires().opens(2).arms(1300)
	})
	t.Run("71_all_fail", func(t *testing.T) {
		for _, delay := range []float64{0, 20} {
			s := begin(t, hedges(3, delay))
			if s.at(0).starts(); delay == 0 {
				s.opens(1, 2, 3)
			} else {
				s.opens(1).arms(20)
				s.at(20).fires().opens(2).arms(40)
				s.at(40).fires().opens(3)
			}
			s.at(50).ends(2, unavailable)
			s.at(60).ends(3, unavailable)
			s.at(70).ends(1, unavailable).over(1, unavailable, status.ReasonExhausted)
		}
	})
	t.Run("72_failure_begins_the_next_at_once", func(t *testing.T) {
		s := begin(t, hedges(3, 10_000))
		s.at(0).starts().opens(1).arms(10_000)
		s.at(10).ends(1, unavailable).opens(2).arms(10_010)
		s.at(20).ends(2, unavailable).opens(3).disarms()
		s.at(30).ends(3, unavailable).over(3, unavailable, status.ReasonExhausted)
	})
	t.Run("73_fatal_code", func(t *testing.T) {
		s := begin(t, hedges(3, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).ends(2, invalidArgument).aborts(1).disarms().over(2, invalidArgument, status.ReasonFatalStatus)
		s.at(200).fires()
	})
	t.Run("73_fatal_code_with_stop_takes_a_token", func(t *testing.T) {
		s := begin(t, hedges(3, 100), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, invalidArgument, "-1").disarms().over(1, invalidArgument, status.ReasonFatalStatus).tokens(9)
	})
	t.Run("73_fatal_code_without_stop_takes_none", func(t *testing.T) {
		s := begin(t, hedges(3, 100), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, invalidArgument, "50").disarms().over(1, invalidArgument, status.ReasonFatalStatus).tokens(10)
	})
	t.Run("78_two_failures_two_hedges", func(t *testing.T) {
		s := begin(t, hedges(5, 1000))
		s.at(0).starts().opens(1).arms(1000)
		s.at(1000).fires().opens(2).arms(2000)
		s.at(1100).ends(1, unavailable).opens(3).arms(2100)
		s.at(1100).ends(2, unavailable).opens(4)
		s.at(2100).fires().opens(5)
	})
	t.Run("79_headers_of_the_second", func(t *testing.T) {
		s := begin(t, hedges(5, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(200).fires().opens(3).arms(300)
		s.at(250).answers(2).aborts(1, 3).releases(2).header(2).disarms()
		s.at(260).answers(1)
		s.at(260).ends(3, unavailable)
		s.at(270).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
		if id, _ := s.machine.Committed(); id != 1 {
			t.Errorf("committed to %d", id)
		}
	})
	t.Run("53_trailers_only_ok_of_a_hedge", func(t *testing.T) {
		s := begin(t, hedges(5, 100), throttled(bucket(10, 500, 1)))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).ends(2, ok).aborts(1).releases(2).header(2).disarms().over(2, ok, status.ReasonResponseHeaders).tokens(9.5)
	})
	t.Run("dropped", func(t *testing.T) {
		s := begin(t, hedges(5, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).dropped(1).aborts(2).disarms().over(1, unavailable, status.ReasonDrop)
	})
	t.Run("90_refused_is_replaced_in_place", func(t *testing.T) {
		s := begin(t, hedges(4, 100), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).refused(2).opens(3).numbered(1, 2, 2)
		s.at(120).refused(3).opens(4).arms(220).numbered(1, 2, 2, 3).tokens(9)
	})
	t.Run("90_not_sent_is_replaced_even_when_no_hedge_may_follow", func(t *testing.T) {
		s := begin(t, hedges(4, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).pushes(1, unavailable, "-1").disarms()
		s.at(120).notSent(2).opens(3).numbered(1, 2, 2)
		s.at(130).ends(3, unavailable).over(3, unavailable, status.ReasonPushback)
	})
}

func TestHedgingPushback(t *testing.T) {
	t.Run("74_exact_delay_then_cadence", func(t *testing.T) {
		s := begin(t, hedges(3, 1000))
		s.at(0).starts().opens(1).arms(1000)
		s.at(10).pushes(1, unavailable, "100").arms(110)
		s.at(109).fires().arms(110)
		s.at(110).fires().opens(2).arms(1110)
		s.at(1110).fires().opens(3)
	})
	t.Run("74_replaces_a_sooner_timer", func(t *testing.T) {
		s := begin(t, hedges(3, 50))
		s.at(0).starts().opens(1).arms(50)
		s.at(10).pushes(1, unavailable, "100").arms(110)
		s.at(50).fires().arms(110)
		s.at(110).fires().opens(2).arms(160)
	})
	t.Run("74_a_plain_failure_during_the_wait", func(t *testing.T) {
		s := begin(t, hedges(4, 1000))
		s.at(0).starts().opens(1).arms(1000)
		s.at(1000).fires().opens(2).arms(2000)
		s.at(1010).pushes(1, unavailable, "5000").arms(6010)
		s.at(1020).ends(2, unavailable).opens(3).arms(2020)
	})
	t.Run("75_zero_is_at_once", func(t *testing.T) {
		s := begin(t, hedges(3, 10_000))
		s.at(0).starts().opens(1).arms(10_000)
		s.at(10).pushes(1, unavailable, "0").opens(2).arms(10_010)
		s.at(20).pushes(2, unavailable, "10000").arms(10_020)
		s.at(10_020).fires().opens(3)
	})
	t.Run("76_stop_lets_the_others_go_on", func(t *testing.T) {
		s := begin(t, hedges(5, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(200).fires().opens(3).arms(300)
		s.at(210).pushes(2, unavailable, "-1").disarms()
		s.at(300).fires()
		s.at(310).ends(3, unavailable)
		s.at(320).answers(1).releases(1).header(1)
		s.at(330).ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("76_stop_is_the_reason_when_the_others_fail", func(t *testing.T) {
		s := begin(t, hedges(5, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).pushes(2, unavailable, "-1").disarms()
		s.at(120).ends(1, unavailable).over(1, unavailable, status.ReasonPushback)
	})
	t.Run("77_stop_of_the_only_attempt", func(t *testing.T) {
		s := begin(t, hedges(5, 100), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "-1").disarms().over(1, unavailable, status.ReasonPushback).tokens(9)
	})
}

func TestHedgingThrottle(t *testing.T) {
	t.Run("80_active_already", func(t *testing.T) {
		s := begin(t, hedges(5, 0), throttled(bucket(4, 1, 2)))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, unavailable).over(1, unavailable, status.ReasonThrottled)

		s = begin(t, hedges(5, 100), throttled(bucket(4, 1, 2)))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires()
		s.at(110).ends(1, unavailable).over(1, unavailable, status.ReasonThrottled)
	})
	t.Run("81_trips_while_the_first_runs", func(t *testing.T) {
		b := bucket(4, 1, 0)
		s := begin(t, hedges(5, 100), throttled(b))
		s.at(0).starts().opens(1).arms(100)
		b.Strike() // by other calls
		b.Strike()
		s.at(100).fires()
		s.at(110).answers(1).releases(1).header(1)
		s.at(120).ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("81_trips_by_one_while_another_runs", func(t *testing.T) {
		s := begin(t, hedges(5, 100), throttled(bucket(4, 1, 1)))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).ends(2, unavailable).disarms()
		s.at(120).answers(1).releases(1).header(1)
	})
	t.Run("82_constant_failures", func(t *testing.T) {
		s := begin(t, hedges(5, 10_000), throttled(bucket(5, 100, 0)))
		s.at(0).starts().opens(1).arms(10_000)
		s.at(10).ends(1, unavailable).opens(2).arms(10_010).tokens(4)
		s.at(20).ends(2, unavailable).opens(3).arms(10_020).tokens(3)
		s.at(30).ends(3, unavailable).disarms().over(3, unavailable, status.ReasonThrottled).tokens(2)
	})
	t.Run("82_the_last_failure_counts_too", func(t *testing.T) {
		s := begin(t, hedges(2, 0), throttled(bucket(10, 100, 0)))
		s.at(0).starts().opens(1, 2)
		s.at(10).ends(1, unavailable).tokens(9)
		s.at(20).ends(2, unavailable).over(2, unavailable, status.ReasonExhausted).tokens(8)
	})
	t.Run("83_trips_within_a_pushback", func(t *testing.T) {
		b := bucket(10, 100, 0)
		s := begin(t, hedges(5, 100), throttled(b))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "1000").arms(1010)
		for range 9 {
			b.Strike() // by other calls
		}
		s.at(1010).fires().over(1, unavailable, status.ReasonThrottled)
	})
}

func TestHedgingEnd(t *testing.T) {
	t.Run("84_deadline", func(t *testing.T) {
		s := begin(t, hedges(5, 0), deadline(100))
		s.at(0).starts().opens(1, 2, 3, 4, 5).arms(100)
		s.at(100).fires().aborts(1, 2, 3, 4, 5).overLocally(deadlineCode, status.ReasonDeadline, "during attempt 5")
	})
	t.Run("84_deadline_within_a_pushback", func(t *testing.T) {
		s := begin(t, hedges(5, 1000), deadline(100))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "5000")
		s.at(100).fires().overLocally(deadlineCode, status.ReasonDeadline, "while waiting to begin attempt 2")
	})
	t.Run("85_cancel_and_close", func(t *testing.T) {
		for _, text := range []string{"the caller canceled", "the channel was closed"} {
			s := begin(t, hedges(5, 100))
			s.at(0).starts().opens(1).arms(100)
			s.at(100).fires().opens(2).arms(200)
			s.at(110).cancels(text).aborts(1, 2).disarms().overLocally(canceled, status.ReasonCanceled, text)
			s.at(200).fires()
		}
	})
	t.Run("85_cancel_in_a_wait", func(t *testing.T) {
		s := begin(t, hedges(5, 100))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "5000").arms(5010)
		s.at(20).cancels("enough").disarms().overLocally(canceled, status.ReasonCanceled, "enough")
	})
}
