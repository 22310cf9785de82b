package endpoints

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// Outcome is what an attempt has shown of its endpoint.
type Outcome uint8

// The outcomes.
const (
	Answered Outcome = iota // it is well
	CutOff                  // the attempt was given up before it was answered
	Late                    // nothing had come when the deadline came
	Failing                 // it does not work (SEMANTICS 8.6c)
)

// Opened reports that an attempt was sent to an endpoint. usual is what quick answers to
// the method take, in ns; nil if the time is not measured.
func (p *Pool) Opened(now plan.Duration, i int, usual *float32) {
	if usual == nil {
		return
	}
	e := &p.all[i]
	if e.waiting++; e.waiting == 1 {
		e.since, e.patient = now, 0
	}
	e.patient = max(e.patient, *usual)
}

// Heard reports what became of an attempt, this long after it was opened. usual is as in
// Opened; nil too if the attempt has been answered before.
func (p *Pool) Heard(now plan.Duration, i int, o Outcome, took plan.Duration, usual *float32) {
	e := &p.all[i]
	if o == Late {
		o = CutOff // which shows little if the call had hardly any time
		if usual != nil && float32(took) > most**usual {
			o = Failing
		}
	}
	if usual != nil {
		e.waiting--
		if o != CutOff {
			e.since = now
		}
	}
	if o == Failing {
		p.fail(now, e, took)
		return
	}
	if o == Answered {
		e.failures = 0
	}
	if usual != nil {
		e.learn(o, float32(took), usual)
	}
	if lags := p.lags(i); lags && (!e.ejected || e.probing) {
		p.eject(now, e)
	} else if !lags && o == Answered {
		e.ejected = false
	}
	e.probing = false
}

// learn notes how long an endpoint took to answer, or has not answered. What is usual for
// the method falls quickly and rises slowly: so it is what quick answers take, whichever
// endpoints give them.
func (e *endpoint) learn(o Outcome, took float32, usual *float32) {
	if *usual == 0 {
		if o == Answered {
			*usual = took
		}
		return
	}
	lag := min(took / *usual, most)
	switch {
	case o == CutOff && lag < e.lag: // it might have answered in time
		return
	case e.probing:
		e.lag = lag
	default:
		e.lag += (lag - e.lag) * smoothing
	}
	switch {
	case took > *usual:
		*usual *= rise
	case o == Answered:
		*usual += (took - *usual) / 2
	}
}

// lags reports whether an endpoint answers much later than another one that is well.
//
//go:noinline
func (p *Pool) lags(i int) bool {
	for j := range p.all {
		if e := &p.all[j]; j != i && e.well() && p.all[i].lag > lagging*e.lag {
			return true
		}
	}
	return false
}

// fail notes that an endpoint does not work. If none does, the network is to blame, not
// they: then all may be tried again at once (SEMANTICS 8.6e).
func (p *Pool) fail(now plan.Duration, e *endpoint, took plan.Duration) {
	news := e.failures == 0 || e.probing
	e.failures++
	e.silent, e.probing = took > quickly, false
	for i := range p.all {
		if p.all[i].failures == 0 {
			if news {
				p.eject(now, e)
			}
			return
		}
	}
	for i := range p.all {
		p.all[i].ejected, p.all[i].until = false, now
	}
}

// eject ejects an endpoint for longer than the last time. If half of them are ejected
// already, it is not ejected; if it fails, it is then merely the last choice among the
// others, and it is probed like an ejected one.
//
//go:noinline
func (p *Pool) eject(now plan.Duration, e *endpoint) {
	e.ejected = false
	out := 1
	for i := range p.all {
		if p.all[i].ejected {
			out++
		}
	}
	e.ejected = 2*out <= len(p.all)
	if !e.ejected && e.failures == 0 {
		return
	}
	if now > e.until.After(maxEjectionTime) {
		e.times = 0 // it has been well for a long time
	}
	e.times++
	e.until = now.After(e.span())
}
