package call

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

const (
	sayHello = "/helloworld.Greeter/SayHello"
	retrying = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"1s","maxBackoff":"5s",
		"backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE","UNIMPLEMENTED"]}}]}`
	hedging = `{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":3,"hedgingDelay":"0.1s","nonFatalStatusCodes":["UNAVAILABLE"]}}]}`
)

// open makes a channel with a service config; options change it further.
func open(t *testing.T, config string, options ...func(*channel.Options)) *channel.Channel {
	t.Helper()
	o := channel.DefaultOptions()
	o.BaseURL, o.Random = "https://api.test", func() float64 { return 0.5 }
	if config != "" {
		parsed, err := serviceconfig.Parse(config)
		if err != nil {
			t.Fatal(err)
		}
		o.Config = parsed
	}
	for _, f := range options {
		f(&o)
	}
	o.Validate(func(path, reason string) { t.Fatalf("%s: %s", path, reason) })
	ch := channel.New(o)
	t.Cleanup(func() {
		if n := ch.Quota().Used(); n != 0 {
			t.Errorf("%d bytes stay in the replay buffer", n)
		}
	})
	return ch
}

// talk is a call, told what happens by verbs at exact instants; asks says what
// it must ask for in answer. Attempts are counted from 1.
type talk struct {
	t        *testing.T
	call     *Call
	now      plan.Duration
	asked    []string
	messages []string
	header   metadata.MD // of the last attempt that was opened
	warnings []channel.Warning
	dropped  bool // at its end, what had not been read
	parts    map[int]*part
	lingers  bool          // show when the end of a body is awaited, which is with nearly every call
	armed    plan.Duration // what the timer was last shown to be armed at
	hidden   bool          // it was armed for the end of a body, and that was not shown
}

// part is what has come of an attempt's payload, and what is left of a chunk that
// is not looked at before that was inflated.
type part struct {
	payload []byte
	flags   byte
	rest    []byte
}

func unary(t *testing.T, ch *channel.Channel) *talk { return begin(t, ch, Params{}) }

func stream(t *testing.T, ch *channel.Channel) *talk { return begin(t, ch, Params{Streaming: true}) }

// begin makes a call over a transport that can tell that it sent nothing. Over one
// that cannot, the request is released as it is sent: see TestRelease.
func begin(t *testing.T, ch *channel.Channel, p Params) *talk {
	p.Restarts = true
	return talking(t, ch, p)
}

func talking(t *testing.T, ch *channel.Channel, p Params) *talk {
	if p.Method == "" {
		p.Method = sayHello
	}
	if p.Timeout == 0 {
		p.Timeout = plan.Never
	}
	tk := &talk{t: t, call: New(ch, 0, p), parts: map[int]*part{}, armed: plan.Never}
	t.Cleanup(func() { // whatever the test leaves running is canceled, and nothing may stay behind
		tk.call.Cancel(tk.now, "the test is over", nil)
		if !tk.call.Over() {
			t.Error("a canceled call goes on")
		}
	})
	return tk
}

func (tk *talk) at(ms float64) *talk {
	tk.now = plan.Duration(ms * float64(plan.Millisecond))
	return tk
}

