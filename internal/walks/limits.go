package walks

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// noteFailures looks at the attempts that have failed since it last did. The latest
// failure says when the next attempt may begin (SEMANTICS 3.3j).
func (w *walker) noteFailures() {
	failed, least, pushed := 0, plan.Never, false
	for _, r := range w.looked().Records() {
		if r.Outcome != status.OutcomeFailed {
			continue
		}
		failed++
		after, is := plan.Pushback(r.Pushback).Delay()
		at := w.looked().Begun() + plan.Duration(r.EndedAt)
		if at == w.now && is {
			pushed = true
			w.meet("pushback", after > 0)
			least = min(least, at+after)
		} else if at == w.now {
			least = min(least, at)
		}
		w.stopped = w.stopped || plan.Pushback(r.Pushback) == plan.PushbackStop
	}
	w.meet("stop", w.stopped)
	if failed > w.failures {
		if w.failures, w.notBefore = failed, 0; pushed {
			w.notBefore = least
		}
	}
}

// checkBegun checks whether an attempt may have begun now, if it is a retry or a hedge:
// policy, pushback, throttle and budget must all allow it.
func (w *walker) checkBegun(id int) {
	r, ch := w.looked().Record(id), w.channel()
	if w.now >= w.looked().Deadline() {
		w.fail("attempt %d begins at the deadline", id+1)
	}
	if r.Kind != status.KindRetry && r.Kind != status.KindHedge {
		return
	}
	if w.noteFailures(); ch.Options().RefreshCodes.Empty() { // a failure that refreshes credentials decides nothing else
		if w.stopped {
			w.fail("attempt %d begins after a pushback that said stop", id+1)
		}
		if w.now < w.notBefore {
			w.fail("attempt %d begins before %s, when the pushback ends", id+1, instant(w.notBefore))
		}
	}
	most := map[status.AttemptKind]int{status.KindRetry: 4, status.KindHedge: 3}[r.Kind]
	if r.Number > most {
		w.fail("attempt %d of %d, a %s", r.Number, most, r.Kind)
	}
	if tokens, full := ch.Throttle().Tokens(); ch.Throttle() != nil && tokens*2 <= full { // SEMANTICS 2.7a
		w.fail("attempt %d, a %s, begins although the throttle blocks", id+1, r.Kind)
	}
	if w.paid++; ch.Budget() != nil && float64(w.paid) > 2+0.2*float64(w.now)/float64(plan.Second) {
		w.fail("%d retries and hedges by %s: the budget has one, half of one for each call, of which there are two, and a fifth for each second", w.paid, instant(w.now))
	}
}

// checkLimits checks throttle and budget after each event.
func (w *walker) checkLimits() {
	w.noteFailures()
	ch := w.channel()
	w.meet("throttle", ch.Throttle().Blocked() && w.looked().Reason() == status.ReasonThrottled)
	if tokens, most := ch.Budget().Tokens(); ch.Budget() != nil && (tokens < 0 || tokens > most) {
		w.fail("%v tokens in a budget of %v", tokens, most)
	}
	w.meet("empty budget", ch.Budget() != nil && !ch.Throttle().Blocked() && w.looked().Reason() == status.ReasonThrottled)
}

// checkState checks that what the channel has learned survives the page.
func (w *walker) checkState() {
	ch := w.channel()
	text, _ := ch.Save()
	if !ch.Options().KeepsState {
		if text != "" {
			w.fail("the channel, which keeps nothing, saves %q", text)
		}
		return
	}
	w.meet("state", text != "")
	o := *ch.Options()
	o.State = text
	next := channel.New(o)
	if kept, changed := next.Save(); changed || kept != text || len(next.Warnings()) > len(ch.Warnings()) {
		w.fail("the state %q is read as %q", text, kept)
	}
	if got, want := next.Budget(), ch.Budget(); want != nil && got.Text() != want.Text() {
		w.fail("the budget %q is restored as %q", want.Text(), got.Text())
	}
}

// checkRenewal checks what would follow if the call were one stream of a subscription.
func (w *walker) checkRenewal() {
	ch, code := w.channel(), w.looked().Status().Code
	p := ch.Method(w.params.Method).Config.Retry
	lost := w.committed >= 0 && w.random.Intn(2) == 0
	failures := w.random.Intn(5)
	spent := ch.Budget() != nil && !ch.Budget().Affords(w.now)
	after, again := w.call.Renew(w.now, w.params.Method, code, lost, failures)
	want := p != nil && code != status.OK && (lost || p.RetryableStatusCodes.Has(code))
	w.meet("renewal", again)
	w.meet("no renewal", !again && p != nil)
	if again != want {
		w.fail("after %v, lost %v, the subscription is renewed: %v", code, lost, again)
	}
	if !again {
		return
	}
	blocked := ch.Throttle().Blocked() || spent
	w.meet("throttled renewal", blocked)
	if after < 0 || after > p.MaxBackoff || blocked && after != p.MaxBackoff {
		w.fail("a renewal after %s, of at most %s; blocked %v", instant(after), instant(p.MaxBackoff), blocked)
	}
}

// pushbacks are what servers say of retries: nothing, most often.
var pushbacks = []string{"", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "0", "300", "2000", "-1", "70, 80"}

// pushback is what follows a status in trailers.
func (w *walker) pushback() string { return pushbacks[w.random.Intn(len(pushbacks))] }

// pushed adds a pushback to trailers.
func pushed(trailers, pushback string) string {
	if pushback == "" || !strings.HasSuffix(trailers, " 14") {
		return trailers
	}
	return trailers + "\r\n" + plan.PushbackHeader + ": " + pushback
}
