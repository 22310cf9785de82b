package hostdriver

import (
	"bytes"
	"math/rand"
	"slices"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// FuzzExports calls the exports in any order, with any arguments. The driver answers,
// refuses, or panics because the input is missing. Its answers have the form that the
// table of the ABI says, and it writes only to the bytes of the input that it was given.
func FuzzExports(f *testing.F) {
	for seed := range int64(20) {
		f.Add(randomBytes(seed, 400))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		play(t, abitest.Script(data))
	})
}

// TestRandomExports does the same with many random scripts, without a fuzzer.
func TestRandomExports(t *testing.T) {
	for seed := range int64(1000) {
		if play(t, abitest.Script(randomBytes(seed, 600))); t.Failed() {
			t.Errorf("the script of seed %d", seed)
		}
	}
}

func randomBytes(seed int64, n int) []byte {
	data := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(data)
	return data
}

// The panics that the driver may end with. Both are mistakes of JavaScript to which there
// is no sensible answer.
var deaths = []string{
	"an export was given more bytes than the input buffer holds",
	"an input is shorter than the block that it begins with",
}

func play(t *testing.T, events []abitest.Event) {
	t.Helper()
	c := newChecked()
	for _, e := range events {
		c.Told(e)
		lives := c.Enter(e)
		if actions, err := c.Decode(); !c.right(t, e, actions, err) || !lives {
			return
		}
	}
}

// FuzzTraffic plays a busy page. The fuzzer chooses what happens in it.
func FuzzTraffic(f *testing.F) {
	for seed := range int64(20) {
		f.Add(randomBytes(seed, 2000))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newChecked()
		for traffic := abitest.NewTraffic(data, nil, c.Host, abitest.NewReached()); !traffic.Over(); {
			e, actions, err := traffic.Step()
			c.Told(e)
			if !c.right(t, e, actions, err) || c.Death != "" {
				return
			}
		}
	})
}

// FuzzInputs calls two exports with any bytes, while calls are in all their states. The
// scripts of FuzzExports choose from texts that have the right form; these have none.
func FuzzInputs(f *testing.F) {
	for place, e := range table.Exports {
		f.Add(byte(place), byte(place+1), uint32(1), uint32(0), uint32(2), 5.0, 30.0, []byte(e.Name+"\x00x\x00"))
	}
	for _, option := range []string{"serviceConfig\x00{}\x00", ">x-bin\x00,,\x00", "?jitter\x00\"full\"\x00", "state\x00hedgerow-state 1\na  \x00"} {
		f.Add(byte(0), byte(2), uint32(3), uint32(1), uint32(200), 1e300, 0.5, []byte("baseUrl\x00https://api.test\x00"+option))
	}
	f.Fuzz(func(t *testing.T, one, two byte, id, attempt, number uint32, now, float float64, in []byte) {
		c := newChecked()
		events := append(busy(), anyEvent(one, id, attempt, number, now, float, in), anyEvent(two, id, attempt, number, now, float, in))
		for _, e := range events {
			c.Told(e)
			lives := c.Enter(e)
			if actions, err := c.Decode(); !c.right(t, e, actions, err) || !lives {
				return
			}
		}
	})
}

// busy opens a channel, and begins a call that has no answer yet, one in whose body more
// is to come, and one whose request is open.
func busy() []abitest.Event {
	options := `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":[14]}}],` +
		`"x-hedgerow":{"retryBudget":{"ratio":0.5}}}`
	start := func(id float64, flags uint32) abitest.Event {
		return abitest.Named("start", abitest.StartInput(abi.StartBlock{Timeout: 1000, Channel: 1, Flags: flags}, "/a.B/C\x00"), id)
	}
	return []abitest.Event{
		abitest.Named("open_channel", []byte("seed\x001\x00baseUrl\x00https://api.test\x00state\x00\x00credentialsRefresh\x0016\x00serviceConfig\x00"+options+"\x00"), 1),
		start(1, abi.StartFlagObserve), start(2, abi.StartFlagStreaming), start(3, abi.StartFlagOpen|abi.StartFlagCanStream),
		abitest.Named("head", []byte("content-type\x00application/grpc-web\x00grpc-encoding\x00gzip\x00"), 2, 0, 1, 200, 2),
		abitest.Named("read", nil, 2, 1),
	}
}

