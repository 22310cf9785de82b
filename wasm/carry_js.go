package main

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/wire"
	"github.com/hedgerow-web/hedgerow/jsbridge/host"
)

// carryOut turns a call's actions into those of the host ABI. The timer is the
// program's own; all else is for JavaScript to do.
func (p *program) carryOut(c *liveCall) {
	for _, a := range c.Take() {
		switch a.Op {
		case attempts.Arm:
			p.timers.set(&c.timer, a.At)
		case attempts.Prepare:
			emit(host.ActionPrepare, c, a)
			host.Word(uint32(c.Number(a.Attempt)))
		case attempts.Open:
			emit(host.ActionOpen, c, a)
			emitMetadata(c.RequestHeader(p.now, a.Attempt))
			if !c.Replays() { // and fetch never says that it sent nothing, so that none takes this one's place
				emit(host.ActionRelease, c, a)
			}
		case attempts.Abort:
			emit(host.ActionAbort, c, a)
		case attempts.Read:
			emit(host.ActionRead, c, a)
		case attempts.Release:
			emit(host.ActionRelease, c, a)
		case attempts.Written:
			emit(host.ActionWritten, c, a)
			host.Word(uint32(a.Messages))
		case attempts.Warn:
			emit(host.ActionWarn, c, a)
			emitWarning(c.Warning(a.Warning))
		case attempts.Inflate:
			emit(host.ActionInflate, c, a)
			host.Float(float64(a.Limit))
		case attempts.Head:
			emit(host.ActionHead, c, a)
			emitMetadata(c.Header())
		case attempts.End:
			emit(host.ActionEnd, c, a)
			emitStatus(c)
			delete(p.calls, c.id)
		case attempts.Observe:
			emit(host.ActionObserve, c, a)
			emitEvent(a.Event)
		}
	}
}

// arm has JavaScript's timer stand at the earliest instant of all calls. One
// that stands too early does no harm, so that it is moved only when it must be.
func (p *program) arm() {
	at := p.timers.earliest()
	if at < p.armed || at == plan.Never && p.armed != plan.Never {
		p.armed = at
		host.Words(host.ActionTimer, 0, 0)
		host.Float(milliseconds(at))
	}
}

func emit(action uint32, c *liveCall, a attempts.Action) {
	host.Words(action, c.id, uint32(a.Attempt))
}

// emitMetadata emits a block: the number of fields, and the text in which each
// field is its name and its value, both ended by a NUL. Values of -bin names
// are base64.
func emitMetadata(md metadata.MD) {
	text := host.Text()
	from := len(text)
	for i := range md.Len() {
		f := md.At(i)
		text = append(append(text, f.Name...), 0)
		value := wire.FieldText(f.Name, f.Value)
		for j := range len(value) {
			text = append(text, max(value[j], 1)) // a NUL would end the field
		}
		text = append(text, 0)
	}
	host.SetText(text)
	host.Words(uint32(md.Len()), uint32(from), uint32(len(text)-from))
}

// emitStatus emits how a call ended.
func emitStatus(c *liveCall) {
	st := c.Status()
	host.Word(uint32(st.Code))
	host.Bytes(st.Message)
	host.Word(flag(st.Details != nil))
	if st.Details != nil {
		host.Bytes(st.Details)
	}
	emitMetadata(st.Header)
	emitMetadata(st.Trailer)
	emitHistory(c)
}

// emitHistory emits the commit reason and a record for each attempt.
func emitHistory(c *liveCall) {
	host.Word(uint32(c.Reason()))
	records := c.Records()
	host.Word(uint32(len(records)))
	for i := range records {
		r := &records[i]
		host.Words(uint32(r.Number), uint32(r.Kind), uint32(r.Outcome), uint32(r.HTTPStatus), uint32(r.Code), uint32(r.Pushback))
		host.Bytes(r.Message)
		for _, at := range [...]int64{r.StartedAt, r.HeadAt, r.EndedAt} {
			if at == status.None {
				host.Float(-1)
			} else {
				host.Float(milliseconds(c.Begun() + plan.Duration(at)))
			}
		}
	}
}

// emitEvent emits an observation, every field of it: JavaScript picks what the
// kind calls for.
func emitEvent(e *attempts.Event) {
	host.Words(uint32(e.Kind), uint32(e.Attempt), uint32(e.Why), uint32(e.Outcome), uint32(e.HTTP), uint32(e.Code),
		uint32(e.Pushback), uint32(e.Reason), uint32(e.Attempts), flag(e.Tripped))
	host.Bytes(e.Message)
	for _, f := range [...]float64{
		milliseconds(e.At), milliseconds(e.Delay), milliseconds(e.Bound), milliseconds(e.Timeout),
		e.Tokens, e.MaxTokens, float64(e.CallBytes), float64(e.ChannelBytes),
	} {
		host.Float(f)
	}
}

func emitWarning(w channel.Warning) {
	host.Bytes(w.Kind)
	host.Bytes(w.Text)
	host.Bytes(channel.List(w.Allow))
	host.Bytes(channel.List(w.Expose))
}

func emitProblems(problems []serviceconfig.Problem) {
	for _, problem := range problems {
		host.Words(host.ActionRefuse, 0, 0)
		host.Bytes(problem.Path)
		host.Bytes(problem.Reason)
	}
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
