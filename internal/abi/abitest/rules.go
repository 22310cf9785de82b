package abitest

import (
	"fmt"
	"math"
	"slices"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// mostAttempts is how many attempts a call may have, whatever its policy allows: the
// default of maxRetryAttempts, which no page here raises.
const mostAttempts = 5

// unruly takes note of what an event of Script's makes of the page: what Traffic knows
// of a call that it was about, and of the time, is true no more.
func (t *Traffic) unruly(e Event, before float64) {
	t.warped = t.warped || t.s.now < before
	for i, a := range withoutInput(e) {
		switch {
		case a.Name == "call":
			if c := t.find(uint32(int64(e.Args[i]))); c != nil {
				c.unruly = true
			}
		case a.Name == "now" && e.Args[i] != t.s.now:
			t.warped = true
		}
	}
	if table.Exports[e.Export].Name == "start" {
		block, _ := abi.ReadStartBlock(e.Input)
		t.unrulyStart, t.warped = true, t.warped || block.Now != t.s.now
	}
}

func withoutInput(e Event) []table.Field { return table.Exports[e.Export].Args[:len(e.Args)] }

func (t *Traffic) find(id uint32) *talk {
	if i := slices.IndexFunc(t.calls, func(c *talk) bool { return c.id == id }); i >= 0 {
		return t.calls[i]
	}
	return nil
}

// broken reports the first rule that was broken since the last event: rules that hold in
// any page, whatever happens in it.
func (t *Traffic) broken(e Event) error {
	if t.fault != "" {
		return fmt.Errorf("%v: %s", e, t.fault)
	}
	for _, c := range t.calls {
		if c.unruly {
			continue
		}
		if table.Exports[e.Export].Name == "timer" && !t.warped && c.deadline+0.001 < e.Args[0] {
			return fmt.Errorf("%v: call %d goes on after its deadline, %v", e, c.id, c.deadline)
		}
		if !t.waits(c) {
			return fmt.Errorf("%v: call %d waits for nothing: it would never end", e, c.id)
		}
	}
	return nil
}

// waits reports whether a call waits for something that may come.
func (t *Traffic) waits(c *talk) bool {
	if t.timer < math.Inf(1) || t.offline || c.open && !c.halfClosed || slices.Contains(t.refreshes, c.page.id) {
		return true
	}
	return slices.ContainsFunc(c.exchanges, func(x *exchange) bool {
		return x != nil && (x.phase == preparing || x.phase == sent || x.phase == answering && (c.streaming || x.asked || x.packed || x.inflate || t.busy == x))
	})
}

// fails keeps the first thing that is wrong.
func (t *Traffic) fails(format string, args ...any) {
	if t.fault == "" {
		t.fault = fmt.Sprintf(format, args...)
	}
}

// checkAsked checks an action about an attempt before it is carried out.
func (t *Traffic) checkAsked(c *talk, x *exchange, action string) {
	switch {
	case c.unruly:
	case action == "open" && x.phase != idle && x.phase != preparing:
		t.fails("call %d opens attempt %d twice", c.id, x.id+1)
	case action == "read" && (x.phase != answering || x.asked):
		t.fails("call %d reads attempt %d twice at a time, or while it has no body", c.id, x.id+1)
	}
}

// checkEnd checks the history with which a call ends.
func (t *Traffic) checkEnd(a Action) {
	records := a.Values["history"].(map[string]any)["records"].([]map[string]any)
	last, committed := uint32(0), 0
	for i, r := range records {
		number, kind, outcome := r["number"].(uint32), r["kind"].(string), r["outcome"].(string)
		again := kind == "transparent" || kind == "refresh"
		switch {
		case (kind == "first") != (i == 0):
			t.fails("attempt %d of call %d is of the kind %s", i+1, a.Call, kind)
		case !again && number != last+1 || again && (number == 0 || number > last) || number > mostAttempts:
			t.fails("attempt %d of call %d, of the kind %s, has the number %d, after %d", i+1, a.Call, kind, number, last)
		case outcome == "pending" || !(r["startedAt"].(float64) <= r["endedAt"].(float64)) && !t.warped:
			t.fails("attempt %d of call %d stays open: %v", i+1, a.Call, r)
		}
		last = max(last, number)
		if outcome == "committed" {
			committed++
		}
	}
	if ok := a.Values["code"].(uint32) == 0; committed > 1 || ok && committed == 0 {
		t.fails("call %d ends with code %v, and %d of its attempts are committed", a.Call, a.Values["code"], committed)
	}
}
