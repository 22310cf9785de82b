package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// neverSaysNotSent is a transport, such as fetch, that cannot tell whether a request
// that failed was sent.
func neverSaysNotSent(s *attempts.Settings) { s.Restarts = false }

// When the driver may let go of the request's messages (SEMANTICS 2.5a, 2.9g).
func TestRelease(t *testing.T) {
	const mib = 1 << 20
	t.Run("no_policy_and_no_restarts", func(t *testing.T) {
		s := begin(t, streams, neverSaysNotSent)
		s.at(0).begins().opens(1).releases(1)
		s.queues(10).took(1, 1).written(1)
		s.notSent(1).over(1, unavailable, status.ReasonFatalStatus) // whatever it says: a part is gone
	})
	t.Run("not_sent_before_anything_was_taken", func(t *testing.T) {
		s := begin(t, streams, neverSaysNotSent)
		s.at(0).begins().opens(1).releases(1)
		s.notSent(1).opens(2).releases(2)
		s.halfCloses().ends(2, ok).header(2).over(2, ok, status.ReasonResponseHeaders)
	})
	t.Run("a_policy_keeps_all_until_the_commit", func(t *testing.T) {
		s := begin(t, retries(5), streams, neverSaysNotSent, quota(attempts.NewQuota(100, 100)))
		s.at(0).begins().opens(1)
		s.queues(10).written(1).took(1, 1)
		s.answers(1).releases(1).header(1)
		s.halfCloses().ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
	})
	t.Run("restarts_keep_a_mebibyte_of_an_open_request", func(t *testing.T) {
		s := begin(t, streams)
		s.at(0).begins().opens(1)
		s.queues(mib)
		s.took(1, 1).written(1)
		s.notSent(1).opens(2)
		s.queues(1).releases(2) // one byte more than is kept
		s.took(2, 2).written(2)
		s.queues(mib)
		s.notSent(2).over(2, unavailable, status.ReasonFatalStatus)
	})
	t.Run("restarts_keep_all_of_a_complete_request", func(t *testing.T) {
		s := begin(t)
		s.queues(3 * mib).at(0).starts().opens(1)
		s.took(1, 1)
		s.notSent(1).opens(2)
		s.ends(2, unavailable).over(2, unavailable, status.ReasonFatalStatus)
	})
	t.Run("released_where_it_waited_for_a_network", func(t *testing.T) {
		s := begin(t, streams, waitsForReady)
		s.at(0).offline().begins()
		s.queues(2 * mib)
		s.online().opens(1).releases(1)
		s.halfCloses().ends(1, unavailable).over(1, unavailable, status.ReasonFatalStatus)
	})
}
