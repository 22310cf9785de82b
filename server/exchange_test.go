package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

func cut(partial uint32) *chaosv1.Step_Cut {
	return &chaosv1.Step_Cut{Cut: &chaosv1.Cut{PartialBytes: partial}}
}

func one(step *chaosv1.Step) *chaosv1.Request {
	return &chaosv1.Request{CallId: "one", Steps: []*chaosv1.Step{step}}
}

func TestDropBeforeAnyResponse(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		a, err := c.try(t.Context(), t, chaosPath+"Do", one(&chaosv1.Step{End: cut(0)}))
		if err == nil {
			t.Fatalf("got %+v, want no response", a)
		}
		e := c.report(t, "one", 1)
		want(t, "attempts", e.GetStarted(), 1)
		want(t, "ending", e.GetExecutions()[0].GetEnding(), chaosv1.Ending_ENDING_PLAYED)
	})
}

func TestCut(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		for _, test := range []struct {
			name, method   string
			step           *chaosv1.Step
			messages, rest int
		}{
			{"after the head", "Do", &chaosv1.Step{EarlyHeader: true, End: cut(0)}, 0, 0},
			{"in a prefix", "Do", &chaosv1.Step{End: cut(3)}, 0, 3},
			{"in a message", "Do", &chaosv1.Step{End: cut(20_000)}, 0, 20_000},
			{"between messages", "Stream", &chaosv1.Step{Messages: proto.Uint32(3), MessageSize: 70_000, End: cut(0)}, 3, 0},
			{"in the third message", "Stream", &chaosv1.Step{Messages: proto.Uint32(2), MessageSize: 10, End: cut(9)}, 2, 9},
			{"of a request stream", "Converse", &chaosv1.Step{End: cut(6)}, 1, 6},
		} {
			for _, encoding := range []string{"application/grpc-web+proto", "application/grpc-web-text"} {
				t.Run(test.name+" "+encoding, func(t *testing.T) {
					a := c.with("Content-Type", encoding).call(t, chaosPath+test.method, one(test.step))
					want(t, "HTTP status", a.status, 200)
					want(t, "messages", len(a.messages), test.messages)
					want(t, "bytes of a partial frame", len(a.rest), test.rest)
					want(t, "trailers", a.trailer == nil, true)
					if a.broken == nil {
						t.Error("the body ended cleanly")
					}
				})
			}
		}
	})
}

func TestRaw(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		raw := func(r *chaosv1.Raw) *answer {
			return c.call(t, chaosPath+"Stream", one(&chaosv1.Step{
				Header: []*chaosv1.Metadata{{Name: "x-of-grpc", Value: "must not get out"}},
				End:    &chaosv1.Step_Raw{Raw: r},
			}))
		}
		a := raw(&chaosv1.Raw{
			HttpStatus: 503,
			Header: []*chaosv1.Metadata{
				{Name: "content-type", Value: "text/plain"},
				{Name: "grpc-retry-pushback-ms", Value: "9"},
				{Name: "x-blob-bin", Binary: []byte{0xff}},
			},
			Body: [][]byte{[]byte("no healthy "), []byte("upstream")},
		})
		want(t, "HTTP status", a.status, 503)
		want(t, "body", string(a.rest), "no healthy upstream")
		want(t, "end", a.broken, nil)
		want(t, "grpc-status", a.header.Get("Grpc-Status"), "")
		want(t, "gRPC's header", a.header.Get("X-Of-Grpc"), "")
		want(t, "content type", a.header.Get("Content-Type"), "text/plain")
		want(t, "pushback", a.header.Get("Grpc-Retry-Pushback-Ms"), "9")
		want(t, "binary header", a.header.Get("X-Blob-Bin"), "/w")
		want(t, "origin allowed", a.header.Get("Access-Control-Allow-Origin"), "http://localhost:5173")
		want(t, "exposed", a.header.Get("Access-Control-Expose-Headers"), exposed+", content-type, grpc-retry-pushback-ms, x-blob-bin")

		framed := raw(&chaosv1.Raw{
			HttpStatus: 200,
			Header:     []*chaosv1.Metadata{{Name: "content-type", Value: "application/grpc-web+proto"}},
			Body:       [][]byte{{0x80, 0, 0}, {0, 16}, []byte("grpc-status: 14\n")},
		})
		want(t, "trailers only in the body", framed.ending(), "body 14")

		broken := raw(&chaosv1.Raw{HttpStatus: 200, Cut: true})
		want(t, "HTTP status", broken.status, 200)
		if broken.broken == nil {
			t.Error("the body ended cleanly")
		}
		if c.url[:5] == "http:" && !errors.Is(broken.broken, io.ErrUnexpectedEOF) {
			t.Errorf("the body ended with %v", broken.broken)
		}
	})
}

// A client that writes 16 MB before it reads a byte, more than the sockets' buffers hold, still gets the status with which the server
// answered its first message, and a response that ends.
func TestStatusBeatsAnUpload(t *testing.T) {
	for _, version := range []string{"1.1", "1.0"} {
		t.Run(version, func(t *testing.T) {
			c := start(t, "HTTP/1.1", Options{})
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			const messages = 16 << 10
			message := append([]byte{0, 0, 0, 3, 251}, bytes.Repeat([]byte{0xff}, 1019)...) // The payload of this frame is not protobuf.
			fmt.Fprintf(conn, "POST /helloworld.Greeter/LotsOfGreetings HTTP/%s\r\nHost: localhost\r\n"+
				"Content-Type: application/grpc-web+proto\r\nContent-Length: %d\r\n\r\n", version, (messages+1)*len(message))
			for range messages { // This is one fewer than the content length promises, so the request never ends.
				if _, err := conn.Write(message); err != nil {
					t.Fatal(err)
				}
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			_, err = io.Copy(io.Discard, response.Body)
			want(t, "end", err, nil)
			want(t, "status", response.Header.Get("Grpc-Status"), "13")
		})
	}
}

// If the server answers during an upload that pauses, the response ends without waiting for more of the upload. When the client has
// closed its connection no goroutine of the exchange is left, which TestMain checks.
func TestEarlyAnswerEndsAtOnce(t *testing.T) {
	l := usual
	l.linger = time.Hour // so that a response which ended only with its connection would come too late for any test
	c := start(t, "HTTP/1.1", Options{limits: &l})
	body, upload := io.Pipe()
	defer upload.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/helloworld.Greeter/LotsOfGreetings", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = c.header.Clone()
	go func() { _, _ = upload.Write([]byte{0, 0, 0, 0, 1, 0xff}) }()
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	want(t, "end", err, nil)
	want(t, "status", response.Header.Get("Grpc-Status"), "13")
}
