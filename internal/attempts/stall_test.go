package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// The warning of an exchange that may be stuck for fetch is half-duplex: after
// 5 s of waiting for a message, nothing received and the request open.
func TestStalled(t *testing.T) {
	t.Run("after_five_seconds_and_once", func(t *testing.T) {
		s := begin(t, streams)
		s.at(0).begins().opens(1)
		s.at(100).awaits().arms(5100)
		s.at(200).awaits()
		s.at(5099).fires().arms(5100)
		s.at(5100).fires().warns()
		s.at(5200).awaits()
		s.at(90_000).fires()
		s.answers(1).releases(1).header(1)
	})
	t.Run("before_any_attempt_too", func(t *testing.T) {
		s := begin(t, wholes)
		s.at(0).begins().awaits().arms(5000)
		s.at(5000).fires().warns()
		s.at(6000).halfCloses().opens(1)
	})
	t.Run("beside_the_deadline", func(t *testing.T) {
		s := begin(t, streams, deadline(6000))
		s.at(0).begins().opens(1).arms(6000)
		s.awaits().arms(5000)
		s.at(5000).fires().warns().arms(6000)
		s.at(6000).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1")
	})
	t.Run("not_at_the_deadline", func(t *testing.T) {
		s := begin(t, streams, deadline(5000))
		s.at(0).begins().opens(1).arms(5000)
		s.awaits()
		s.at(5000).fires().aborts(1).overLocally(deadlineCode, status.ReasonDeadline, "during attempt 1")
	})
	t.Run("beside_a_backoff", func(t *testing.T) {
		s := begin(t, retries(5), streams, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().opens(1)
		s.awaits().arms(5000)
		s.at(100).ends(1, unavailable).arms(600)
		s.at(600).fires().opens(2).arms(5000)
		s.at(4500).ends(2, unavailable) // the next begins at 5500
		s.at(5000).fires().warns().arms(5500)
		s.at(5500).fires().opens(3)
	})
	t.Run("beside_a_hedge_that_is_overdue", func(t *testing.T) {
		s := begin(t, hedges(2, 100), streams)
		s.at(0).begins().opens(1).arms(100)
		s.at(150).awaits().opens(2).arms(5150) // before the driver's timer, which comes late
		s.at(160).fires().arms(5150)
	})
	t.Run("not_after_a_head", func(t *testing.T) {
		s := begin(t, retries(5), streams, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().opens(1)
		s.at(100).awaits().arms(5100)
		s.at(200).answers(1).releases(1).header(1).disarms()
		s.at(300).awaits()

		s = begin(t, streams)
		s.at(0).begins().opens(1)
		s.at(200).answers(1).releases(1).header(1)
		s.at(300).awaits()
	})
	t.Run("not_after_a_head_that_did_not_commit", func(t *testing.T) {
		s := begin(t, retries(5), streams, quota(attempts.NewQuota(1000, 100)))
		s.at(0).begins().opens(1)
		s.at(100).event(func(m *attempts.Machine) { m.Head(s.now, 0, 200) })
		s.at(200).awaits()
		s.pushes(1, unavailable, "0").opens(2)
		s.at(300).awaits()
	})
	t.Run("not_after_the_half_close", func(t *testing.T) {
		s := begin(t, streams)
		s.at(0).begins().opens(1)
		s.at(100).awaits().arms(5100)
		s.at(200).halfCloses().disarms()
		s.at(300).awaits()

		s = begin(t)
		s.at(0).starts().opens(1)
		s.awaits()
	})
	t.Run("not_after_the_end", func(t *testing.T) {
		s := begin(t, streams)
		s.at(0).begins().opens(1)
		s.awaits().arms(5000)
		s.at(1000).cancels("no more").aborts(1).disarms().overLocally(canceled, status.ReasonCanceled, "no more")
		s.at(2000).awaits().fires()
		s.at(5000).fires()
	})
}
