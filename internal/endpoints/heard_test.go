package endpoints

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// SEMANTICS 8.6d, 8.6g.
func TestLagging(t *testing.T) {
	t.Run("153_twenty_times_slower_is_ejected_within_ten_calls", func(t *testing.T) {
		w := of(t, 3)
		for range 20 {
			w.call(0, 5*ms)
		}
		n := 0
		for w.Pick(w.now, 0, 0, Never, true) == 0 && n < 100 {
			w.opens(0).hears(0, Answered, 100*ms)
			n++
		}
		if n > 10 {
			t.Errorf("found after %d calls", n)
		}
		w.ejects(0).call(1, 5*ms).call(1, 6*ms)
		w.at(w.now+31*plan.Second).call(0, 100*ms) // a probe, which still lags
		w.at(w.now+31*plan.Second).call(1, 5*ms)
		w.at(w.now+30*plan.Second).call(0, 5*ms).ejects()
	})
	t.Run("153_but_only_beside_one_that_is_well", func(t *testing.T) {
		w := of(t, 4).answers(20, 0, 5*ms).answers(20, 1, 5*ms)
		w.fails(1).answers(3, 0, 40*ms).ejects(1)
		w = of(t, 4).answers(20, 0, 5*ms).answers(20, 1, 5*ms)
		w.answers(3, 0, 40*ms).ejects(0)
	})
	t.Run("153_a_call_whose_answer_is_not_timed_does_not_probe_it", func(t *testing.T) {
		w := of(t, 2).slow(1, 0).ejects(0).at(40 * plan.Second)
		for i, timed := range []bool{false, true} {
			if got := w.Pick(w.now, 0, 0, Silent, timed); got != 1-i {
				t.Errorf("timed %v: a call goes to endpoint %d", timed, got)
			}
		}
		w = of(t, 2).fails(0).at(40 * plan.Second)
		if got := w.Pick(w.now, 0, 0, Silent, false); got != 0 {
			t.Errorf("after a failure, a call goes to endpoint %d", got)
		}
	})
	t.Run("154_a_hedge_that_wins_shows_it_too", func(t *testing.T) {
		w := of(t, 2)
		for range 20 {
			w.call(0, 5*ms)
		}
		n := 0
		for w.Pick(w.now, 0, 0, Never, true) == 0 && n < 100 {
			w.opens(0).opens(1)
			w.Heard(w.now+20*ms, 1, Answered, 5*ms, &w.usual)
			w.hears(0, CutOff, 20*ms)
			n++
		}
		if n > 15 {
			t.Errorf("found after %d calls", n)
		}
	})
	t.Run("155_all_slow_together_ejects_none", func(t *testing.T) {
		w := of(t, 3)
		for range 20 {
			w.call(0, 5*ms)
		}
		for range 200 {
			to := w.Pick(w.now, 0, 0, Never, true)
			w.opens(to).hears(to, Answered, 100*ms)
		}
		out := 0
		for i := range w.all {
			if w.all[i].ejected {
				out++
			}
		}
		if out > 1 {
			t.Errorf("%d are ejected", out)
		}
	})
	t.Run("156_calls_go_elsewhere_while_nothing_is_answered", func(t *testing.T) {
		w := of(t, 3).call(0, 5*ms)
		w.picks(0, Never).opens(0).at(w.now+39*ms).picks(0, Never)
		w.at(w.now+ms).picks(0, Never).at(w.now+ms).picks(1, Never)
	})
	t.Run("156_from_its_last_answer_or_the_first_attempt_since", func(t *testing.T) {
		w := of(t, 2).call(0, 5*ms)
		w.at(plan.Second).opens(0).at(plan.Second+10*ms).picks(0, Never) // it had nothing to answer before
		w.opens(0).at(plan.Second+41*ms).picks(1, Never)

		w = of(t, 2).call(0, 5*ms).at(plan.Second).opens(0).opens(0)
		w.hears(0, Answered, 5*ms).at(plan.Second+45*ms).picks(0, Never).at(plan.Second+46*ms).picks(1, Never)

		w = of(t, 2).call(0, 5*ms).at(plan.Second).opens(0).opens(0)
		w.hears(0, CutOff, 5*ms).at(plan.Second+40*ms).picks(0, Never).at(plan.Second+41*ms).picks(1, Never)
	})
	t.Run("156_nothing_is_long_as_long_as_nothing_is_usual", func(t *testing.T) {
		of(t, 2).opens(0).at(plan.Second).picks(0, Never)
	})
	t.Run("156_where_all_hang_calls_stay", func(t *testing.T) {
		w := of(t, 2).call(0, 5*ms).opens(0)
		w.at(w.now+41*ms).picks(1, Never).opens(1).at(w.now+41*ms).picks(1, Never)
	})
	t.Run("157_a_faraway_endpoint_serves_if_the_near_one_fails", func(t *testing.T) {
		w := of(t, 2)
		for range 20 {
			w.call(0, 5*ms)
		}
		for range 8 {
			w.opens(1).hears(1, Answered, 100*ms)
		}
		w.ejects(1).picks(0, Never).retries(0, 0)
		w.fails(0).retries(1, 0).picks(1, Never)
		w.at(w.now+100*plan.Second).call(0, 5*ms).picks(0, Never)
	})
}

// What is usual for a method is what quick answers take (SEMANTICS 8.6d).
func TestUsual(t *testing.T) {
	usual := func(w *world, want float32) {
		t.Helper()
		if w.usual != want*float32(ms) {
			t.Errorf("%v ms are usual, want %v", w.usual/float32(ms), want)
		}
	}
	w := of(t, 2).call(0, 64*ms).call(0, 64*ms)
	usual(w, 64)
	w.call(0, 32*ms) // it falls by half of the way
	usual(w, 48)
	w.call(0, 64*ms) // and rises by a sixteenth
	usual(w, 51)
	w.answers(20, 0, 51*ms)
	usual(w, 51)
	w.opens(0).hears(0, CutOff, 20*ms) // which shows nothing
	usual(w, 51)
}
