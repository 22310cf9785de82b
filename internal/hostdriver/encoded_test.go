package hostdriver

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/walks"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// The ids of the call under test, and of a call before it.
const (
	walked = 2
	before = 1
)

// encoded is a call behind the ABI. It does what JavaScript does: it assembles payloads
// and reports what it skips.
type encoded struct {
	t       *testing.T
	host    *abitest.Host
	driver  *Driver
	tape    *[]byte
	setup   walks.Setup
	call    *call.Call
	channel *channel.Channel
	actions []attempts.Action
	headers map[int]metadata.MD
	warning string
	missing map[int]int64 // of an attempt's present payload, where it does not come from text
	flags   map[int]byte
	total   map[int]int64
	drained map[int]bool // by the last feed
	feeds   int
	renewed float64
	told    string // other tabs, of the budget
}

func encode(t *testing.T, s walks.Setup, tape *[]byte) walks.Subject {
	h := newHost()
	e := &encoded{
		t: t, host: h, driver: h.Program.(*Driver), tape: tape, setup: s,
		headers: map[int]metadata.MD{}, missing: map[int]int64{}, flags: map[int]byte{}, total: map[int]int64{}, drained: map[int]bool{},
	}
	e.tell("open_channel", []byte(optionText(s)), 1)
	e.channel = e.driver.channels.find(1)
	if s.Answers {
		e.answerBefore()
	}
	return e
}

func optionText(s walks.Setup) string {
	o := s.Options
	parts := []string{
		"seed", "11", "maxRetryBufferPerCallSize", fmt.Sprint(o.MaxRetryBufferPerCallSize),
		"maxSendMessageBytes", fmt.Sprint(o.MaxSendMessageBytes), "maxReceiveMessageBytes", fmt.Sprint(o.MaxReceiveMessageBytes),
		"attemptHeader", []string{"auto", "always", "never"}[o.AttemptHeader],
	}
	for name, set := range map[string]bool{"perAttempt": o.PerAttempt, "crossOrigin": o.CrossOrigin} {
		if set {
			parts = append(parts, name, "1")
		}
	}
	if !o.RefreshCodes.Empty() {
		parts = append(parts, "credentialsRefresh", "14")
	}
	if o.FirstFrame {
		parts = append(parts, "headerCommit", "firstFrame")
	}
	if o.KeepsState {
		parts = append(parts, "state", o.State)
	}
	for _, e := range o.More {
		parts = append(parts, "baseUrl", e.BaseURL)
	}
	if s.ServiceConfig != "" {
		parts = append(parts, "serviceConfig", s.ServiceConfig)
	}
	return options(parts...)
}

// answerBefore runs a call that the origin answers, so that the origin is known to
// answer.
func (e *encoded) answerBefore() {
	e.tell("start", abitest.StartInput(abi.StartBlock{Timeout: math.Inf(1), Channel: 1}, "/before.All/Others\x00"), before)
	if e.setup.Options.PerAttempt {
		e.tell("prepared", nil, before, 0, 0, 0)
	}
	e.tell("head", []byte("content-type\x00application/grpc-web\x00"), before, 0, 0, 200, 1)
	e.tell("feed", append(message(""), trailers("grpc-status: 0\r\n")...), before, 0, 0, 1)
	e.tell("end", nil, before, 0, 0)
	if e.driver.calls.byID.find(before) != nil {
		e.t.Fatal("the call before the walk has not ended")
	}
	e.actions = nil
}

func ms(d plan.Duration) float64 { return milliseconds(d) }

