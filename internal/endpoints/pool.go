// Package endpoints chooses which of several base URLs an attempt is sent to, from what
// became of those before (SEMANTICS 8.6).
package endpoints

import "github.com/hedgerow-web/hedgerow/grpcweb/plan"

// Pool is what a channel knows of its endpoints, which all of its calls share. A channel
// with one base URL has no Pool.
//
// Calls stay with one endpoint, the current one, as long as it is well. Each endpoint has
// a cost, and the cheapest one gets the next attempt.
type Pool struct {
	all     []endpoint
	current int // where new calls go
}

// endpoint is what is known of one of them. How long it takes to answer is counted in
// multiples of what the method's quick answers take, because methods differ.
type endpoint struct {
	url string

	failures int           // in a row
	ejected  bool          // it gets no attempts as long as others are well
	probing  bool          // an attempt is under way that shows whether it is well again
	silent   bool          // its last failure took long, as where calls hang
	times    int           // how often it was ejected
	until    plan.Duration // when it may be probed, if it is not well
	lag      float32       // smoothed

	waiting int           // attempts that are not answered yet
	since   plan.Duration // when it last answered, or got the first of these
	patient float32       // what their methods' quick answers take at most, in ns
}

// The names are those of gRFC A50.
const (
	baseEjectionTime = 30 * plan.Second
	maxEjectionTime  = 300 * plan.Second

	// Most is how many endpoints a channel may have.
	Most = 16

	unknown   = 2                // the lag of an endpoint of which nothing is known
	most      = 8                // a longer answer counts as this, so that a single one does not decide
	lagging   = 2.5              // times the lag of the best one
	quickly   = plan.Second      // a failure that took longer shows that calls hang there
	smoothing = float32(1) / 8   // the weight of the newest answer
	rise      = float32(17) / 16 // of what is usual, with each answer that takes longer
)

// What an endpoint costs besides its lag, which is at most 8 (most). A cost outweighs the
// lag and all costs before it together; of the first two, an endpoint has one.
const (
	costTried   = 10 // by the same call, or it seems to hang
	costLast    = 20 // by the attempt before
	costEjected = 30 // because it lags
	costFailing = 60 // and one more for each failure in a row
)

// New makes the Pool of endpoints with these base URLs, of which nothing else is known.
func New(urls []string) *Pool {
	p := new(Pool)
	for _, url := range urls {
		p.all = append(p.all, endpoint{url: url, lag: unknown})
	}
	return p
}

// URL is the base URL of an endpoint.
func (p *Pool) URL(i int) string { return p.all[i].url }

// Heals is whether a call survives an attempt that is sent to a bad endpoint, to probe it.
type Heals uint8

// What a call's policy makes of such an attempt.
const (
	Never  Heals = iota
	Failed       // another attempt follows when it has failed
	Silent       // another attempt follows also if it hangs
)

// Pick chooses the endpoint of an attempt. tried are the endpoints of the call's earlier
// attempts, as bits, and last is that of the latest one. For a call's first attempt tried
// is 0, and heals says whether it may probe. timed says that Heard will tell how long the
// answer took.
func (p *Pool) Pick(now plan.Duration, tried uint32, last int, heals Heals, timed bool) int {
	best, least := 0, float32(0)
	for i := range p.all {
		if tried == 0 && p.probes(now, i, heals, timed) {
			return i
		}
		if c := p.cost(now, i, tried, last); i == 0 || c < least {
			best, least = i, c
		}
	}
	if tried == 0 {
		p.current = best
	}
	return best
}

// probes decides whether an attempt shows if an endpoint is well again. Only a call that
// survives it does that (SEMANTICS 8.6f).
func (p *Pool) probes(now plan.Duration, i int, heals Heals, timed bool) bool {
	e := &p.all[i]
	if e.well() || now < e.until || heals == Never || e.silent && heals < Silent || e.failures == 0 && !timed {
		return false
	}
	e.probing, e.until = true, now.After(e.span()) // by then the attempt has shown it
	return true
}

func (e *endpoint) well() bool { return e.failures == 0 && !e.ejected }

// span is how long an endpoint stays ejected, or a probe of it is waited for. One that was
// the last of all to fail has never been ejected.
func (e *endpoint) span() plan.Duration {
	return min(baseEjectionTime*plan.Duration(max(e.times, 1)), maxEjectionTime)
}

func (p *Pool) cost(now plan.Duration, i int, tried uint32, last int) float32 {
	e := &p.all[i]
	c := e.lag
	if i == p.current {
		c /= lagging
	}
	switch {
	case tried != 0 && i == last:
		c += costLast
	case tried>>uint(i)&1 != 0 || e.hangs(now):
		c += costTried
	}
	switch {
	case e.failures > 0:
		c += costFailing + float32(min(e.failures, 30))
	case e.ejected:
		c += costEjected
	}
	return c
}

// hangs reports whether attempts wait there for much longer than answers take, so that new
// calls go elsewhere until one comes.
func (e *endpoint) hangs(now plan.Duration) bool {
	return e.waiting > 0 && e.patient > 0 && float32(now-e.since) > most*e.patient
}
