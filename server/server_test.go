package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

func TestGreeter(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		name := func(s string) proto.Message { return &helloworld.HelloRequest{Name: s} }
		for _, test := range []struct {
			method   string
			requests []proto.Message
			wanted   string
		}{
			{"SayHello", []proto.Message{name("Ann")}, "Hello Ann"},
			{"LotsOfReplies", []proto.Message{name("Ann")}, "Hello Ann, 1 of 5|Hello Ann, 2 of 5|Hello Ann, 3 of 5|Hello Ann, 4 of 5|Hello Ann, 5 of 5"},
			{"LotsOfGreetings", []proto.Message{name("Ann"), name("Bob")}, "Hello Ann, Bob"},
			{"BidiHello", []proto.Message{name("Ann"), name("Bob")}, "Hello Ann|Hello Bob"},
		} {
			a := c.call(t, "/helloworld.Greeter/"+test.method, test.requests...)
			var said []string
			for _, m := range a.messages {
				said = append(said, decode(t, m, &helloworld.HelloReply{}).GetMessage())
			}
			want(t, test.method, strings.Join(said, "|"), test.wanted)
			want(t, test.method, a.ending(), "body 0")
		}
	})
}

func TestHealthAndUnknownMethod(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	a := c.call(t, "/grpc.health.v1.Health/Check", &grpc_health_v1.HealthCheckRequest{})
	want(t, "health", decode(t, a.messages[0], &grpc_health_v1.HealthCheckResponse{}).GetStatus(), grpc_health_v1.HealthCheckResponse_SERVING)
	want(t, "unknown method", c.call(t, "/no.Such/Method").header.Get("Grpc-Status"), "12")
}

func TestNativeGRPC(t *testing.T) {
	c := start(t, "HTTP/2.0", Options{})
	config := c.http.Transport.(*http.Transport).TLSClientConfig
	conn, err := grpc.NewClient(strings.TrimPrefix(c.url, "https://"), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: config.RootCAs})))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reply, err := helloworld.NewGreeterClient(conn).SayHello(t.Context(), &helloworld.HelloRequest{Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "reply", reply.GetMessage(), "Hello Ann")
}

func TestCloseEndsCalls(t *testing.T) {
	handler := New(Options{})
	s := httptest.NewServer(handler)
	defer s.Close()
	c := &client{http: s.Client(), url: s.URL, header: http.Header{"Content-Type": {"application/grpc-web+proto"}}}
	ended := make(chan string, 1)
	go func() {
		a, err := c.try(t.Context(), t, chaosPath+"Do", one(&chaosv1.Step{End: &chaosv1.Step_Hang{}}))
		ended <- fmt.Sprint(err, " ", a.header.Get("Grpc-Status"))
	}()
	c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: "one", WaitForStarted: 1})
	handler.Close()
	handler.Close()
	want(t, "a call in flight", <-ended, "<nil> ")
}

// preflight asks, as a browser does, whether a page of another origin may send these headers.
func preflight(t *testing.T, c *client, headers string) *http.Response {
	t.Helper()
	return preflightFrom(t, c, "http://localhost:5173", headers)
}

func preflightFrom(t *testing.T, c *client, origin, headers string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, c.url+chaosPath+"Do", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{
		"Origin":                         {origin},
		"Access-Control-Request-Method":  {"POST"},
		"Access-Control-Request-Headers": {headers},
	}
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

func TestPreflight(t *testing.T) {
	const asked = "authorization,content-type,grpc-previous-rpc-attempts,grpc-timeout,x-custom,x-grpc-web,x-user-agent"
	overBoth(t, func(t *testing.T, c *client) {
		h := preflight(t, c, asked).Header
		want(t, "origin", h.Get("Access-Control-Allow-Origin"), "http://localhost:5173")
		want(t, "methods", h.Get("Access-Control-Allow-Methods"), "POST")
		allowed := strings.ToLower(h.Get("Access-Control-Allow-Headers"))
		for name := range strings.SplitSeq(asked, ",") {
			want(t, name, strings.Contains(allowed, name), true)
		}
	})
	fixed := start(t, "HTTP/1.1", Options{AllowHeaders: []string{"content-type", "grpc-timeout"}})
	const first = "content-type,grpc-timeout,x-grpc-web"
	want(t, "a fixed list", preflight(t, fixed, first).Header.Get("Access-Control-Allow-Origin"), "http://localhost:5173")
	retry := preflight(t, fixed, "content-type,grpc-previous-rpc-attempts,grpc-timeout,x-grpc-web")
	want(t, "a retry under a fixed list", retry.Header.Get("Access-Control-Allow-Origin"), "")
}

func TestFixedList(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		under := &client{http: c.http, url: c.url + fixedList, header: c.header}
		want(t, "status", under.call(t, chaosPath+"Do", one(&chaosv1.Step{})).ending(), "body 0")
		const first = "content-type,grpc-timeout,x-grpc-web,x-user-agent"
		want(t, "a first attempt", preflight(t, under, first).Header.Get("Access-Control-Allow-Origin"), "http://localhost:5173")
		want(t, "a retry", preflight(t, under, "grpc-previous-rpc-attempts,"+first).Header.Get("Access-Control-Allow-Origin"), "")
		report := c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: "one"})
		want(t, "counted by the same service", decode(t, report.messages[0], &chaosv1.ReportReply{}).GetStarted(), uint32(1))
	})
}