// tell reports an event to the driver and reads the actions.
func (e *encoded) tell(export string, in []byte, args ...float64) {
	e.t.Helper()
	event := abitest.Named(export, in, args...)
	*e.tape = abitest.AppendEvent(*e.tape, event)
	if !e.host.Enter(event) {
		e.t.Fatalf("%v: the instance died: %s", event, e.host.Death)
	}
	told, err := e.host.Decode()
	if err != nil {
		e.t.Fatalf("%v: %v", event, err)
	}
	for _, a := range told {
		if a.Name == "timer" { // it comes last, behind what ended the call
			at := plan.Never
			if ms := a.Values["at"].(float64); !math.IsInf(ms, 1) {
				at = nanoseconds(ms, plan.Never)
			}
			e.actions = append([]attempts.Action{{Op: attempts.Timer, At: at}}, e.actions...)
		} else if a.Name == "budget" {
			if e.told = a.Values["text"].(string); e.channel != nil && e.told != e.channel.Budget().Text() {
				e.t.Errorf("%v: other tabs are told of a budget of %q; it is %q", event, e.told, e.channel.Budget().Text())
			}
		} else if a.Name == "renew" {
			e.renewed = a.Values["after"].(float64)
		} else if a.Call == walked {
			e.actions = append(e.actions, e.action(a))
		}
	}
}

// action converts an action of the ABI back to the one that the call returned.
func (e *encoded) action(a abitest.Action) attempts.Action {
	made := attempts.Action{Attempt: a.Attempt}
	switch a.Name {
	case "prepare":
		made.Op = attempts.Prepare
	case "open":
		made.Op = attempts.Open
		if to := e.driver.calls.byID.find(walked).URL(a.Attempt); !strings.HasPrefix(to, e.channel.Endpoint(int(a.Values["endpoint"].(uint32))).BaseURL+"/") {
			e.t.Errorf("attempt %d is sent to endpoint %v, and should go to %s", a.Attempt+1, a.Values["endpoint"], to)
		}
		e.headers[a.Attempt] = fieldsOf(a.Values["header"].(abitest.Fields))
	case "refresh":
		made.Op = attempts.Refresh
	case "stop_refresh":
		made.Op = attempts.StopRefresh
	case "abort":
		made.Op = attempts.Abort
	case "read":
		made.Op = attempts.Read
	case "release":
		made.Op = attempts.Release
	case "written":
		made.Op, made.Messages = attempts.Written, int(a.Values["messages"].(uint32))
	case "inflate":
		made.Op, made.Limit = attempts.Inflate, int64(a.Values["limit"].(float64))
	case "head":
		made.Op = attempts.Head
	case "warn":
		made.Op = attempts.Warn
		e.warning = a.Values["warning"].(map[string]any)["kind"].(string)
	case "end":
		made.Op, made.Drop = attempts.End, a.Values["drop"].(bool)
		e.compareEnd(a)
	case "observe":
		made.Op = attempts.Observe
	default:
		e.t.Fatalf("the driver asks for %s", a.Name)
	}
	return made
}

func fieldsOf(f abitest.Fields) metadata.MD {
	var md metadata.MD
	for _, field := range f {
		wire.AppendField(&md, field[0], field[1])
	}
	return md
}

// compareEnd checks that JavaScript gets the status that the call ended with.
func (e *encoded) compareEnd(a abitest.Action) {
	e.t.Helper()
	c := e.look()
	st := c.Status()
	for name, want := range map[string]any{
		"code": uint32(st.Code), "message": st.Message, "hasDetails": st.Details != nil,
	} {
		if got := a.Values[name]; got != want {
			e.t.Errorf("the end's %s is %v; want %v", name, got, want)
		}
	}
	for name, want := range map[string]metadata.MD{"header": st.Header, "trailer": st.Trailer} {
		if got := fieldsOf(a.Values[name].(abitest.Fields)); fmt.Sprint(got) != fmt.Sprint(want) {
			e.t.Errorf("the end's %s is %v; want %v", name, got, want)
		}
	}
	reason, list := records(a)
	if reason != st.CommitReason.String() || len(list) != len(st.Attempts) {
		e.t.Errorf("the end has the reason %q and %d records; want %v and %d", reason, len(list), st.CommitReason, len(st.Attempts))
		return
	}
	for i, r := range st.Attempts {
		want := map[string]any{
			"number": uint32(r.Number), "endpoint": r.Endpoint, "kind": r.Kind.String(), "outcome": r.Outcome.String(), "httpStatus": int32(r.HTTPStatus), "code": int32(r.Code),
			"pushback": int32(r.Pushback), "message": r.Message,
		}
		for name, at := range map[string]int64{"startedAt": r.StartedAt, "headAt": r.HeadAt, "endedAt": r.EndedAt} {
			if got := list[i][name].(float64); at == status.None != math.IsNaN(got) || at != status.None && got != ms(c.Begun()+plan.Duration(at)) {
				e.t.Errorf("record %d: %s is %v; want %d", i, name, got, at)
			}
			delete(list[i], name)
		}
		if !reflect.DeepEqual(list[i], want) {
			e.t.Errorf("record %d is %v; want %v", i, list[i], want)
		}
	}
}

