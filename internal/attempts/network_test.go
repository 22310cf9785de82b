package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// Without a network, a call with waitForReady opens nothing (SEMANTICS 1.1d).
func TestWaitForReady(t *testing.T) {
	t.Run("first_attempt", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady)
		s.at(0).offline().starts()
		s.at(100).fires().offline()
		s.at(200).online().opens(1)
		s.at(210).offline().online()
		s.at(220).answers(1).releases(1).header(1)
		s.recorded(`1 first committed 200–none head 220 http 200 none ""`)
	})
	t.Run("others_try_regardless", func(t *testing.T) {
		s := begin(t, retries(5))
		s.at(0).offline().starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(500).fires().opens(2)
		s.at(510).notSent(2).opens(3)
		s.at(520).online()
	})
	t.Run("retry", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady)
		s.at(0).starts().opens(1)
		s.at(0).ends(1, unavailable).arms(500)
		s.at(100).offline()
		s.at(500).fires()
		s.at(900).online().opens(2)
	})
	t.Run("retry_whose_backoff_lasts_longer_than_the_outage", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady)
		s.at(0).starts().opens(1)
		s.at(0).offline().ends(1, unavailable).arms(500)
		s.at(100).online()
		s.at(500).fires().opens(2)
	})
	t.Run("retry_that_is_due_as_the_network_comes", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady)
		s.at(0).starts().opens(1)
		s.at(0).offline().ends(1, unavailable).arms(500)
		s.at(600).online().opens(2).disarms() // the timer is late
		s.at(610).fires()
	})
	t.Run("hedge_and_the_cadence_after_it", func(t *testing.T) {
		s := begin(t, hedges(4, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		s.at(450).online().opens(2).arms(550)
		s.at(550).fires().opens(3).arms(650)
	})
	t.Run("hedges_without_delay", func(t *testing.T) {
		s := begin(t, hedges(3, 0), waitsForReady)
		s.at(0).offline().starts()
		s.at(100).online().opens(1, 2, 3)
	})
	t.Run("pushback_replaces_a_hedge_that_waits", func(t *testing.T) {
		s := begin(t, hedges(4, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		s.at(150).pushes(1, unavailable, "500").arms(650)
		s.at(200).online() // not before the server allows it
		s.at(650).fires().opens(2).arms(750)
	})
	t.Run("half_close", func(t *testing.T) {
		s := begin(t, retries(5), wholes, waitsForReady)
		s.at(0).begins().offline()
		s.at(10).halfCloses()
		s.at(20).halfCloses()
		s.at(30).online().opens(1)

		s = begin(t, retries(5), wholes, waitsForReady)
		s.at(0).offline().begins()
		s.at(10).online() // there is nothing to send yet
		s.at(20).halfCloses().opens(1)

		s = begin(t, retries(5), streams, waitsForReady, quota(attempts.NewQuota(1000, 100)))
		s.at(0).offline().begins().queues(10).written(1)
		s.at(10).halfCloses()
		s.at(20).online().opens(1)
	})
	t.Run("deadline", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady, deadline(300))
		s.at(0).offline().starts().arms(300)
		s.at(300).fires().overLocally(deadlineCode, status.ReasonDeadline,
			"the deadline of 300 ms passed while waiting for a network to begin attempt 1")

		s = begin(t, retries(5), waitsForReady, deadline(600))
		s.at(0).starts().opens(1).arms(600)
		s.at(0).offline().ends(1, unavailable).arms(500)
		s.at(500).fires().arms(600)
		s.at(600).fires().overLocally(deadlineCode, status.ReasonDeadline,
			"waiting for a network to begin attempt 2; attempt 1 had failed with UNAVAILABLE: said attempt 1")
	})
	t.Run("network_after_the_deadline", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady, deadline(300))
		s.at(0).offline().starts().arms(300)
		s.at(400).online().disarms().overLocally(deadlineCode, status.ReasonDeadline, "waiting for a network")
	})
	t.Run("cancel", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady)
		s.at(0).offline().starts()
		s.at(100).cancels("no more").overLocally(canceled, status.ReasonCanceled, "no more")
		s.at(200).online()
	})
	t.Run("60_overflow", func(t *testing.T) {
		s := begin(t, retries(5), streams, waitsForReady, quota(attempts.NewQuota(1000, 100)))
		s.at(0).offline().begins().queues(60).written(1)
		s.at(10).queues(60).buffered(0)
		s.at(20).online().releases(1).opens(1)
		s.took(1, 2).written(2)
	})
	t.Run("81_throttle_trips_before_a_hedge_that_waits", func(t *testing.T) {
		shared := bucket(4, 1, 0)
		s := begin(t, hedges(4, 100), waitsForReady, throttled(shared))
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		shared.Strike()
		shared.Strike()
		s.at(200).online() // frozen
		s.at(300).answers(1).releases(1).header(1)
	})
	t.Run("82_throttle_trips_by_the_last_that_runs", func(t *testing.T) {
		s := begin(t, hedges(4, 100), waitsForReady, throttled(bucket(4, 1, 1)))
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		s.at(150).ends(1, unavailable).over(1, unavailable, status.ReasonThrottled)
		s.at(200).online()
	})
	t.Run("83_throttle_trips_while_none_runs", func(t *testing.T) {
		shared := bucket(10, 1, 0)
		s := begin(t, hedges(4, 100), waitsForReady, throttled(shared))
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline().pushes(1, unavailable, "500").arms(550)
		for range 5 {
			shared.Strike()
		}
		s.at(550).fires().over(1, unavailable, status.ReasonThrottled) // it was due: no network would change that
	})
	t.Run("commit_of_another_attempt", func(t *testing.T) {
		s := begin(t, hedges(4, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		s.at(150).answers(1).releases(1).header(1)
		s.at(200).online()
		s.at(210).ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("fatal_code_of_another_attempt", func(t *testing.T) {
		s := begin(t, hedges(4, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		s.at(150).ends(1, invalidArgument).over(1, invalidArgument, status.ReasonFatalStatus)
		s.at(200).online()
	})
	t.Run("stall_warning", func(t *testing.T) {
		s := begin(t, streams, waitsForReady)
		s.at(0).offline().begins().awaits().arms(5000)
		s.at(5000).fires().warns()
		s.at(6000).online().opens(1)
	})
}

// A transparent restart is no exception: at once means as soon as there is a
// network. What the transport cannot send for want of one would else use up
// every restart that the call has (SEMANTICS 2.9e).
func TestWaitForReadyTransparent(t *testing.T) {
	t.Run("66_not_sent", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady, deadline(9000))
		s.at(0).starts().opens(1).arms(9000)
		s.at(10).offline()
		s.at(20).notSent(1)
		s.at(30).fires().arms(9000)
		s.at(500).online().opens(2).numbered(1, 1)
		s.at(510).answers(2).releases(2).header(2)
		s.recorded(
			`1 first failed 0–20 head none http none UNAVAILABLE "said attempt 1"`,
			`1 transparent committed 20–none head 510 http 200 none ""`)
	})
	t.Run("90_in_place_of_a_hedge", func(t *testing.T) {
		s := begin(t, hedges(4, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(110).offline().notSent(2)
		s.at(120).notSent(1)
		s.at(200).fires() // a third hedge waits too
		s.at(400).online().opens(3, 4, 5).arms(500).numbered(1, 2, 2, 1, 3)
	})
	t.Run("a_hold_waits_for_it", func(t *testing.T) {
		s := begin(t, hedges(2, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2)
		s.at(110).offline().notSent(1)
		s.at(120).ends(2, unavailable) // the last of two; the first goes on
		s.at(200).online().opens(3)
		s.at(210).ends(3, ok).releases(3).header(3).over(3, ok, status.ReasonResponseHeaders)
	})
	t.Run("the_driver_knows_nothing_of_it_before", func(t *testing.T) {
		s := begin(t, hedges(2, 100), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2)
		s.at(110).offline().notSent(1)
		s.at(120).answers(2).releases(2).header(2)
		s.at(130).online()
		s.recorded(
			`1 first failed 0–110 head none http none UNAVAILABLE "said attempt 1"`,
			`2 hedge committed 100–none head 120 http 200 none ""`,
			`1 transparent aborted 110–120 head none http none none ""`)

		s = begin(t, retries(5), waitsForReady)
		s.at(0).starts().opens(1)
		s.at(10).offline().notSent(1)
		s.at(20).cancels("no more").overLocally(canceled, status.ReasonCanceled, "no more")
		s.at(30).online()
	})
	t.Run("overflow_meanwhile", func(t *testing.T) {
		s := begin(t, retries(5), streams, waitsForReady, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().opens(1)
		s.queues(60).written(1).took(1, 1)
		s.at(10).offline().notSent(1)
		s.at(20).queues(60).releases(2).buffered(0)
		s.at(30).online().opens(2)
		s.took(2, 2).written(2)
		s.at(40).ends(2, unavailable).over(2, unavailable, status.ReasonBufferExceeded)
	})
	t.Run("with_metadata_of_its_own", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady, prepares)
		s.at(0).starts().prepares(1)
		s.at(10).prepared(1).opens(1)
		s.at(20).offline().notSent(1)
		s.at(100).online().prepares(2)
		s.at(110).offline().prepared(2) // there is none any more
		s.at(200).online().opens(2)
		s.at(210).offline().online()
	})
	t.Run("abort_of_one_that_is_prepared", func(t *testing.T) {
		s := begin(t, retries(5), waitsForReady, prepares)
		s.at(0).starts().prepares(1)
		s.at(10).offline().prepared(1)
		s.at(20).cancels("no more").aborts(1).overLocally(canceled, status.ReasonCanceled, "no more")
		s.at(30).online()
	})
}
