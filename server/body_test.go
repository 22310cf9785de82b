package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
	"github.com/hedgerow-web/hedgerow/server/script"
)

func withLocalAddress(ctx context.Context, a net.Addr) context.Context {
	return context.WithValue(ctx, http.LocalAddrContextKey, a)
}

// impatient has times so short that tests need not wait.
func impatient(change func(*limits)) Options {
	l := usual
	l.piece, l.idle = 50*time.Millisecond, time.Hour
	if change != nil {
		change(&l)
	}
	return Options{limits: &l}
}

// A request whose body does not arrive is ended by the server, whatever it is for and however its body is framed. The test writes
// the beginning of a request, and then nothing more.
func TestBodiesThatDrip(t *testing.T) {
	const call = "Content-Type: application/grpc-web+proto\r\n"
	for name, request := range map[string]string{
		"before a message":         "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n" + call + "Content-Length: 5\r\n\r\n",
		"in a prefix":              "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n" + call + "Content-Length: 9\r\n\r\n\x00\x00",
		"in a message":             "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n" + call + "Content-Length: 9\r\n\r\n\x00\x00\x00\x00\x04a",
		"behind its only message":  "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n" + call + "Content-Length: 9\r\n\r\n\x00\x00\x00\x00\x00",
		"in a chunked body":        "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n" + call + "Transfer-Encoding: chunked\r\n\r\n2\r\n\x00\x00\r\n",
		"in a stream's message":    "POST /helloworld.Greeter/LotsOfGreetings HTTP/1.1\r\nHost: localhost\r\n" + call + "Content-Length: 9\r\n\r\n\x00\x00\x00\x00\x04a",
		"in text":                  "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/grpc-web-text\r\nContent-Length: 9\r\n\r\nAAAA",
		"of a malformed request":   "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n" + call + "Grpc-Timeout: 1x\r\nContent-Length: 9\r\n\r\na",
		"of an unknown method":     "POST /no.Such/Method HTTP/1.1\r\nHost: localhost\r\n" + call + "Content-Length: 9\r\n\r\na",
		"of a page":                "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na",
		"of a refused post":        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na",
		"of a preflight":           "OPTIONS /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\nAccess-Control-Request-Method: POST\r\nOrigin: http://localhost\r\nAccess-Control-Request-Headers: x-grpc-web\r\nContent-Length: 9\r\n\r\na",
		"of a foreign host":        "POST / HTTP/1.1\r\nHost: attacker.example\r\nContent-Length: 9\r\n\r\na",
		"of a WebSocket's opening": "GET /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: grpc-websockets\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, "HTTP/1.1", impatient(nil))
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			// The server closes the connection, with or without an answer. If it did not, the test would run into its timeout.
			_, _ = io.Copy(io.Discard, conn)
		})
	}
}

// Over HTTP/2 only the stream ends whose request does not arrive. Its connection goes on.
func TestDrippingOverHTTP2(t *testing.T) {
	c := start(t, "HTTP/2.0", impatient(nil))
	body, upload := io.Pipe()
	defer upload.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/helloworld.Greeter/SayHello", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = c.header.Clone()
	go func() { _, _ = upload.Write([]byte{0, 0}) }()
	response, err := c.http.Do(r)
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	want(t, "the page, over the same connection", c.get(t, "/", ""), http.StatusOK)
}

// deadlines is a connection that only records its read deadlines.
type deadlines struct {
	net.Conn
	waits []time.Duration // how far away each was when it was set; 0 means that there is none
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		d.waits = append(d.waits, 0)
		return nil
	}
	d.waits = append(d.waits, time.Until(t))
	return nil
}

