package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

func TestHedgingBuffer(t *testing.T) {
	t.Run("86_unary_message_too_large", func(t *testing.T) {
		for _, delay := range []float64{0, 1} {
			s := begin(t, hedges(5, delay), quota(attempts.NewQuota(1000, 100)))
			s.at(0).queues(101).starts().releases(1).opens(1).buffered(0)
			s.at(10).ends(1, unavailable).over(1, unavailable, status.ReasonBufferExceeded).buffered(0)
		}
	})
	t.Run("87_survivor_is_the_furthest", func(t *testing.T) {
		s := begin(t, hedges(3, 100), quota(attempts.NewQuota(1000, 100)))
		s.at(0).starts().opens(1).arms(100)
		s.queues(60)
		s.at(100).fires().opens(2).arms(200)
		s.took(2, 1)
		s.at(110).queues(60).aborts(1).releases(2).disarms().buffered(0)
		s.at(130).answers(2).header(2)
		s.at(140).ends(2, ok).over(2, ok, status.ReasonBufferExceeded)
	})
	t.Run("87_equal_ones_the_first", func(t *testing.T) {
		s := begin(t, hedges(3, 0), quota(attempts.NewQuota(100, 1000)))
		s.at(0).starts().opens(1, 2, 3)
		s.queues(60).took(3, 1).took(2, 1)
		s.queues(60).aborts(1, 3).releases(2).buffered(0)
	})
	t.Run("87_the_dead_are_not_counted", func(t *testing.T) {
		s := begin(t, hedges(2, 0), quota(attempts.NewQuota(100, 1000)))
		s.at(0).starts().opens(1, 2)
		s.queues(60).took(1, 1)
		s.ends(1, unavailable)
		s.queues(60).releases(2)
	})
	t.Run("88_message_while_no_attempt_runs", func(t *testing.T) {
		s := begin(t, hedges(3, 100), quota(attempts.NewQuota(1000, 100)))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "500").arms(510)
		s.at(20).queues(10).buffered(10)
		s.at(510).fires().opens(2).arms(610)
		s.took(2, 1).answers(2).releases(2).header(2).disarms().buffered(0)
	})
	t.Run("88_overflow_while_no_attempt_runs", func(t *testing.T) {
		s := begin(t, hedges(3, 100), quota(attempts.NewQuota(1000, 100)))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).pushes(1, unavailable, "500").arms(510)
		s.at(20).queues(101).buffered(0)
		s.at(510).fires().releases(2).opens(2)
		s.at(520).ends(2, unavailable).over(2, unavailable, status.ReasonBufferExceeded)
	})
	t.Run("89_a_hundred_at_once", func(t *testing.T) {
		s := begin(t, hedges(100, 0), quota(attempts.NewQuota(1000, 100)))
		var all, others []int
		for n := 1; n <= 100; n++ {
			if all = append(all, n); n != 77 {
				others = append(others, n)
			}
		}
		s.at(0).queues(100).buffered(100).starts().opens(all...).buffered(100)
		s.at(10).answers(77).aborts(others...).releases(77).header(77).buffered(0)
	})
}
