package hostdriver

import (
	"math"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/driverscripts"
)

// page plays the npm package's JavaScript and the server for one of the scripts that
// both drivers run: it performs the actions of one call, on a clock of its own.
type page struct {
	t      *testing.T
	script driverscripts.Script
	host   *abitest.Host
	now    float64
	timer  float64 // when the driver's one timer is due; Infinity: it is not set
	tasks  []task

	exchanges map[int]*exchange // by the attempts' indices
	order     []*exchange       // as they began
	frames    [][]byte          // of the request
	complete  bool
	growth    []func() // what waits for the request to grow

	refused []string // the paths of the options that are
	unread  []string
	wished  int // how many messages the application still asks for
	end     map[string]any
	seen    driverscripts.Seen
	waiting bool // the application waits for a message

	refreshes int  // how many have begun
	stopped   bool // what the last one comes to is not told
}

type task struct {
	at   float64
	late bool // what the application does comes behind all else of the same instant
	run  func()
}

func (p *page) after(ms int, late bool, run func()) {
	p.tasks = append(p.tasks, task{p.now + float64(ms), late, run})
}

// run advances the clock until no more events are due.
func (p *page) run() {
	for {
		next := -1
		for i, t := range p.tasks {
			if next < 0 || t.at < p.tasks[next].at || t.at == p.tasks[next].at && !t.late && p.tasks[next].late {
				next = i
			}
		}
		timed := !math.IsInf(p.timer, 1) && (next < 0 || p.timer < p.tasks[next].at || p.timer == p.tasks[next].at && p.tasks[next].late)
		switch {
		case timed:
			p.now, p.timer = max(p.now, p.timer), math.Inf(1)
			p.tell("timer", nil, p.now)
		case next < 0:
			return
		default:
			t := p.tasks[next]
			p.tasks = append(p.tasks[:next], p.tasks[next+1:]...)
			p.now = max(p.now, t.at)
			t.run()
		}
	}
}

// tell reports an event to the driver and performs the actions.
func (p *page) tell(export string, in []byte, args ...float64) {
	p.t.Helper()
	if !p.host.Enter(abitest.Named(export, in, args...)) {
		p.t.Fatalf("%s: the instance died: %s", export, p.host.Death)
	}
	p.perform(p.decode())
}

func (p *page) decode() []abitest.Action {
	p.t.Helper()
	actions, err := p.host.Decode()
	if err != nil {
		p.t.Fatal(err)
	}
	return actions
}

func (p *page) perform(actions []abitest.Action) {
	for _, a := range actions {
		p.act(a)
	}
}

func (p *page) act(a abitest.Action) {
	switch a.Name {
	case "timer":
		p.timer = a.Values["at"].(float64)
	case "prepare":
		p.prepare(float64(a.Attempt), p.script.Prepare[a.Values["number"].(uint32)-1])
	case "refresh":
		p.refresh()
	case "stop_refresh":
		p.stopped = true
	case "open":
		p.open(a.Attempt, a.Values["streams"].(bool), a.Values["header"].(abitest.Fields))
	case "abort":
		if x := p.exchanges[a.Attempt]; x != nil {
			x.dead = true
		}
	case "read":
		p.exchanges[a.Attempt].read()
	case "head":
		p.seen.Header = valuesOf(a.Values["header"].(abitest.Fields))
	case "written":
		for len(p.seen.Accepted) < int(a.Values["messages"].(uint32)) {
			p.seen.Accepted = append(p.seen.Accepted, int(p.now))
		}
	case "inflate":
		p.exchanges[a.Attempt].packed = true
	case "end":
		p.ends(a.Values)
	case "refuse":
		p.refused = append(p.refused, a.Values["path"].(string))
	}
}

func (p *page) prepare(id float64, how driverscripts.Prepare) {
	p.after(how.After, false, func() {
		switch {
		case how.Error != "":
			p.tell("unprepared", []byte(how.Error+"\x00"), 1, id, p.now, 0, 0)
		case how.Status != nil:
			text, n := fieldText(how.Status.Trailer)
			p.tell("unprepared", []byte(how.Status.Message+"\x00"+text), 1, id, p.now, float64(how.Status.Code), n)
		default:
			text, n := fieldText(how.Metadata)
			p.tell("prepared", []byte(text), 1, id, p.now, n)
		}
	})
}

func (p *page) open(id int, streams bool, header abitest.Fields) {
	server := p.script.Server[min(len(p.order), len(p.script.Server)-1)]
	x := &exchange{page: p, id: float64(id), server: server, chunks: server.Chunks(), streams: streams}
	p.exchanges[id] = x
	x.request = driverscripts.SeenRequest{At: int(p.now), Header: valuesOf(header)}
	p.order = append(p.order, x)
	p.after(0, false, func() {
		x.take(server.Takes(), func() {
			p.after(server.After, false, x.answer)
		})
	})
}

func (p *page) grow() {
	growth := p.growth
	p.growth = nil
	for _, more := range growth {
		more()
	}
}

// deliver gives the application a message if it has asked for one.
func (p *page) deliver(message string) {
	if p.script.Call == "unary" || p.wished > 0 {
		p.seen.Received = append(p.seen.Received, message)
		p.wished--
		p.waiting = false
		p.after(0, false, p.want)
		return
	}
	p.unread = append(p.unread, message)
}

// want asks the driver for a message if the application waits for one.
func (p *page) want() {
	for p.wished > 0 && len(p.unread) > 0 {
		p.seen.Received = append(p.seen.Received, p.unread[0])
		p.unread = p.unread[1:]
		p.wished--
	}
	switch {
	case p.wished <= 0 || p.waiting:
	case p.end != nil:
		p.sees()
	default:
		p.waiting = true
		p.tell("read", nil, 1, p.now)
	}
}

// sees notes when the application sees the end.
func (p *page) sees() {
	p.wished = 0
	p.seen.EndAt = int(p.now)
}

func (p *page) ends(values map[string]any) {
	p.end = values
	if values["drop"].(bool) {
		p.unread = nil
	}
	for _, x := range p.exchanges {
		x.dead = true
	}
	switch {
	case p.script.Call == "unary":
		p.sees()
		if values["code"].(uint32) != 0 {
			p.seen.Received = nil // an answer that comes with a failure is none
		}
	case p.waiting:
		p.sees()
	}
}

func valuesOf(fields abitest.Fields) map[string][]string {
	values := map[string][]string{}
	for _, f := range fields {
		values[f[0]] = append(values[f[0]], f[1])
	}
	return values
}

func fieldText(fields map[string]string) (text string, n float64) {
	for name, value := range fields {
		text += name + "\x00" + strings.ReplaceAll(value, "\x00", "") + "\x00"
	}
	return text, float64(len(fields))
}

func (p *page) refresh() {
	how := p.script.Refresh[p.refreshes]
	p.refreshes++
	p.after(how.After, false, func() {
		failed := 0.0
		if how.Error != "" {
			failed = 1
		}
		if !p.stopped {
			p.tell("refreshed", []byte(how.Error), 1, p.now, failed)
		}
	})
}
