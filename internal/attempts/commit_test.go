package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

func TestCommit(t *testing.T) {
	t.Run("51_headers_then_failure", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(10).answers(1).releases(1).header(1)
		s.at(20).ends(1, unavailable).over(1, unavailable, status.ReasonResponseHeaders)
	})
	t.Run("51_pushback_behind_headers", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(10).answers(1).releases(1).header(1)
		s.at(20).pushes(1, unavailable, "0").over(1, unavailable, status.ReasonResponseHeaders)
	})
	t.Run("53_trailers_only_ok", func(t *testing.T) {
		s := begin(t, retries(5), throttled(bucket(10, 500, 2)))
		s.at(0).starts().opens(1)
		s.at(10).ends(1, ok).releases(1).header(1).over(1, ok, status.ReasonResponseHeaders).tokens(8.5)
	})
	t.Run("54_an_ok_that_is_none_is_not_tried_again", func(t *testing.T) {
		// Package call finds no message before the OK: it commits, then ends with UNIMPLEMENTED.
		s := begin(t, listed(status.Unimplemented), throttled(bucket(10, 500, 2)))
		s.at(0).starts().opens(1)
		s.at(10).answers(1).releases(1).header(1)
		s.ends(1, status.Unimplemented).over(1, status.Unimplemented, status.ReasonResponseHeaders).tokens(8)
	})
	t.Run("55_dropped", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.at(10).dropped(1).over(1, unavailable, status.ReasonDrop)
	})
	t.Run("committing_twice_is_once", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.answers(1).releases(1).header(1)
		s.answers(1)
	})
}

func TestBuffer(t *testing.T) {
	const mebibyte = 1 << 20
	channel := func(perChannel, perCall int64) *attempts.Quota { return attempts.NewQuota(perChannel, perCall) }

	t.Run("56_just_fits", func(t *testing.T) {
		s := begin(t, retries(5), quota(channel(16*mebibyte, mebibyte)))
		s.at(0).queues(mebibyte).buffered(mebibyte).starts().opens(1)
		for n := 1; n < 5; n++ {
			s.pushes(n, unavailable, "0").opens(n + 1).buffered(mebibyte)
		}
		s.ends(5, unavailable).over(5, unavailable, status.ReasonExhausted).buffered(0)
	})
	t.Run("56_just_too_large", func(t *testing.T) {
		s := begin(t, retries(5), quota(channel(16*mebibyte, mebibyte)))
		s.at(0).queues(mebibyte + 1).buffered(0).starts().releases(1).opens(1)
		s.pushes(1, unavailable, "0").over(1, unavailable, status.ReasonBufferExceeded).buffered(0)
	})
	t.Run("57_third_call_of_a_full_channel", func(t *testing.T) {
		shared := channel(200, mebibyte)
		first, second, third := begin(t, retries(5), quota(shared)), begin(t, retries(5), quota(shared)), begin(t, retries(5), quota(shared))
		first.at(0).queues(97).starts().opens(1)
		second.at(0).queues(97).starts().opens(1)
		third.at(0).queues(97).buffered(194).starts().releases(1).opens(1)
		first.pushes(1, unavailable, "0").opens(2)
		second.pushes(1, unavailable, "0").opens(2)
		third.pushes(1, unavailable, "0").over(1, unavailable, status.ReasonBufferExceeded).buffered(194)
		first.answers(2).releases(2).header(2).buffered(97)
		second.cancels("no more").aborts(2).overLocally(canceled, status.ReasonCanceled, "no more").buffered(0)
		first.ends(2, ok).over(2, ok, status.ReasonResponseHeaders).buffered(0)
	})
	t.Run("without_limits", func(t *testing.T) {
		s := begin(t, retries(5), quota(channel(attempts.Unlimited, attempts.Unlimited)))
		s.at(0).queues(1<<40, 1<<40).buffered(1 << 41).starts().opens(1)
		s.ends(1, unavailable).arms(500)
	})
	t.Run("call_without_a_policy_keeps_nothing", func(t *testing.T) {
		s := begin(t)
		s.at(0).queues(1 << 40).starts().opens(1)
		s.ends(1, ok).releases(1).header(1).over(1, ok, status.ReasonResponseHeaders)
		s.queues(1)
	})
}

func TestTransparent(t *testing.T) {
	t.Run("66_not_sent_any_number_of_times", func(t *testing.T) {
		s := begin(t, retries(2), throttled(bucket(10, 1, 0)))
		s.at(0).starts().opens(1)
		s.notSent(1).opens(2)
		s.notSent(2).opens(3)
		s.notSent(3).opens(4).numbered(1, 1, 1, 1)
		s.pushes(4, unavailable, "0").opens(5).tokens(9)
		s.notSent(5).opens(6).numbered(1, 1, 1, 1, 2, 2).tokens(9)
		s.answers(6).releases(6).header(6)
	})
	t.Run("66_without_a_policy_too", func(t *testing.T) {
		s := begin(t)
		s.at(0).starts().opens(1)
		s.notSent(1).opens(2)
		s.ends(2, unavailable).over(2, unavailable, status.ReasonFatalStatus)
	})
	t.Run("66_at_most_a_thousand_times", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		for n := 1; n <= 1000; n++ {
			s.notSent(n).opens(n + 1)
		}
		s.notSent(1001).overLocally(status.Internal, status.ReasonInternal, "said attempt 1001")
	})
	t.Run("67_refused_once_is_free", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.refused(1).opens(2).numbered(1, 1)
		s.at(0).refused(2).arms(500)
		s.at(500).fires().opens(3).numbered(1, 1, 2)
	})
	t.Run("68_refused_after_a_server_saw_it", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).starts().opens(1)
		s.pushes(1, unavailable, "0").opens(2)
		s.at(0).refused(2).arms(500)
	})
	t.Run("within_the_deadline", func(t *testing.T) {
		s := begin(t, retries(5), deadline(100))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).notSent(1).aborts(1).disarms().overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1")
	})
}

// Metadata of the attempt's own is got anew for each (SEMANTICS 2.5d).
func TestPrepare(t *testing.T) {
	t.Run("before_each_attempt", func(t *testing.T) {
		s := begin(t, retries(5), prepares)
		s.at(0).starts().prepares(1)
		s.at(10).prepared(1).opens(1)
		s.at(20).pushes(1, unavailable, "0").prepares(2)
		s.at(30).prepared(2).opens(2)
	})
	t.Run("cannot_be_had", func(t *testing.T) {
		s := begin(t, hedges(5, 10), prepares, throttled(bucket(10, 1, 0)))
		s.at(0).starts().prepares(1).arms(10)
		s.at(5).prepared(1).opens(1)
		s.at(10).fires().prepares(2).arms(20)
		s.at(11).unprepared(2, unavailable).aborts(1).disarms().over(2, unavailable, status.ReasonFatalStatus).tokens(10)
		s.prepared(1)
		s.unprepared(1, unavailable)
	})
	t.Run("cannot_be_had_for_the_committed_attempt", func(t *testing.T) {
		s := begin(t, retries(5), prepares, quota(attempts.NewQuota(1000, 100)))
		s.at(0).queues(101).starts().releases(1).prepares(1)
		s.at(5).unprepared(1, unavailable).over(1, unavailable, status.ReasonBufferExceeded)
		s.recorded(`1 first committed 0–5 head none http none UNAVAILABLE "said attempt 1"`)
	})
}
