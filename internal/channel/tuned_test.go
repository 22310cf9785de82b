package channel

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

const tuned = `{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":2,"hedgingDelay":"1s","x-hedgerow":{"maxExtraLoad":0.25}}}]}`

// SEMANTICS 8.5a, 8.5h: each method has its own delay, which outlives the page.
func TestTunedDelayIsKept(t *testing.T) {
	ch := open(t, tuned, func(o *Options) { o.KeepsState = true })
	delay := func(ch *Channel, path string) plan.Duration {
		p, pacer, _ := ch.Plan(ch.Method(path))
		if pacer == nil {
			t.Fatal("a tuned policy has no pacer")
		}
		d, _ := p.Started(1)
		return d
	}
	for i := range 200 {
		_, pacer, _ := ch.Plan(ch.Method("/a.B/Quick"))
		pacer.Begin(plan.Duration(i) * plan.Second)
		pacer.Answered(20*plan.Millisecond, status.KindFirst)
	}
	learned := delay(ch, "/a.B/Quick")
	if learned > 25*plan.Millisecond || delay(ch, "/a.B/Other") != plan.Second {
		t.Fatalf("the delays are %d and %d", learned, delay(ch, "/a.B/Other"))
	}
	text, changed := ch.Save()
	if !changed || !strings.Contains(text, "hedge /a.B/Quick ") || strings.Contains(text, "Other") {
		t.Fatalf("what is kept: %q", text)
	}
	if _, changed := ch.Save(); changed {
		t.Error("nothing was learned, and yet something has changed")
	}
	again := open(t, tuned, func(o *Options) { o.KeepsState, o.State = true, text })
	if got := delay(again, "/a.B/Quick"); got < learned*9/10 || got > learned*11/10 {
		t.Errorf("after a reload the delay is %d; it was %d", got, learned)
	}
}
