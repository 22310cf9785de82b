package hostdriver

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// emitMetadata emits fields: how many, and the text in which each is its name and
// its value, both ended by a NUL. Values of -bin names are base64.
func (d *Driver) emitMetadata(md metadata.MD) {
	out := d.out
	from := len(out.Text)
	for i := range md.Len() {
		f := md.At(i)
		out.Text = append(append(out.Text, f.Name...), 0)
		value := wire.FieldText(f.Name, f.Value)
		for j := range len(value) {
			out.Text = append(out.Text, max(value[j], 1)) // a NUL would end the field
		}
		out.Text = append(out.Text, 0)
	}
	out.Words(uint32(md.Len()), uint32(from), uint32(len(out.Text)-from))
}

// emitStatus emits how a call ended.
func (d *Driver) emitStatus(c *liveCall) {
	st := c.Status()
	d.out.Word(uint32(st.Code))
	d.out.String(st.Message)
	d.out.Flag(st.Details != nil)
	if st.Details != nil {
		d.out.Bytes(st.Details)
	}
	d.emitMetadata(st.Header)
	d.emitMetadata(st.Trailer)
	d.emitHistory(c)
}

// emitRefusal ends a call that never was, for its channel is not open.
func (d *Driver) emitRefusal(id uint32) {
	const none = ^uint32(0)
	d.out.Begin(abi.ActionEnd, id, none)
	d.out.Word(uint32(status.Internal))
	d.out.String("the channel of this call is not open")
	d.out.Flag(false)
	d.emitMetadata(metadata.MD{})
	d.emitMetadata(metadata.MD{})
	d.out.Words(uint32(status.ReasonInternal), 0)
}

// emitHistory emits the commit reason and a record for each attempt.
func (d *Driver) emitHistory(c *liveCall) {
	out := d.out
	out.Word(uint32(c.Reason()))
	records := c.Records()
	out.Word(uint32(len(records)))
	for i := range records {
		r := &records[i]
		out.Words(uint32(r.Number), uint32(r.Kind), uint32(r.Outcome), uint32(r.HTTPStatus), uint32(r.Code), uint32(r.Pushback))
		out.String(r.Message)
		for _, at := range [...]int64{r.StartedAt, r.HeadAt, r.EndedAt} {
			if at == status.None {
				out.Float(-1)
			} else {
				out.Float(milliseconds(c.Begun() + plan.Duration(at)))
			}
		}
	}
}

// emitEvent emits an observation, every field of it: JavaScript picks what the
// kind calls for.
func (d *Driver) emitEvent(e *attempts.Event) {
	out := d.out
	out.Words(uint32(e.Kind), uint32(e.Attempt), uint32(e.Why), uint32(e.Outcome), uint32(e.HTTP), uint32(e.Code),
		uint32(e.Pushback), uint32(e.Reason), uint32(e.Attempts))
	out.Flag(e.Tripped)
	out.String(e.Message)
	for _, f := range [...]float64{
		milliseconds(e.At), milliseconds(e.Delay), milliseconds(e.Bound), milliseconds(e.Timeout),
		e.Tokens, e.MaxTokens, float64(e.CallBytes), float64(e.ChannelBytes),
	} {
		out.Float(f)
	}
}

func (d *Driver) emitWarning(w channel.Warning) {
	d.out.String(w.Kind)
	d.out.String(w.Text)
	d.out.String(channel.List(w.Allow))
	d.out.String(channel.List(w.Expose))
}

func (d *Driver) emitProblems(problems []serviceconfig.Problem) {
	for _, problem := range problems {
		d.out.Begin(abi.ActionRefuse, 0, 0)
		d.out.String(problem.Path)
		d.out.String(problem.Reason)
	}
}