func TestPorts(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{Ports: Ports{HTTP: 8080, HTTPS: 8443}})
	response, err := c.http.Get(c.url + portsPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	want(t, "error", err, nil)
	want(t, "content type", response.Header.Get("Content-Type"), "application/json")
	want(t, "ports", strings.TrimSpace(string(body)), `{"http":8080,"https":8443}`)
}

// socket begins a call in the wrapper's WebSocket dialect: the first message has the header, each further one a control byte and frames.
func socket(t *testing.T, c *client, method string, request proto.Message) *websocket.Conn {
	t.Helper()
	ws, response, err := websocket.Dial(t.Context(), strings.Replace(c.url, "http", "ws", 1)+chaosPath+method, &websocket.DialOptions{
		HTTPClient:   c.http,
		HTTPHeader:   http.Header{"Origin": {"http://localhost:5173"}},
		Subprotocols: []string{"grpc-websockets"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "HTTP status", response.StatusCode, http.StatusSwitchingProtocols)
	for _, message := range [][]byte{
		[]byte("content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\n"), append([]byte{0}, frame(t, request)...), {1},
	} {
		if err := ws.Write(t.Context(), websocket.MessageBinary, message); err != nil {
			t.Fatal(err)
		}
	}
	return ws
}

// drain reads all that comes through a WebSocket.
func drain(ctx context.Context, ws *websocket.Conn) ([]byte, error) {
	var all []byte
	for {
		_, message, err := ws.Read(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, message...)
	}
}

func TestWebSocket(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	all, err := drain(t.Context(), socket(t, c, "Do", &chaosv1.Request{Payload: []byte("over a socket")}))
	want(t, "close code", websocket.CloseStatus(err), websocket.StatusNormalClosure)
	for _, part := range []string{"over a socket", "grpc-status: 0\r\n"} {
		want(t, part, strings.Contains(string(all), part), true)
	}
	all, err = drain(t.Context(), socket(t, c, "Stream", one(&chaosv1.Step{Messages: proto.Uint32(1), End: cut(0)})))
	want(t, "close code of a cut", websocket.CloseStatus(err), -1)
	want(t, "trailers of a cut", strings.Contains(string(all), "grpc-status"), false)
	want(t, "message before a cut", strings.Contains(string(all), "x-grpc-web"), true)
	all, _ = drain(t.Context(), socket(t, c, "Do", one(&chaosv1.Step{End: cut(0)})))
	want(t, "bytes before a drop", len(all), 0)
}

func TestSite(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{Site: fstest.MapFS{
		"index.html":    {Data: []byte("<!doctype html>")},
		"hedgerow.wasm": {Data: []byte("\x00asm")},
		"app.js":        {Data: []byte("export {}")},
	}})
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/hedgerow.wasm": "application/wasm", "/app.js": "text/javascript; charset=utf-8",
	} {
		response, err := c.http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		want(t, path, response.StatusCode, http.StatusOK)
		want(t, path, response.Header.Get("Content-Type"), kind)
		want(t, path, response.Header.Get("Content-Security-Policy"), contentSecurityPolicy)
		want(t, path, response.Header.Get("Cache-Control"), "no-cache")
	}
	want(t, "a preflight without x-grpc-web", preflight(t, c, "content-type").StatusCode, http.StatusMethodNotAllowed)
	shipped := start(t, "HTTP/1.1", Options{})
	response, err := shipped.http.Get(shipped.url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	want(t, "the demo page", response.StatusCode, http.StatusOK)
}