func (tk *talk) tell(event func(c *Call)) *talk {
	tk.t.Helper()
	if len(tk.asked) > 0 {
		tk.t.Errorf("the call asked for more: %q", tk.asked)
	}
	event(tk.call)
	tk.asked = nil
	for _, a := range tk.call.Take() {
		n := strconv.Itoa(a.Attempt + 1)
		switch a.Op {
		case attempts.Prepare:
			tk.asked = append(tk.asked, "prepare "+n)
		case attempts.Open:
			tk.asked, tk.header = append(tk.asked, "open "+n), tk.call.RequestHeader(tk.now, a.Attempt)
		case attempts.Abort:
			tk.asked = append(tk.asked, "abort "+n)
		case attempts.Timer:
			if tk.shows(a) {
				tk.asked = append(tk.asked, "arm "+instant(a.At))
			}
		case attempts.Release:
			tk.asked = append(tk.asked, "release "+n)
		case attempts.Read:
			tk.asked = append(tk.asked, "read "+n)
		case attempts.Written:
			tk.asked = append(tk.asked, "written "+strconv.Itoa(a.Messages))
		case attempts.Warn:
			tk.asked, tk.warnings = append(tk.asked, "warn"), append(tk.warnings, tk.call.Warning(a.Attempt, a.Warning))
		case attempts.Inflate:
			tk.asked = append(tk.asked, "inflate "+n+" "+strconv.FormatInt(a.Limit, 10))
		case attempts.Head:
			tk.asked = append(tk.asked, "header "+n)
		case attempts.End:
			tk.asked, tk.dropped = append(tk.asked, "end"), a.Drop
		}
	}
	return tk
}

// shows reports whether an arming is shown: not where it is for the end of a body,
// unless the test is about that, nor where it takes that back.
func (tk *talk) shows(a attempts.Action) bool {
	if a.Patient && !tk.lingers {
		tk.hidden = true
		return false
	}
	back := tk.hidden && a.At == tk.armed
	tk.hidden, tk.armed = false, a.At
	return !back
}

func instant(at plan.Duration) string {
	if at == plan.Never {
		return "never"
	}
	return strconv.FormatFloat(float64(at)/float64(plan.Millisecond), 'f', -1, 64)
}

// asks: this, in this order, and nothing else.
func (tk *talk) asks(want ...string) *talk {
	tk.t.Helper()
	if fmt.Sprint(tk.asked) != fmt.Sprint(want) {
		tk.t.Errorf("at %s the call asks %q; want %q", instant(tk.now), tk.asked, want)
	}
	tk.asked = nil
	return tk
}

func (tk *talk) sends(size int64) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Send(tk.now, size, size) })
}

func (tk *talk) starts() *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) {
		c.HalfClose(tk.now)
		c.Begin(tk.now)
	})
}

// begins begins the call, its request open.
func (tk *talk) begins() *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Begin(tk.now) })
}

func (tk *talk) halfCloses() *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.HalfClose(tk.now) })
}

func (tk *talk) took(n, messages int) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Took(n-1, messages) })
}

func (tk *talk) network(up bool) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Network(tk.now, up) })
}

func (tk *talk) timer() *talk {
	tk.t.Helper()
	tk.armed = plan.Never // it has fired
	return tk.tell(func(c *Call) { c.Timer(tk.now) })
}

func (tk *talk) reads() *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Read(tk.now) })
}

// head is a response head of gRPC-Web's content type, unless the fields say another.
func (tk *talk) head(n, http int, fields ...string) *talk {
	tk.t.Helper()
	md := metadata.New(fields...)
	if _, told := md.Lookup("content-type"); !told {
		md.Append("content-type", "application/grpc-web+proto")
	}
	return tk.tell(func(c *Call) { c.Head(tk.now, n-1, http, md) })
}

// feeds gives the call one chunk of an attempt's body, up to what is to be inflated.
func (tk *talk) feeds(n int, parts ...[]byte) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { tk.feed(c, n, bytes.Join(parts, nil)) })
}

func (tk *talk) feed(c *Call, n int, chunk []byte) {
	p := tk.parts[n]
	if p == nil {
		p = new(part)
		tk.parts[n] = p
	}
	for at, fed := 0, false; !fed || at < len(chunk); fed = true { // a chunk of nothing is fed too
		var fragments []wire.Fragment
		fragments, at = c.Feed(tk.now, n-1, chunk, at, make([]wire.Fragment, 0, 2))
		for _, f := range fragments {
			p.payload, p.flags = append(p.payload, chunk[f.Offset:f.Offset+f.Length]...), f.Flags
			if f.Last && f.Flags&wire.FlagCompressed == 0 {
				tk.messages, p.payload = append(tk.messages, string(p.payload)), nil
			}
		}
		if _, packed := c.Packed(n - 1); packed {
			p.rest = chunk[at:]
			return
		}
	}
	c.Drained(n - 1)
}

