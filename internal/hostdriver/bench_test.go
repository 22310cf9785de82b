package hostdriver

import (
	"math"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// unaryCall runs a unary call of 100 bytes, which succeeds at once, with the bytes that
// JavaScript would write. It allocates nothing itself.
type unaryCall struct {
	driver              *Driver
	buffers             *abi.Buffers
	start, header, body []byte
	id                  uint32
	code                uint32 // how the last call ended
}

func newUnaryCall(tb testing.TB) *unaryCall {
	tb.Helper()
	h := newHost()
	if !h.Enter(abitest.Named("open_channel", []byte(options("serviceConfig", retrying)), 1)) {
		tb.Fatal(h.Death)
	}
	block := abi.StartBlock{Timeout: math.Inf(1), Size: 100, Channel: 1}
	return &unaryCall{
		driver: h.Program.(*Driver), buffers: h.Buffers, start: abitest.StartInput(block, "/helloworld.Greeter/SayHello\x00"),
		header: []byte("content-type\x00application/grpc-web+proto\x00"), body: append(message(string(make([]byte, 100))), trailers("grpc-status: 0\r\n")...),
	}
}

func (u *unaryCall) run() {
	u.id++
	d, b := u.driver, u.buffers
	b.Reset()
	d.Start(u.id, u.input(u.start))
	b.Reset()
	d.Head(u.id, 0, 1, 200, 1, u.input(u.header))
	b.Reset()
	d.Feed(u.id, 0, 1, 1, u.input(u.body))
	b.Reset()
	d.End(u.id, 0, 2)
	u.code = b.Actions[4]
}

func (u *unaryCall) input(in []byte) []byte {
	copy(u.buffers.In, in)
	return u.buffers.Input(uint32(len(in)))
}

// BenchmarkUnary runs a call through the driver, without JavaScript.
func BenchmarkUnary(b *testing.B) {
	u := newUnaryCall(b)
	b.ReportAllocs()
	for b.Loop() {
		if u.run(); u.code != 0 {
			b.Fatalf("the call ended with code %d", u.code)
		}
	}
}

// Whatever a call allocates, the garbage collector has to free later, in a page that has
// other things to do.
func TestAllocationsOfACall(t *testing.T) {
	u := newUnaryCall(t)
	u.run()
	const most = 6
	if got := testing.AllocsPerRun(1000, u.run); got > most || u.code != 0 {
		t.Errorf("a unary call makes %v allocations, and ends with code %d; want at most %d, and 0", got, u.code, most)
	}
}

// The last text of an export is kept so that equal ones need not be read again. What was
// made from one text must never be used for another.
func TestTextsThatRepeat(t *testing.T) {
	var l last
	for _, c := range []struct {
		text   string
		fields uint32
		want   string
	}{
		{"a\x001\x00", 1, "a=1 "},
		{"a\x001\x00", 1, "a=1 "},
		{"a\x001\x00b\x002\x00", 2, "a=1 b=2 "},
		{"a\x001\x00b\x002\x00", 1, "a=1 "},
		{"", 0, ""},
		{"a\x001\x00", 1, "a=1 "},
		{"", 1, "a=1 "},
		{"", 0, ""},
		{"", 1, "a=1 "},
		{"b\x002\x00", 1, "b=2 "},
		{"", 1, "b=2 "}, // left out: that of the last head with fields
	} {
		got := ""
		for name, value := range l.head([]byte(c.text), c.fields).All() {
			got += name + "=" + value + " "
		}
		if got != c.want {
			t.Errorf("%d fields of %q are %q; want %q", c.fields, c.text, got, c.want)
		}
	}
}

// A start is told apart from the last one by its number of fields too, which alone may
// show that a name or a value holds a NUL.
func TestStartsThatRepeat(t *testing.T) {
	var l last
	for _, c := range []struct {
		text    string
		fields  uint32
		want    string
		refused bool
	}{
		{"/a/B\x00x\x001\x00", 1, "/a/B 1", false},
		{"/a/B\x00x\x001\x00", 1, "/a/B 1", false},
		{"/a/B\x00x\x001\x00", 0, "/a/B 0", true},
		{"/a/B\x00x\x001\x00", 0, "/a/B 0", true},
		{"/a/C\x00x\x001\x00", 1, "/a/C 1", false},
		{"/a/C\x00", 0, "/a/C 0", false},
		{"", 0, "/a/C 0", false},
		{"/a/D\x00x\x001\x00", 1, "/a/D 1", false},
		{"", 1, "/a/D 1", false}, // left out: the last one's
	} {
		method, md, err := l.start([]byte(c.text), c.fields)
		if got := method + " " + text.Decimal(md.Len()); got != c.want || (err != nil) != c.refused {
			t.Errorf("%q with %d fields: %q, %v; want %q", c.text, c.fields, got, err, c.want)
		}
	}
}
