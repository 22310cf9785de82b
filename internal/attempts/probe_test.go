package attempts_test

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/endpoints"
)

// failed is a pool whose endpoint "a" has failed once, this many ms after 0.
func failed(t *testing.T, after float64) *endpoints.Pool {
	t.Helper()
	p := pool()
	s := begin(t, sentTo(p, nil)).at(0).starts().opens(1).went("a")
	s.at(after).ends(1, unavailable).over(1, unavailable, status.ReasonFatalStatus)
	return p
}

// sent is a call whose first attempt has just been sent to this endpoint.
func sent(t *testing.T, ms float64, to string, options ...option) *script {
	t.Helper()
	s := begin(t, options...).at(ms).starts().opens(1)
	s.asked = nil // what else it waits for, which other tests look at
	return s.went(to)
}

// isAnswered is the end of a call without a policy.
func (s *script) isAnswered(ms float64) {
	s.t.Helper()
	s.at(ms).answers(1).releases(1).header(1).ends(1, ok).over(1, ok, status.ReasonResponseHeaders)
}

// SEMANTICS 8.6f: a probe must not cost a call its success.
func TestProbes(t *testing.T) {
	for name, c := range map[string]struct {
		policy        []option
		quick, silent string // where a call goes if "a" has failed at once, and after two seconds
	}{
		"no_policy":                           {nil, "b", "b"},
		"retries":                             {[]option{retries(2)}, "a", "b"},
		"retries_after_perAttemptRecvTimeout": {[]option{retries(2), silentAfter(1000)}, "a", "a"},
		"hedging":                             {[]option{hedges(2, 100)}, "a", "a"},
	} {
		t.Run("148_"+name, func(t *testing.T) {
			sent(t, 40e3, c.quick, append(c.policy, sentTo(failed(t, 10), nil))...)
			sent(t, 40e3, c.silent, append(c.policy, sentTo(failed(t, 2000), nil))...)
		})
	}
	t.Run("148_an_application's_failure_shows_that_the_endpoint_is_well", func(t *testing.T) {
		p := failed(t, 10)
		sent(t, 35e3, "b", sentTo(p, nil))
		s := sent(t, 40e3, "a", retries(2), sentTo(p, nil))
		s.at(40010).failsWith(1, 200, status.NotFound).over(1, status.NotFound, status.ReasonFatalStatus)
		s = sent(t, 41e3, "b", sentTo(p, nil)) // calls stay where they are well
		s.at(41010).ends(1, unavailable).over(1, unavailable, status.ReasonFatalStatus)
		sent(t, 42e3, "a", sentTo(p, nil))
	})
	t.Run("153_one_that_lags_is_probed_only_by_a_call_whose_answer_is_timed", func(t *testing.T) {
		p, usual := pool(), new(float32)
		sent(t, 0, "a", sentTo(p, usual)).isAnswered(5)
		for ms := 100.0; ms < 700; ms += 100 {
			sent(t, ms, "a", sentTo(p, usual)).isAnswered(ms + 80)
		}
		sent(t, 1000, "b", sentTo(p, usual)).isAnswered(1005)
		sent(t, 60e3, "b", hedges(2, 100), sentTo(p, nil))
		sent(t, 60e3, "a", hedges(2, 100), sentTo(p, usual))
	})
}

// SEMANTICS 8.6g: nobody waits for an endpoint to which nothing was sent.
func TestNothingSentShowsNothing(t *testing.T) {
	p, usual := pool(), new(float32)
	sent(t, 0, "a", sentTo(p, usual)).isAnswered(5)
	s := begin(t, sentTo(p, usual), prepares).at(1000).starts().prepares(1)
	s.at(1010).unprepared(1, unavailable).over(1, unavailable, status.ReasonFatalStatus)
	s = begin(t, sentTo(p, usual), prepares).at(2000).starts().prepares(1)
	s.at(2010).cancels("").aborts(1).overLocally(canceled, status.ReasonCanceled, "")
	s = begin(t, sentTo(p, usual), waitsForReady).at(3000).offline().starts()
	s.at(3010).cancels("").overLocally(canceled, status.ReasonCanceled, "")
	sent(t, 4000, "a", sentTo(p, usual))
	sent(t, 4040, "a", sentTo(p, usual))
	sent(t, 4041, "b", sentTo(p, usual))
}