// anyEvent is a call of any export, with these numbers for its arguments.
func anyEvent(export byte, id, attempt, number uint32, now, float float64, in []byte) abitest.Event {
	e := abitest.Event{Export: int(export) % len(table.Exports)}
	for _, a := range table.Exports[e.Export].Args {
		switch {
		case a.Type == table.Input:
			e.Input = in
		case a.Name == "call" || a.Name == "channel":
			e.Args = append(e.Args, float64(id))
		case a.Name == "attempt":
			e.Args = append(e.Args, float64(attempt))
		case a.Name == "now":
			e.Args = append(e.Args, now)
		case a.Type == table.F64:
			e.Args = append(e.Args, float)
		default:
			e.Args = append(e.Args, float64(number))
		}
	}
	return e
}

// TestTraffic does the same with random bytes. It also checks that random traffic reaches
// every export, action, outcome, reason, event, warning and status.
func TestTraffic(t *testing.T) {
	reached := abitest.NewReached()
	for seed := range int64(20) {
		c, random := newChecked(), rand.New(rand.NewSource(seed))
		more := func() []byte {
			data := make([]byte, 4096)
			random.Read(data)
			return data
		}
		traffic := abitest.NewTraffic(nil, more, c.Host, reached)
		for range 10_000 {
			e, actions, err := traffic.Step()
			c.Told(e)
			if !c.right(t, e, actions, err) {
				t.Errorf("the traffic of seed %d", seed)
				break
			}
			if c.Death != "" {
				break
			}
		}
	}
	t.Log(reached)
	if missing := reached.Missing(); len(missing) > 0 {
		t.Errorf("not reached: %q", missing)
	}
}

// checked is a host that checks what its program must not do.
type checked struct {
	*abitest.Host
	events   int
	ended    map[uint32]bool
	expected []byte // what the input buffer holds
}

func newChecked() *checked {
	h := newHost()
	return &checked{Host: h, ended: map[uint32]bool{}, expected: bytes.Clone(h.Buffers.In)}
}

// Told checks the buffers before and after an event is reported to the program.
func (c *checked) Told(e abitest.Event) {
	if len(c.Buffers.In) > len(c.expected) {
		c.expected = make([]byte, len(c.Buffers.In))
	}
	copy(c.expected, e.Input)
	c.events++
}

// right reports whether the program's answer to the last event is valid.
func (c *checked) right(t *testing.T, e abitest.Event, actions []abitest.Action, err error) bool {
	t.Helper()
	if c.Death != "" {
		if !slices.Contains(deaths, c.Death) {
			t.Errorf("event %d, %v: it died of: %s", c.events, e, c.Death)
		}
		return !t.Failed()
	}
	if err != nil {
		t.Errorf("event %d, %v: %v", c.events, e, err)
	}
	name := table.Exports[e.Export].Name
	if name == "start" {
		delete(c.ended, uint32(e.Args[0]))
	}
	for _, a := range actions {
		if a.Call != 0 && c.ended[a.Call] {
			t.Errorf("event %d, %v: %s of the call %d, which has ended", c.events, e, a.Name, a.Call)
		}
		c.ended[a.Call] = a.Name == "end"
	}
	checkFeed(t, c.Host, e)
	if name == "feed" { // text is decoded where it lies
		copy(c.expected, c.Buffers.In[:e.Length()])
	}
	if !bytes.Equal(c.Buffers.In, c.expected) {
		t.Errorf("event %d, %v: it wrote into the input buffer", c.events, e)
	}
	return !t.Failed()
}

// checkFeed checks that the fragments that feed found lie within the input.
func checkFeed(t *testing.T, h *abitest.Host, e abitest.Event) {
	t.Helper()
	fragments := h.Fragments()
	if table.Exports[e.Export].Name != "feed" {
		if len(fragments) > 0 {
			t.Errorf("%v answers with fragments", e)
		}
		return
	}
	length := int(e.Length())
	if int(h.Buffers.Result) > length {
		t.Errorf("%v: %d of %d bytes are taken", e, h.Buffers.Result, length)
	}
	for _, f := range fragments {
		if f.Offset+f.Length > length || int64(f.Length) > f.Total {
			t.Errorf("%v: a fragment lies outside of the slice: %+v", e, f)
		}
	}
}

// newHost makes a host with a driver.
func newHost() *abitest.Host {
	b := abi.NewBuffers()
	return &abitest.Host{Buffers: b, Program: New(b)}
}
