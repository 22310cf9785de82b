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

// FuzzExports tells the driver anything, in any order, of any ids. It answers,
// refuses, or dies of an input that is not there; what it answers is as the table
// says; and it writes to no byte of the input that was not meant for it.
func FuzzExports(f *testing.F) {
	for seed := range int64(20) {
		f.Add(randomBytes(seed, 400))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		play(t, abitest.Script(data))
	})
}

// TestRandomExports is the same of many random scripts, without a fuzzer.
func TestRandomExports(t *testing.T) {
	for seed := range int64(1000) {
		if play(t, abitest.Script(randomBytes(seed, 600))); t.Failed() {
			t.Fatalf("the script of seed %d", seed)
		}
	}
}

func randomBytes(seed int64, n int) []byte {
	data := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(data)
	return data
}

// Of what the driver may die: both are faults of JavaScript that nothing sensible can
// be answered to.
var deaths = []string{
	"an export was given more bytes than the input buffer holds",
	"an input is shorter than the block that it begins with",
}

func play(t *testing.T, events []abitest.Event) {
	t.Helper()
	h := newHost()
	ended := map[uint32]bool{}
	expected := bytes.Clone(h.Buffers.In) // what the input buffer holds
	for i, e := range events {
		copy(expected, e.Input)
		if !h.Enter(e) {
			if !slices.Contains(deaths, h.Death) {
				t.Fatalf("event %d, %v: it died of: %s", i, e, h.Death)
			}
			return
		}
		actions, err := h.Decode()
		if err != nil {
			t.Fatalf("event %d, %v: %v", i, e, err)
		}
		name := table.Exports[e.Export].Name
		if name == "start" {
			delete(ended, uint32(e.Args[0]))
		}
		for _, a := range actions {
			if a.Call != 0 && ended[a.Call] {
				t.Fatalf("event %d, %v: %s of the call %d, which has ended", i, e, a.Name, a.Call)
			}
			ended[a.Call] = a.Name == "end"
		}
		checkFeed(t, h, e)
		if name == "feed" { // text is decoded where it lies
			copy(expected, h.Buffers.In[:e.Length()])
		}
		if !bytes.Equal(h.Buffers.In, expected) {
			t.Fatalf("event %d, %v: it wrote into the input buffer", i, e)
		}
	}
}

// checkFeed: what feed answers lies within what it was given.
func checkFeed(t *testing.T, h *abitest.Host, e abitest.Event) {
	t.Helper()
	fragments := h.Fragments()
	if table.Exports[e.Export].Name != "feed" {
		if len(fragments) > 0 {
			t.Fatalf("%v answers with fragments", e)
		}
		return
	}
	length := int(e.Length())
	if int(h.Buffers.Result) > length {
		t.Fatalf("%v: %d of %d bytes are taken", e, h.Buffers.Result, length)
	}
	for _, f := range fragments {
		if f.Offset+f.Length > length || int64(f.Length) > f.Total {
			t.Fatalf("%v: a fragment lies outside of the slice: %+v", e, f)
		}
	}
}

// newHost is a host that holds a driver.
func newHost() *abitest.Host {
	b := abi.NewBuffers()
	return &abitest.Host{Buffers: b, Program: New(b)}
}