// look finds the call itself, once the driver has made it.
func (e *encoded) look() *call.Call {
	if e.call == nil {
		if c := e.driver.calls.byID.find(walked); c != nil {
			e.call = &c.Call
		} else {
			e.t.Fatal("the call has ended before anybody could look at it")
		}
	}
	return e.call
}

func (e *encoded) Look() (*call.Call, *channel.Channel) { return e.look(), e.channel }

func (e *encoded) Take() []attempts.Action {
	taken := e.actions
	e.actions = nil
	return taken
}

func (e *encoded) RequestHeader(_ plan.Duration, id int) metadata.MD { return e.headers[id] }

func (e *encoded) WarningKind(attempts.Warning) string { return e.warning }

func (e *encoded) Start(now plan.Duration, complete bool, size int64) {
	p := e.setup.Params
	block := abi.StartBlock{Now: ms(now), Timeout: ms(p.Timeout), Size: float64(size), Channel: 1}
	for flag, set := range map[uint32]bool{
		abi.StartFlagStreaming: p.Streaming, abi.StartFlagOpen: !complete, abi.StartFlagCanStream: p.CanStream, abi.StartFlagSocket: p.Socket,
		abi.StartFlagWaitForReady: *p.WaitForReady, abi.StartFlagNoWait: !*p.WaitForReady, abi.StartFlagOffline: p.Offline,
		abi.StartFlagObserve: size%2 == 0, // which changes nothing else
	} {
		if set {
			block.Flags |= flag
		}
	}
	e.tell("start", abitest.StartInput(block, p.Method+"\x00"), walked)
	e.look()
	for calls := &e.driver.calls; len(calls.spare) < maxSpare; { // so that the call can be looked at after its end
		calls.spare = append(calls.spare, new(liveCall))
	}
}

func (e *encoded) Send(now plan.Duration, size, sent int64) {
	e.tell("queue", nil, walked, ms(now), float64(size), float64(sent))
}

func (e *encoded) HalfClose(now plan.Duration) { e.tell("half_close", nil, walked, ms(now)) }

func (e *encoded) Took(id, messages int) {
	e.tell("took", nil, walked, float64(id), float64(messages))
}

func (e *encoded) Network(now plan.Duration, up bool) {
	online := 0.0
	if up {
		online = 1
	}
	e.tell("network", nil, ms(now), online)
}

func (e *encoded) Prepared(now plan.Duration, id int, md metadata.MD) {
	text := ""
	for name, value := range md.All() {
		text += name + "\x00" + wire.FieldText(name, value) + "\x00"
	}
	e.tell("prepared", []byte(text), walked, float64(id), ms(now), float64(md.Len()))
}

func (e *encoded) Unprepared(now plan.Duration, id int, st *status.Status) {
	e.tell("unprepared", []byte(st.Message+"\x00"), walked, float64(id), ms(now), float64(st.Code), 0)
}

func (e *encoded) Refresh(now plan.Duration, cause error) {
	failed, text := 0.0, ""
	if cause != nil {
		failed, text = 1, cause.Error()
	}
	e.tell("refreshed", []byte(text), 1, ms(now), failed)
}

