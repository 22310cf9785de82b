package abitest

import (
	"math"
	"math/rand"
	"reflect"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi"
)

func TestTapes(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for range 200 {
		data := make([]byte, 300)
		random.Read(data)
		events := Script(data)
		var tape []byte
		for _, e := range events {
			if e.Claims == 0 {
				tape = AppendEvent(tape, e)
			}
		}
		for i, want := range events {
			if want.Claims != 0 {
				continue
			}
			got, rest, err := ReadEvent(tape)
			if err != nil || !same(got, want) {
				t.Fatalf("event %d was recorded as %v, %v; it is %v", i, got, err, want)
			}
			tape = rest
		}
		if len(tape) > 0 {
			t.Fatalf("%d bytes are left on the tape", len(tape))
		}
	}
}

func same(a, b Event) bool {
	for i := range a.Args {
		if math.IsNaN(a.Args[i]) && math.IsNaN(b.Args[i]) {
			a.Args[i], b.Args[i] = 0, 0
		}
	}
	return a.Export == b.Export && reflect.DeepEqual(a.Args, b.Args) && string(a.Input) == string(b.Input)
}

// A tape that ends within an event is refused.
func TestTapesThatEnd(t *testing.T) {
	tape := AppendEvent(nil, Named("cancel", []byte("why"), 1, 2.5, 1))
	for n := range tape {
		if e, _, err := ReadEvent(tape[:n]); err == nil {
			t.Errorf("the first %d bytes are read as %v", n, e)
		}
	}
}

// FuzzStartBlock checks that every block of start is read as it is written, and that the
// text behind it stays whole.
func FuzzStartBlock(f *testing.F) {
	f.Add(StartInput(abi.StartBlock{Now: 1, Timeout: math.Inf(1), Channel: 7, Fields: 1}, "/a.B/C\x00x-a\x001\x00"))
	f.Add([]byte("short"))
	size := len(StartInput(abi.StartBlock{}, ""))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < size {
			return // The program panics: FuzzInputs of package hostdriver has such inputs.
		}
		block, text := abi.ReadStartBlock(in)
		if written := StartInput(block, string(text)); string(written) != string(in) {
			t.Errorf("%x is read as %+v and %q", in, block, text)
		}
	})
}
