package hostdriver

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/driverscripts"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// exchange is one attempt, as the page and the server see it.
type exchange struct {
	page    *page
	id      float64
	server  driverscripts.Exchange
	chunks  []driverscripts.Chunk
	request driverscripts.SeenRequest
	body    []byte // of the request, as far as it was taken
	taken   int
	streams bool
	dead    bool

	payload []byte // of the frame that is being read
	flags   byte
	packed  bool // it is to be inflated
}

// take takes messages of the request, and calls a function when it has them.
func (x *exchange) take(n int, then func()) {
	p := x.page
	for ; n != 0 && !x.dead; n-- {
		switch {
		case x.taken < len(p.frames):
			x.body = append(x.body, p.frames[x.taken]...)
			if x.taken++; x.streams {
				p.tell("took", nil, 1, x.id, float64(x.taken))
			}
		case p.complete:
			x.request.Whole = true
			then()
			return
		default:
			p.growth = append(p.growth, func() { x.take(n, then) })
			return
		}
	}
	then()
}

// answer sends the head, or fails.
func (x *exchange) answer() {
	if x.dead {
		return
	}
	if x.server.Fail != "" {
		x.fails(x.server.Fail, "failed")
		return
	}
	text, n := fieldText(x.server.Fields())
	status := x.server.HTTP
	if status == 0 {
		status = 200
	}
	x.page.tell("head", []byte(text), 1, x.id, x.page.now, float64(status), n)
}

// fails reports that the exchange failed, before the head or in the body.
func (x *exchange) fails(word, where string) {
	x.dead = true
	if word == "abort" {
		x.page.tell("failed", []byte("the page is left"), 1, x.id, x.page.now, float64(call.AbortedByHost))
		return
	}
	if where == "failed" {
		x.page.tell("failed", []byte("the network failed"), 1, x.id, x.page.now, float64(call.NoResponse))
		return
	}
	x.page.tell("broken", []byte("the network failed"), 1, x.id, x.page.now)
}

// read reports the next chunk of the body, or its end.
func (x *exchange) read() {
	p := x.page
	if len(x.chunks) == 0 {
		p.after(0, false, func() {
			if !x.dead {
				p.tell("end", nil, 1, x.id, p.now)
			}
		})
		return
	}
	c := x.chunks[0]
	x.chunks = x.chunks[1:]
	p.after(0, false, func() {
		x.take(c.Take, func() {
			p.after(c.After, false, func() {
				switch {
				case x.dead:
				case c.Fail != "":
					x.fails(c.Fail, "broken")
				default:
					x.feed(c.Data, false)
				}
			})
		})
	})
}

// feed lets the driver split the rest of a chunk into messages.
func (x *exchange) feed(chunk []byte, again bool) {
	p := x.page
	for len(chunk) > 0 && !x.dead && p.end == nil {
		if !p.host.Enter(abitest.Named("feed", chunk, 1, x.id, p.now, 1)) {
			p.t.Fatal(p.host.Death)
		}
		taken, actions := int(p.host.Buffers.Result), p.decode()
		again = false
		for _, f := range p.host.Fragments() {
			from := chunk
			if f.Decoded {
				from = p.host.Buffers.In
			}
			if f.First {
				x.payload, x.flags = nil, f.Flags
			}
			x.payload = append(x.payload, from[f.Offset:f.Offset+f.Length]...)
			if int64(len(x.payload)) == f.Total && f.Flags&wire.FlagCompressed == 0 {
				p.deliver(string(x.payload))
			}
		}
		chunk = chunk[taken:]
		if p.perform(actions); x.packed {
			x.inflate()
			again = true
		}
	}
	if again && !x.dead && p.end == nil {
		p.tell("drained", nil, 1, x.id, p.now)
	}
}

func (x *exchange) inflate() {
	p := x.page
	x.packed = false
	raw, err := unzip(x.payload)
	if err != nil {
		p.tell("failed", []byte(err.Error()), 1, x.id, p.now, float64(call.BadPayload))
		return
	}
	if x.flags&wire.FlagTrailers != 0 {
		p.tell("inflated", raw, 1, x.id, p.now, float64(len(raw)))
		return
	}
	if p.tell("inflated", nil, 1, x.id, p.now, float64(len(raw))); p.end == nil {
		p.deliver(string(raw))
	}
}

func unzip(payload []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