// Between messages a request stream may be silent for long, and after its end there is no deadline. But each piece of a message that
// has begun must arrive in time.
func TestStreamsMayPause(t *testing.T) {
	const piece, idle = 10 * time.Second, 5 * time.Minute
	prefix := []byte{0, 0, 0, 0, 2}
	long := []byte{0, 0, 2, 0, 0} // the prefix of a message that is two pieces long
	for name, test := range map[string]struct {
		parts []string
		waits []time.Duration
	}{
		"a cut prefix":          {[]string{string(prefix[:3]), string(prefix[3:]), "a", "b"}, []time.Duration{piece, idle, 0}},
		"one behind another":    {[]string{string(prefix) + "a", "b" + string(prefix), "ab"}, []time.Duration{piece, piece, idle, 0}},
		"an empty message":      {[]string{"\x00\x00\x00\x00\x00"}, []time.Duration{idle, 0}},
		"a long message":        {[]string{string(long), strings.Repeat("a", pieceSize), strings.Repeat("a", pieceSize)}, []time.Duration{piece, piece, idle, 0}},
		"a drip of single ones": {[]string{string(long), "a", "a", "a"}, []time.Duration{piece, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				go func() {
					for _, part := range test.parts {
						_, _ = io.WriteString(w, part)
					}
					_ = w.Close()
				}()
				conn := &deadlines{}
				b := &body{ReadCloser: r, exchange: &exchange{limits: usual, memory: &memory{limit: usual.held}, conn: conn}, idle: idle}
				buffer := make([]byte, 1<<20)
				for err := error(nil); err == nil; {
					_, err = b.Read(buffer)
				}
				want(t, "waits", fmt.Sprint(conn.waits), fmt.Sprint(test.waits))
			})
		})
	}
}

func TestLongBodiesAreRefused(t *testing.T) {
	o := impatient(func(l *limits) { l.piece, l.body = time.Minute, 1<<20 })
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		c := start(t, proto, o)
		greeting := &helloworld.HelloRequest{Name: strings.Repeat("x", 300<<10)}
		want(t, proto+" one message", c.call(t, "/helloworld.Greeter/LotsOfGreetings", greeting).ending(), "body 0")
		a := c.call(t, "/helloworld.Greeter/LotsOfGreetings", greeting, greeting, greeting, greeting)
		want(t, proto+" all together", a.header.Get("Grpc-Status"), "8")
	}
}

// The bytes of all exchanges count against one limit, and are free again when their exchange is over.
func TestMemoryIsShared(t *testing.T) {
	o := impatient(func(l *limits) { l.piece, l.held = time.Minute, 4<<20 })
	c := start(t, "HTTP/1.1", o)
	large := func(id string) *chaosv1.Request {
		return &chaosv1.Request{CallId: id, Steps: []*chaosv1.Step{{MessageSize: 3 << 20, Messages: proto.Uint32(2)}}}
	}
	for range 3 {
		want(t, "alone", c.call(t, chaosPath+"Stream", large("")).ending(), "body 0")
		want(t, "alone", c.call(t, chaosPath+"Do", large("")).ending(), "body 0")
	}
	// A client that does not read makes the server hold the message of this first stream, of which the sockets' buffers take little.
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := frame(t, &chaosv1.Request{CallId: "held", Steps: []*chaosv1.Step{{MessageSize: 3 << 20, Messages: proto.Uint32(1000)}}})
	fmt.Fprintf(conn, "POST %sStream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: %d\r\n\r\n%s",
		chaosPath, len(request), request)
	if _, err := io.ReadFull(conn, make([]byte, 1<<10)); err != nil { // Now the server is sending the first message.
		t.Fatal(err)
	}
	want(t, "beside it", c.call(t, chaosPath+"Do", large("")).header.Get("Grpc-Status"), "8")
	want(t, "a small one", c.call(t, chaosPath+"Do", &chaosv1.Request{}).ending(), "body 0")
	conn.Close()
	c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: "held", WaitForEnded: 1})
	want(t, "when it has left", c.call(t, chaosPath+"Do", large("")).ending(), "body 0")
}

