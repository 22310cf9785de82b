package endpoints

import (
	"math/rand/v2"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// A world is a Pool that is told, by verbs at exact instants, what becomes of attempts.
type world struct {
	*Pool
	t     *testing.T
	now   plan.Duration
	usual float32
}

func of(t *testing.T, n int) *world { return &world{Pool: New(make([]string, n)), t: t} }

const ms = plan.Millisecond

func (w *world) at(now plan.Duration) *world {
	w.now = now
	return w
}

// call is a unary call's first attempt, which must go to this endpoint and be answered.
func (w *world) call(to int, took plan.Duration) *world {
	w.t.Helper()
	return w.picks(to, Silent).opens(to).hears(to, Answered, took)
}

func (w *world) picks(want int, heals Heals) *world {
	w.t.Helper()
	if got := w.Pick(w.now, 0, 0, heals, true); got != want {
		w.t.Errorf("at %d ms: a call goes to endpoint %d, want %d", w.now/ms, got, want)
	}
	return w
}

// retries is an attempt after those that went to these endpoints.
func (w *world) retries(want int, after ...int) *world {
	w.t.Helper()
	tried := uint32(0)
	for _, i := range after {
		tried |= 1 << i
	}
	if got := w.Pick(w.now, tried, after[len(after)-1], Silent, true); got != want {
		w.t.Errorf("at %d ms: after %v, an attempt goes to endpoint %d, want %d", w.now/ms, after, got, want)
	}
	return w
}

func (w *world) opens(i int) *world {
	w.Opened(w.now, i, &w.usual)
	return w
}

func (w *world) hears(i int, o Outcome, took plan.Duration) *world {
	w.now += took
	w.Heard(w.now, i, o, took, &w.usual)
	return w
}

// answers is n answers of an endpoint, one after the other, whether new calls go there or not.
func (w *world) answers(n, i int, took plan.Duration) *world {
	for range n {
		w.opens(i).hears(i, Answered, took)
	}
	return w
}

// slow makes some endpoints slow beside a quick one.
func (w *world) slow(quick int, slow ...int) *world {
	for range 12 {
		w.answers(2, quick, 5*ms)
		for _, i := range slow {
			w.answers(1, i, 40*ms)
		}
	}
	return w
}

func (w *world) fails(i int) *world { return w.opens(i).hears(i, Failing, ms) }

func (w *world) ejects(want ...int) *world {
	w.t.Helper()
	for i := range w.all {
		is := false
		for _, j := range want {
			is = is || i == j
		}
		if w.all[i].ejected != is {
			w.t.Errorf("at %d ms: endpoint %d is ejected: %v, want %v", w.now/ms, i, !is, is)
		}
	}
	return w
}

// SEMANTICS 8.6b.
func TestSticky(t *testing.T) {
	t.Run("145_calls_stay_with_the_first", func(t *testing.T) {
		w := of(t, 3)
		for i := range 100 {
			w.call(0, plan.Duration(4+i%3)*ms)
		}
		w.ejects()
	})
	t.Run("145_a_slow_answer_now_and_then_moves_nobody", func(t *testing.T) {
		w := of(t, 3).call(0, 5*ms)
		for range 10 {
			w.call(0, 50*ms)
			for range 15 {
				w.call(0, 5*ms)
			}
		}
		w.ejects()
	})
	t.Run("146_an_attempt_goes_to_another_endpoint_than_the_one_before", func(t *testing.T) {
		of(t, 3).picks(0, Silent).retries(1, 0).retries(2, 0, 1).retries(0, 0, 1, 2).retries(1, 1, 2, 0)
		of(t, 2).picks(0, Silent).retries(1, 0).retries(0, 0, 1).retries(1, 0, 1, 0)
	})
	t.Run("146_an_ejected_one_is_not_that_other", func(t *testing.T) {
		w := of(t, 2).fails(1).ejects(1)
		w.picks(0, Silent).retries(0, 0)
	})
	t.Run("146_however_slow_the_others_are", func(t *testing.T) {
		w := of(t, 3).slow(0, 1, 2).ejects(1) // 2 lags too, but two were more than half
		w.retries(2, 0).retries(0, 0, 2).retries(2, 0, 2, 0)
	})
	t.Run("146_of_those_that_had_one_the_quicker", func(t *testing.T) {
		of(t, 3).answers(20, 2, 5*ms).retries(2, 1, 2, 0)
	})
}

// SEMANTICS 8.6c, 8.6e, 8.6f.
func TestFailing(t *testing.T) {
	t.Run("147_a_failure_moves_calls_at_once", func(t *testing.T) {
		w := of(t, 3).call(0, 5*ms).fails(0).ejects(0)
		w.retries(1, 0).picks(1, Silent).call(1, 5*ms).call(1, 5*ms)
	})
	t.Run("148_for_30_s_times_how_often_then_one_call_probes", func(t *testing.T) {
		w := of(t, 3).call(0, 5*ms).fails(0).call(1, 5*ms)
		begun := w.now - 5*ms
		for n := 1; n <= 12; n++ {
			span := plan.Duration(min(30*n, 300)) * plan.Second
			w.at(begun+span-ms).call(1, ms)
			w.at(begun+span).picks(0, Silent).opens(0)
			w.picks(1, Silent) // one at a time
			w.hears(0, Failing, 2*ms)
			begun = w.now
			w.call(1, 5*ms).ejects(0)
		}
		w.at(begun+300*plan.Second).call(0, 5*ms).ejects()
		w.call(1, 5*ms) // where calls are well, they stay
	})
	t.Run("148_only_a_call_that_survives_it_probes", func(t *testing.T) {
		of(t, 2).fails(0).at(40*plan.Second).picks(1, Never).picks(0, Failed)
		w := of(t, 2).opens(0).hears(0, Failing, 2*plan.Second).at(40 * plan.Second)
		w.picks(1, Never).picks(1, Failed).picks(0, Silent)
		of(t, 2).opens(0).hears(0, Failing, plan.Second).at(40*plan.Second).picks(0, Failed)
	})
	t.Run("148_in_a_row_is_within_300_s", func(t *testing.T) {
		const until = ms + 60*plan.Second // when it may be probed again after its first failure and a probe
		for after, span := range map[plan.Duration]plan.Duration{
			300*plan.Second - ms: 60 * plan.Second,
			300 * plan.Second:    30 * plan.Second,
		} {
			w := of(t, 2).fails(0).at(until-30*plan.Second).call(0, 5*ms).at(until + after).fails(0)
			begun := w.now
			w.at(begun+span-ms).picks(1, Silent).at(begun+span).picks(0, Silent)
		}
	})
	t.Run("149_never_more_than_half_and_then_the_least_bad_one", func(t *testing.T) {
		w := of(t, 3).fails(0).fails(1).ejects(0).picks(2, Never)
		w.retries(2, 2) // the only one that is well
		of(t, 5).fails(0).fails(1).fails(2).ejects(0, 1).picks(3, Never)
	})
	t.Run("149_one_that_fails_beyond_that_is_probed_like_the_others", func(t *testing.T) {
		w := of(t, 3).fails(0).fails(1).at(20*plan.Second).picks(2, Silent)
		w.at(31*plan.Second).picks(0, Silent).picks(1, Silent).picks(2, Silent)
	})
	t.Run("149_slow_is_less_bad_than_failing", func(t *testing.T) {
		w := of(t, 4).slow(2, 0, 1).ejects(0, 1)
		w.fails(2).fails(3).ejects(0, 1)
		w.picks(0, Never).retries(1, 0).retries(0, 0, 1)
	})
	t.Run("150_if_all_fail_the_network_is_to_blame", func(t *testing.T) {
		w := of(t, 3).call(0, 5*ms).fails(0).fails(1).fails(2).ejects()
		w.call(0, 5*ms).call(1, 5*ms) // each is probed at once
		w.picks(2, Silent)
	})
	t.Run("150_each_by_one_call", func(t *testing.T) {
		w := of(t, 3).fails(0).fails(1).fails(2)
		w.picks(0, Silent).picks(1, Silent).picks(2, Silent).opens(2) // which hangs
		w.opens(0).hears(0, Answered, 5*ms)
		w.picks(0, Silent).at(29*plan.Second).picks(0, Silent)
	})
	t.Run("150_until_then_those_that_failed_least_get_the_attempts", func(t *testing.T) {
		w := of(t, 2).fails(0).fails(0).fails(0).fails(1).picks(1, Never)
		w.retries(0, 1).retries(1, 1, 0)
	})
	t.Run("151_a_late_deadline_is_a_failure_and_a_short_one_is_none", func(t *testing.T) {
		w := of(t, 2).call(0, 100*ms)
		w.opens(0).hears(0, Late, 150*ms).ejects().picks(0, Never)
		w.opens(0).hears(0, Late, 900*ms).ejects(0).picks(1, Never)
		of(t, 2).call(0, 100*ms).opens(0).hears(0, Late, 800*ms).ejects()
	})
	t.Run("152_a_crowd_that_fails_at_once_ejects_once", func(t *testing.T) {
		w := of(t, 2)
		for range 50 {
			w.opens(0)
		}
		for range 50 {
			w.hears(0, Failing, 0)
		}
		w.at(31*plan.Second).picks(0, Failed)
	})
}

// Whatever happens, some endpoint is chosen, at most half are ejected, and nothing waits
// that has been heard of.
func TestPoolWalks(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 2 + r.IntN(Most-1)
		p, now := New(make([]string, n)), plan.Duration(r.Int64N(int64(plan.Second)))
		type attempt struct {
			at    int
			since plan.Duration
			usual *float32
		}
		methods := make([]float32, 3)
		var open []attempt
		for range 300 {
			now += plan.Duration(r.Int64N(int64(10 * plan.Second)))
			if len(open) > 0 && r.IntN(2) == 0 {
				i := r.IntN(len(open))
				a := open[i]
				open = append(open[:i], open[i+1:]...)
				p.Heard(now, a.at, Outcome(r.IntN(4)), now-a.since, a.usual)
			} else {
				tried, last := uint32(r.IntN(1<<n)), r.IntN(n)
				if r.IntN(2) == 0 {
					tried = 0
				} else {
					tried |= 1 << last
				}
				a := attempt{at: p.Pick(now, tried, last, Heals(r.IntN(3)), r.IntN(2) == 0), since: now}
				if r.IntN(4) > 0 {
					a.usual = &methods[r.IntN(3)]
				}
				if a.at < 0 || a.at >= n || tried != 0 && a.at == last && n > 2 && p.all[a.at].failures > 0 && someWell(p, last) {
					t.Fatalf("seed %d: after %b the last at %d, endpoint %d of %d", seed, tried, last, a.at, n)
				}
				p.Opened(now, a.at, a.usual)
				open = append(open, a)
			}
			out, waiting, timed := 0, 0, 0
			for i := range p.all {
				if p.all[i].ejected {
					out++
				}
				waiting += p.all[i].waiting
				if lag := p.all[i].lag; !(lag > 0 && lag <= most) {
					t.Fatalf("seed %d: a lag of %v", seed, lag)
				}
			}
			for _, a := range open {
				if a.usual != nil {
					timed++
				}
			}
			if 2*out > n || waiting != timed {
				t.Fatalf("seed %d: %d of %d are ejected, %d attempts wait, and %d should", seed, out, n, waiting, timed)
			}
		}
	}
}

func someWell(p *Pool, but int) bool {
	for i := range p.all {
		if i != but && p.all[i].well() {
			return true
		}
	}
	return false
}
