package attempts_test

import (
	"fmt"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// pacer lets hedges begin as its waits say, and notes what it is told.
type pacer struct {
	waits []plan.Duration // the answers of Due; 0 at last
	told  []string
}

func (p *pacer) note(format string, args ...any) {
	p.told = append(p.told, fmt.Sprintf(format, args...))
}

func (p *pacer) Begin(plan.Duration) { p.note("begin") }

func (p *pacer) Due(_, waited plan.Duration, released bool) plan.Duration {
	p.note("due after %d, released %v", waited/plan.Millisecond, released)
	if len(p.waits) == 0 {
		return 0
	}
	wait := p.waits[0]
	p.waits = p.waits[1:]
	return wait
}

func (p *pacer) Answered(took plan.Duration, kind status.AttemptKind) {
	p.note("%v answered after %d", kind, took/plan.Millisecond)
}

func (p *pacer) CutOff(after plan.Duration, kind status.AttemptKind) {
	p.note("%v cut off after %d", kind, after/plan.Millisecond)
}

func (p *pacer) heard(t *testing.T, want ...string) {
	t.Helper()
	if fmt.Sprint(p.told) != fmt.Sprint(want) {
		t.Errorf("the pacer was told %q; want %q", p.told, want)
	}
}

func paced(p *pacer) option { return func(s *attempts.Settings) { s.Pacer = p } }

// SEMANTICS 8.5e, 8.5g.
func TestPacer(t *testing.T) {
	t.Run("130_a_hedge_that_may_not_begin_yet_waits_and_asks_again", func(t *testing.T) {
		p := &pacer{waits: []plan.Duration{span(30), span(5)}}
		s := begin(t, hedges(3, 100), paced(p))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().arms(130)
		s.at(130).fires().arms(135)
		s.at(135).fires().opens(2).arms(235)
		s.at(150).answers(2).aborts(1).releases(2).header(2).disarms()
		s.at(160).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
		p.heard(t, "begin", "due after 100, released false", "due after 130, released false", "due after 135, released false",
			"hedge answered after 15", "first cut off after 150")
	})
	t.Run("131_a_hedge_that_a_failure_released_is_asked_for_too", func(t *testing.T) {
		p := &pacer{waits: []plan.Duration{span(20)}}
		s := begin(t, hedges(3, 100), paced(p))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().arms(120)
		s.at(120).fires().opens(2).arms(220)
		s.at(130).ends(1, unavailable).opens(3).disarms()
		s.at(140).cancels("enough").aborts(2, 3).overLocally(canceled, status.ReasonCanceled, "enough")
		p.heard(t, "begin", "due after 100, released false", "due after 120, released false", "first cut off after 130",
			"due after 10, released true", "hedge cut off after 20", "hedge cut off after 10")
	})
	t.Run("132_with_no_attempt_under_way_a_call_does_not_wait_for_the_budget", func(t *testing.T) {
		p := &pacer{waits: []plan.Duration{span(20)}}
		s := begin(t, hedges(3, 100), paced(p))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).ends(1, unavailable).disarms().over(1, unavailable, status.ReasonThrottled)
		p.heard(t, "begin", "first cut off after 10", "due after 10, released true")
	})
	t.Run("131_an_attempt_counts_once_answered_or_cut_off", func(t *testing.T) {
		p := &pacer{}
		s := begin(t, hedges(2, 100), paced(p))
		s.at(0).starts().opens(1).arms(100)
		s.at(10).answers(1).releases(1).header(1).disarms()
		s.at(50).cancels("enough").aborts(1).overLocally(canceled, status.ReasonResponseHeaders, "enough")
		p.heard(t, "begin", "first answered after 10")
		p = &pacer{} // this one is committed because its request is too large to keep, and never answered
		s = begin(t, hedges(2, 100), paced(p), streams, quota(attempts.NewQuota(100, 10)))
		s.at(0).begins().opens(1).arms(100)
		s.at(10).queues(50).releases(1).disarms()
		s.at(50).cancels("enough").aborts(1).overLocally(canceled, status.ReasonBufferExceeded, "enough")
		p.heard(t, "begin", "first cut off after 50")
	})
	t.Run("130_observers_are_told_of_each_wait", func(t *testing.T) {
		p := &pacer{waits: []plan.Duration{span(30)}}
		s := begin(t, hedges(2, 100), paced(p), observed)
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().arms(130)
		var delays []plan.Duration
		for _, e := range s.observed {
			if e.Kind == attempts.HedgeScheduled {
				delays = append(delays, e.Delay/plan.Millisecond)
			}
		}
		if fmt.Sprint(delays) != "[100 30]" {
			t.Errorf("the delays are %v", delays)
		}
	})
	t.Run("130_the_throttle_and_the_network_come_first", func(t *testing.T) {
		p := &pacer{}
		s := begin(t, hedges(3, 100), paced(p), throttled(bucket(10, 1, 5)))
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires()
		p.heard(t, "begin")
		p = &pacer{}
		s = begin(t, hedges(2, 100), paced(p), waitsForReady)
		s.at(0).starts().opens(1).arms(100)
		s.at(50).offline()
		s.at(100).fires()
		p.heard(t, "begin")
		s.at(500).online().opens(2)
		p.heard(t, "begin", "due after 500, released false")
	})
}
