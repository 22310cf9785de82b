package hostdriver

import (
	"math"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// emitMetadata writes fields: their number, then one text that holds each name and each
// value, followed by a NUL. The values of -bin names are base64.
func (d *Driver) emitMetadata(md metadata.MD) {
	out := d.out
	from := len(out.Text)
	for i := range md.Len() {
		f := md.At(i)
		out.Text = append(append(out.Text, f.Name...), 0)
		value := len(out.Text)
		out.Text = append(append(out.Text, wire.FieldText(f.Name, f.Value)...), 0)
		for j := value; j < len(out.Text)-1; j++ {
			out.Text[j] = max(out.Text[j], 1) // a NUL would end the field
		}
	}
	out.Words(uint32(md.Len()), uint32(from), uint32(len(out.Text)-from))
}

// emitRequest writes how an attempt is sent. Most requests of a page have the header of
// the one before, which JavaScript then need not read again.
func (d *Driver) emitRequest(c *liveCall, attempt int) {
	d.out.Flag(c.Streams())
	d.header.Reset()
	c.AppendRequestHeader(&d.header, d.now, attempt)
	again := same(d.header, d.opened)
	d.out.Flag(again)
	if again {
		d.emitMetadata(metadata.MD{})
		return
	}
	d.emitMetadata(d.header)
	d.header, d.opened = d.opened, d.header
}

func same(a, b metadata.MD) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if a.At(i) != b.At(i) {
			return false
		}
	}
	return true
}

// emitStatus writes the status and the history of a call that has ended.
func (d *Driver) emitStatus(c *liveCall) {
	st, _ := c.Ending()
	d.out.Words(uint32(st.Code), uint32(st.RawCode))
	d.out.String(st.Message)
	d.out.Flag(st.Details != nil)
	d.out.Bytes(st.Details)
	d.emitMetadata(st.Header)
	d.emitMetadata(st.Trailer)
	d.emitHistory(c)
}

// emitRefusal ends a call that could not begin, because its channel is not open.
func (d *Driver) emitRefusal(id uint32) {
	const none = ^uint32(0)
	d.out.Begin(abi.ActionEnd, id, none)
	d.out.Flag(true)
	d.out.Flag(false)
	d.out.Words(uint32(status.Internal), 0)
	d.out.String("the channel of this call is not open")
	d.out.Flag(false)
	d.out.Bytes(nil)
	d.emitMetadata(metadata.MD{})
	d.emitMetadata(metadata.MD{})
	d.out.Words(uint32(status.ReasonInternal), 0)
}

// emitHistory writes the commit reason and a record of each attempt.
func (d *Driver) emitHistory(c *liveCall) {
	d.out.Words(uint32(c.Reason()), uint32(c.Attempts()))
	for id := range c.Attempts() {
		r := c.Record(id)
		d.out.PutRecord(&abi.Record{
			Number: uint32(r.Number), Kind: uint32(r.Kind), Outcome: uint32(r.Outcome),
			HTTPStatus: int32(r.HTTPStatus), Code: int32(r.Code), Pushback: int32(r.Pushback), Message: r.Message, Endpoint: r.Endpoint,
			StartedAt: since(c, r.StartedAt), HeadAt: since(c, r.HeadAt), EndedAt: since(c, r.EndedAt),
		})
	}
}

// since converts an instant of a record to JavaScript's clock. The result is NaN if the
// record does not have that instant.
func since(c *liveCall, at int64) float64 {
	if at == status.None {
		return math.NaN()
	}
	return milliseconds(c.Begun() + plan.Duration(at))
}

// emitEvent writes all fields of an event. JavaScript picks those that the kind calls
// for. Inlined, it would make every export clear several hundred bytes of its stack.
//
//go:noinline
func (d *Driver) emitEvent(e *attempts.Event) {
	policy := uint32(0)
	if e.Kind == attempts.CallStarted {
		policy = uint32(e.Why)
	}
	d.out.PutEvent(&abi.Event{
		Kind: uint32(e.Kind), Attempt: uint32(e.Attempt), Policy: policy, Why: uint32(e.Why), Outcome: uint32(e.Outcome),
		HTTPStatus: int32(e.HTTP), Code: int32(e.Code), Pushback: int32(e.Pushback), Reason: uint32(e.Reason),
		Attempts: uint32(e.Attempts), Tripped: e.Tripped, Message: e.Message,
		At: milliseconds(e.At), Delay: milliseconds(e.Delay), Bound: milliseconds(e.Bound), Timeout: milliseconds(e.Timeout),
		Tokens: e.Tokens, MaxTokens: e.MaxTokens, CallBytes: float64(e.CallBytes), ChannelBytes: float64(e.ChannelBytes),
	})
}

//go:noinline
func (d *Driver) emitWarning(w channel.Warning) {
	d.out.PutWarning(&abi.Warning{Kind: w.Kind, Text: w.Text, Allow: text.List(w.Allow), Expose: text.List(w.Expose)})
}

func (d *Driver) emitProblems(problems []serviceconfig.Problem) {
	for _, problem := range problems {
		d.out.Begin(abi.ActionRefuse, 0, 0)
		d.out.String(problem.Path)
		d.out.String(problem.Reason)
	}
}