// What Collect keeps of the messages is bounded after they are inflated, because gzip can make a message a thousand times longer.
func TestInflatedUploadsAreBounded(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	payload, err := proto.Marshal(&chaosv1.Request{Payload: make([]byte, 6<<20)})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(payload)
	_ = z.Close()
	one := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(packed.Len())), packed.Bytes()...)
	for method, wanted := range map[string]string{"Collect": "8"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+chaosPath+method, bytes.NewReader(bytes.Repeat(one, 4)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = c.with("Grpc-Encoding", "gzip").header
		response, err := c.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		want(t, method, response.Header.Get("Grpc-Status"), wanted)
	}
}

func TestScriptsAreBounded(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	delay := &chaosv1.Delay{}
	for range 4000 {
		delay = &chaosv1.Delay{Distribution: &chaosv1.Delay_SlowTail{SlowTail: &chaosv1.SlowTail{Slow: delay}}}
	}
	empty := &chaosv1.Step{}
	steps := func(s ...*chaosv1.Step) *chaosv1.Request { return &chaosv1.Request{Steps: s} }
	for part, r := range map[string]*chaosv1.Request{
		"call_id is 257 bytes long; give at most 256": {CallId: strings.Repeat("x", 257)},
		"steps[0].delay.slow_tail.slow":               steps(&chaosv1.Step{Delay: delay}),
		"there are 1001 steps":                        steps(make([]*chaosv1.Step, 1001)...),
		"steps[0].header has 1001 entries":            steps(&chaosv1.Step{Header: make([]*chaosv1.Metadata, 1001)}),
		"steps[0].trailer has 1001 entries":           steps(&chaosv1.Step{Trailer: make([]*chaosv1.Metadata, 1001)}),
		"steps[0].pushback has 1001 values":           steps(&chaosv1.Step{Pushback: make([]string, 1001)}),
		"steps[0].messages is 4294967295":             steps(&chaosv1.Step{Messages: proto.Uint32(1<<32 - 1)}),
		"the request without its payload is longer":   steps(make([]*chaosv1.Step, 8<<20)...), // These are 16 MiB of empty steps.
		"the request without its payload is longer ":  steps(&chaosv1.Step{Header: []*chaosv1.Metadata{{Value: strings.Repeat("x", script.MaxScript)}}}),
	} {
		for _, list := range [][]*chaosv1.Step{r.GetSteps()} {
			for i := range list {
				if list[i] == nil {
					list[i] = empty // All are the same one: eight million of them would take gigabytes.
				}
			}
		}
		a := c.call(t, chaosPath+"Do", r)
		want(t, part, a.header.Get("Grpc-Status"), "3")
		if !strings.Contains(a.ending(), strings.TrimSpace(part)) {
			t.Errorf("%s: ended with %.200q", part, a.ending())
		}
	}
	fits := &chaosv1.Request{CallId: strings.Repeat("x", 256), Payload: make([]byte, 1<<20)}
	want(t, "a long payload", c.call(t, chaosPath+"Do", fits).ending(), "body 0")
	want(t, "a report on a long id", c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: strings.Repeat("x", 257)}).header.Get("Grpc-Status"), "3")
}

// The messages of a WebSocket must arrive in time too.
func TestSocketsThatDrip(t *testing.T) {
	c := start(t, "HTTP/1.1", impatient(nil))
	ws, _, err := websocket.Dial(t.Context(), strings.Replace(c.url, "http", "ws", 1)+"/helloworld.Greeter/LotsOfGreetings", &websocket.DialOptions{
		HTTPClient: c.http, Subprotocols: []string{"grpc-websockets"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range [][]byte{[]byte("content-type: application/grpc-web+proto\r\n"), {0, 0, 0, 0}} {
		if err := ws.Write(t.Context(), websocket.MessageBinary, message); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := drain(t.Context(), ws); err == nil {
		t.Error("the server did not close the WebSocket")
	}
}