// inflates answers what the call asked to have inflated, and feeds what is left of
// the chunk.
func (tk *talk) inflates(n int) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) {
		p := tk.parts[n]
		r, err := gzip.NewReader(bytes.NewReader(p.payload))
		if err != nil {
			tk.t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			tk.t.Fatal(err)
		}
		if p.payload = nil; p.flags&wire.FlagTrailers != 0 {
			c.Inflated(tk.now, n-1, int64(len(raw)), raw)
		} else if c.Inflated(tk.now, n-1, int64(len(raw)), nil); !c.Over() {
			tk.messages = append(tk.messages, string(raw))
		}
		tk.feed(c, n, p.rest)
	})
}

// damaged: it could not be inflated.
func (tk *talk) damaged(n int) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Failed(tk.now, n-1, BadPayload, plan.Processed, errors.New("bad sum")) })
}

func (tk *talk) bodyEnds(n int) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.End(tk.now, n-1) })
}

func (tk *talk) closes(n, code int) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Closed(tk.now, n-1, code, "") })
}

func (tk *talk) breaks(n int, cause string) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Break(tk.now, n-1, errors.New(cause)) })
}

func (tk *talk) noResponse(n int, cause string) *talk {
	tk.t.Helper()
	return tk.tell(func(c *Call) { c.Failed(tk.now, n-1, NoResponse, plan.Processed, errors.New(cause)) })
}

// refuses is a whole Trailers-Only answer; what follows it is for asks.
func (tk *talk) refuses(n int, code status.Code, fields ...string) *talk {
	tk.t.Helper()
	tk.head(n, 200, append(fields, "grpc-status", strconv.Itoa(int(code)))...).asks("read " + strconv.Itoa(n))
	return tk.bodyEnds(n)
}

// over: the call has ended so.
func (tk *talk) over(code status.Code, reason status.CommitReason, attempts int, text string) *status.Status {
	tk.t.Helper()
	st := tk.call.Status()
	if st == nil {
		tk.t.Fatal("the call is not over")
	}
	if n := tk.call.Attempts(); n != len(st.Attempts) {
		tk.t.Errorf("%d attempts, and records of %d", n, len(st.Attempts))
	}
	for id := range st.Attempts {
		if tk.call.Record(id).Number != st.Attempts[id].Number {
			tk.t.Errorf("the record of attempt %d is another's", id+1)
		}
		tk.call.Skip(id, 1) // comes too late, and does nothing
	}
	if st.Code != code || st.CommitReason != reason || len(st.Attempts) != attempts || !strings.Contains(st.Message, text) {
		tk.t.Errorf("%v, %v; want %v, %v after %d attempts: %s", st, st.CommitReason, code, reason, attempts, text)
	}
	return st
}

// got: these messages have come so far.
func (tk *talk) got(want ...string) *talk {
	tk.t.Helper()
	if fmt.Sprintf("%q", tk.messages) != fmt.Sprintf("%q", want) {
		tk.t.Errorf("messages %q; want %q", tk.messages, want)
	}
	return tk
}

// field compares all values of a name.
func field(t *testing.T, what string, md metadata.MD, name string, want ...string) {
	t.Helper()
	if got := md.Values(name); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %s is %q; want %q", what, name, got, want)
	}
}

func message(text string) []byte { return wire.AppendFrame(nil, 0, []byte(text)) }

func trailers(lines string) []byte { return wire.AppendFrame(nil, wire.FlagTrailers, []byte(lines)) }

// packed is a frame whose payload is compressed.
func packed(flags byte, payload string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(payload))
	w.Close()
	return wire.AppendFrame(nil, flags|wire.FlagCompressed, b.Bytes())
}

func okTrailers() []byte { return trailers("grpc-status: 0\r\nx-end: 1\r\n") }
