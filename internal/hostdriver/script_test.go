package hostdriver

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
)

// script reports events to a driver at exact instants, in the bytes that JavaScript
// would write. Its method asks then compares the actions, read from the bytes that
// JavaScript would read, with the expected ones.
type script struct {
	t       *testing.T
	host    *abitest.Host
	now     float64
	actions []abitest.Action // of the last event
	patient bool             // show patient timers, which nearly every call has
	armed   float64          // the instant of the last timer action that was shown
	hidden  bool             // a patient timer was not shown
}

const (
	retrying = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"1s","maxBackoff":"5s",
		"backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}`
	hedging = `{"methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":3,"hedgingDelay":"0.1s","nonFatalStatusCodes":["UNAVAILABLE"]}}]}`
)

// open makes channel 1, with a service config and further options. Every backoff is half
// of its bound.
func open(t *testing.T, config string, more ...string) *script {
	t.Helper()
	s := &script{t: t, host: newHost(), armed: math.Inf(1)}
	parts := append([]string{"random", "4503599627370496"}, more...)
	if config != "" {
		parts = append(parts, "serviceConfig", config)
	}
	s.tell("open_channel", []byte(options(parts...)), 1)
	return s
}

func (s *script) at(ms float64) *script { s.now = ms; return s }

func (s *script) tell(export string, in []byte, args ...float64) *script {
	s.t.Helper()
	if !s.host.Enter(abitest.Named(export, in, args...)) {
		s.t.Fatalf("%s: the instance died: %s", export, s.host.Death)
	}
	actions, err := s.host.Decode()
	if err != nil {
		s.t.Fatalf("%s: %v", export, err)
	}
	s.actions = actions
	return s
}

// asks checks that the last event led to exactly these actions, in this order.
func (s *script) asks(want ...string) *script {
	s.t.Helper()
	got := []string{}
	for _, a := range s.actions {
		if a.Name != "timer" || s.shows(a) {
			got = append(got, told(a))
		}
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("at %v ms the driver asks\n%q; want\n%q", s.now, got, want)
	}
	return s
}

// shows reports whether a timer action is shown. Unless a test is about patient timers,
// they are not shown, nor is the action that sets the timer back afterwards.
func (s *script) shows(a abitest.Action) bool {
	at := a.Values["at"].(float64)
	if patient := a.Values["patient"].(bool); patient && !s.patient {
		s.hidden = true
		return false
	}
	back := s.hidden && at == s.armed
	s.hidden, s.armed = false, at
	return !back
}

// told describes an action in short: its name, its call and attempt, and the most
// important value.
func told(a abitest.Action) string {
	of := fmt.Sprintf(" %d/%d", a.Call, a.Attempt)
	switch a.Name {
	case "timer":
		return fmt.Sprintf("timer %v", a.Values["at"])
	case "prepare":
		return a.Name + of + fmt.Sprintf(" number %d", a.Values["number"])
	case "written":
		return a.Name + fmt.Sprintf(" %d: %d", a.Call, a.Values["messages"])
	case "inflate":
		return a.Name + of + fmt.Sprintf(" %v", a.Values["limit"])
	case "end":
		return a.Name + of + fmt.Sprintf(" code %d", a.Values["code"])
	case "observe":
		return a.Name + " " + a.Values["event"].(map[string]any)["kind"].(string)
	case "warn":
		return a.Name + " " + strconv.Itoa(int(a.Call)) + " " + a.Values["warning"].(map[string]any)["kind"].(string)
	case "refuse":
		return a.Name + " " + a.Values["path"].(string)
	}
	return a.Name + of
}

// only returns the one action with this name that the last event led to.
func (s *script) only(name string) abitest.Action {
	s.t.Helper()
	var found []abitest.Action
	for _, a := range s.actions {
		if a.Name == name {
			found = append(found, a)
		}
	}
	if len(found) != 1 {
		s.t.Fatalf("%d actions are named %s: %v", len(found), name, s.actions)
	}
	return found[0]
}

type start struct {
	abi.StartBlock
	metadata []string // names and values in turn
}

// starts begins a call on channel 1. Zero values in the block stand for what a call
// without options has.
func (s *script) starts(call float64, how start) *script {
	s.t.Helper()
	b := how.StartBlock
	b.Now, b.Fields = s.now, uint32(len(how.metadata)/2)
	if b.Channel == 0 {
		b.Channel = 1
	}
	if b.Timeout == 0 {
		b.Timeout = math.Inf(1)
	}
	text := strings.Join(append([]string{"/pkg.Service/Method"}, how.metadata...), "\x00") + "\x00"
	return s.tell("start", abitest.StartInput(b, text), call)
}

func unary() start { return start{} }

func flags(f uint32) start { return start{StartBlock: abi.StartBlock{Flags: f}} }

func timeout(ms float64) start { return start{StartBlock: abi.StartBlock{Timeout: ms}} }

// head reports a response head. The fields are alternating names and values.
func (s *script) head(call, attempt, http float64, fields ...string) *script {
	s.t.Helper()
	if !slices.Contains(fields, "content-type") {
		fields = append([]string{"content-type", "application/grpc-web+proto"}, fields...)
	}
	text := strings.Join(fields, "\x00") + "\x00"
	return s.tell("head", []byte(text), call, attempt, s.now, http, float64(len(fields)/2))
}

// refuses reports a complete Trailers-Only response.
func (s *script) refuses(call, attempt float64, fields ...string) *script {
	s.t.Helper()
	s.head(call, attempt, 200, fields...).asks(fmt.Sprintf("read %v/%v", call, attempt))
	return s.tell("end", nil, call, attempt, s.now)
}

func (s *script) feed(call, attempt float64, last bool, parts ...[]byte) *script {
	s.t.Helper()
	end := 0.0
	if last {
		end = 1
	}
	return s.tell("feed", slices.Concat(parts...), call, attempt, s.now, end)
}

func (s *script) timer() *script {
	s.t.Helper()
	s.armed = math.Inf(1)
	return s.tell("timer", nil, s.now)
}

// records returns the history that an end or history action carries.
func records(a abitest.Action) (reason string, list []map[string]any) {
	h := a.Values["history"].(map[string]any)
	return h["reason"].(string), h["records"].([]map[string]any)
}