// Renew asks by the ABI, where Infinity and NaN stand for not at all.
func (e *encoded) Renew(now plan.Duration, method string, code status.Code, lost bool, failures int) (after plan.Duration, again bool) {
	word := 0.0
	if lost {
		word = 1
	}
	e.tell("renew", []byte(method), 1, ms(now), float64(code), word, float64(failures))
	if b := e.channel.Budget(); b.Changed() {
		e.t.Errorf("a renewal has left a budget of %q, and other tabs are not told", b.Text())
	}
	if math.IsInf(e.renewed, 1) || math.IsNaN(e.renewed) {
		return 0, false
	}
	return nanoseconds(e.renewed, plan.Never), true
}

func (e *encoded) Timer(now plan.Duration) { e.tell("timer", nil, ms(now)) }

func (e *encoded) Read(now plan.Duration) { e.tell("read", nil, walked, ms(now)) }

func (e *encoded) Cancel(now plan.Duration, text string, _ error) {
	e.tell("cancel", []byte(text), walked, ms(now), float64(status.Canceled))
}

func (e *encoded) Head(now plan.Duration, id, httpStatus int, fields metadata.MD) {
	text := ""
	for name, value := range fields.All() {
		text += name + "\x00" + wire.FieldText(name, value) + "\x00"
	}
	e.tell("head", []byte(text), walked, float64(id), ms(now), float64(httpStatus), float64(fields.Len()))
}

// Feed skips the rest of a payload, or feeds a slice. Every other time it reports that
// the chunk ends with the slice.
func (e *encoded) Feed(now plan.Duration, id int, chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int) {
	rest := chunk[at:]
	if missing := e.missing[id]; missing > 0 && len(rest) > 0 && e.live(id) {
		n := int(min(missing, int64(len(rest))))
		e.missing[id] -= int64(n)
		e.tell("skip", nil, walked, float64(id), float64(n))
		return append(to, wire.Fragment{Flags: e.flags[id], Offset: at, Length: n, Total: e.total[id], Last: e.missing[id] == 0}), at + n
	}
	e.feeds++
	last := float64(e.feeds % 2)
	e.tell("feed", rest, walked, float64(id), ms(now), last)
	copy(rest, e.host.Buffers.In) // text is decoded where it lies
	consumed := int(e.host.Buffers.Result)
	_, packed := e.look().Packed(id)
	e.drained[id] = last == 1 && consumed == len(rest) && !packed
	for _, f := range e.host.Fragments() {
		if f.First {
			e.flags[id], e.total[id], e.missing[id] = f.Flags, f.Total, f.Total
		}
		e.missing[id] -= int64(f.Length)
		to = append(to, wire.Fragment{Flags: f.Flags, First: f.First, Last: e.missing[id] == 0, Offset: at + f.Offset, Length: f.Length, Total: f.Total})
	}
	return to, at + consumed
}

func (e *encoded) live(id int) bool { c := e.look(); return !c.Over() && c.Live(id) && !c.InText(id) }

func (e *encoded) Drained(id int) {
	if !e.drained[id] { // else the driver knows
		e.tell("drained", nil, walked, float64(id), ms(e.driver.now))
	}
	e.drained[id] = false
}

func (e *encoded) Inflated(now plan.Duration, id int, size int64, trailers []byte) {
	e.tell("inflated", trailers, walked, float64(id), ms(now), float64(size))
}

func (e *encoded) End(now plan.Duration, id int) { e.tell("end", nil, walked, float64(id), ms(now)) }

func (e *encoded) Break(now plan.Duration, id int, cause error) {
	e.tell("broken", []byte(cause.Error()), walked, float64(id), ms(now))
}

func (e *encoded) Failed(now plan.Duration, id int, how call.Failure, _ plan.Progress, cause error) {
	e.tell("failed", []byte(cause.Error()), walked, float64(id), ms(now), float64(how))
}

func (e *encoded) Closed(now plan.Duration, id, code int, reason string) {
	e.tell("closed", []byte(reason), walked, float64(id), ms(now), float64(code))
}
