package hostdriver

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/driverscripts"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// The scripts that both drivers run: here they run through the encoded events and
// actions of the ABI. Those that JavaScript decides alone, before Go hears of the
// call, are left to the tests of the package.
func TestDriverScripts(t *testing.T) {
	scripts, err := driverscripts.Load()
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, s := range scripts {
		if s.Before != "" {
			continue
		}
		ran++
		t.Run(s.Name, func(t *testing.T) {
			p := &page{t: t, script: s, host: newHost(), timer: math.Inf(1), exchanges: map[int]*exchange{}}
			p.tell("open_channel", scriptOptions(t, s), 1)
			if s.Problems != nil {
				if !slices.Equal(p.refused, s.Problems) {
					t.Errorf("refused: %q, want %q", p.refused, s.Problems)
				}
				return
			}
			p.begin()
			p.run()
			for _, difference := range s.Expect.Differences(p.result()) {
				t.Error(difference)
			}
		})
	}
	if ran < 50 {
		t.Errorf("only %d scripts ran", ran)
	}
}

// begin begins the call and schedules what the application does.
func (p *page) begin() {
	block := abi.StartBlock{Channel: 1, Timeout: math.Inf(1)}
	if p.script.TimeoutMs > 0 {
		block.Timeout = float64(p.script.TimeoutMs)
	}
	if p.script.Call == "unary" {
		p.frames, p.complete = [][]byte{wire.AppendFrame(nil, 0, []byte("ping"))}, true
		block.Size = 4
	} else {
		block.Flags = abi.StartFlagStreaming | abi.StartFlagOpen
		if p.script.Streams {
			block.Flags |= abi.StartFlagCanStream
		}
	}
	p.tell("start", abitest.StartInput(block, "/helloworld.Greeter/SayHello\x00"), 1)
	for _, step := range p.script.Steps {
		p.after(step.At, true, func() { p.step(step) })
	}
}

func (p *page) step(s driverscripts.Step) {
	if s.Read != nil {
		p.wished = 1 << 30
		_ = json.Unmarshal(s.Read, &p.wished) // "all" leaves it as it is
		p.want()
		return
	}
	switch {
	case p.end != nil:
	case s.Send != nil:
		size := float64(len(*s.Send))
		p.frames = append(p.frames, wire.AppendFrame(nil, 0, []byte(*s.Send)))
		p.tell("queue", nil, 1, p.now, size, size)
		p.grow()
	case s.HalfClose:
		p.complete = true
		p.tell("half_close", nil, 1, p.now)
		p.grow()
	case s.Cancel:
		p.tell("cancel", []byte(call.CanceledByCaller), 1, p.now, float64(status.Canceled))
	case s.Leave:
		p.tell("cancel", []byte(call.CanceledByReader), 1, p.now, float64(status.Canceled))
	case s.CloseChannel:
		p.tell("close_channel", nil, 1, p.now)
	}
}

func (p *page) result() driverscripts.Seen {
	if p.end == nil {
		p.t.Fatal("the call has not ended")
	}
	seen := p.seen
	seen.Code, seen.Message = int(p.end["code"].(uint32)), p.end["message"].(string)
	seen.Header, seen.Trailer = valuesOf(p.end["header"].(abitest.Fields)), valuesOf(p.end["trailer"].(abitest.Fields))
	history := p.end["history"].(map[string]any)
	seen.Reason = history["reason"].(string)
	for _, r := range history["records"].([]map[string]any) {
		text := fmt.Sprintf("%s %s", r["kind"], r["outcome"])
		if code := r["code"].(int32); code != status.None {
			text += fmt.Sprintf(" %d", code)
		}
		seen.Attempts = append(seen.Attempts, text)
	}
	for _, x := range p.order {
		x.request.Messages = driverscripts.Messages(x.body)
		seen.Requests = append(seen.Requests, x.request)
	}
	return seen
}

// scriptOptions returns a script's options in the form in which JavaScript passes them.
func scriptOptions(t *testing.T, s driverscripts.Script) []byte {
	t.Helper()
	parts := []string{"baseUrl", "https://api.example.com", "random", "4503599627370496"}
	switch s.Policy {
	case "retry":
		parts = append(parts, "serviceConfig", driverscripts.RetryConfig)
	case "hedge":
		parts = append(parts, "serviceConfig", driverscripts.HedgeConfig)
	}
	if s.Refresh != nil {
		parts = append(parts, "credentialsRefresh", "")
	}
	if s.Prepare != nil {
		parts = append(parts, "perAttempt", "1")
	}
	names := make([]string, 0, len(s.Options))
	for name := range s.Options {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := string(s.Options[name])
		if name != "metadata" {
			parts = append(parts, name, strings.Trim(value, `"`))
			continue
		}
		var fields map[string]string
		if err := json.Unmarshal(s.Options[name], &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			parts = append(parts, ">"+name, value)
		}
	}
	return []byte(strings.Join(parts, "\x00") + "\x00")
}
