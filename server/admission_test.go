package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// get requests a path, with a host's name in the Host header.
func (c *client) get(t *testing.T, path, host string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode
}

func TestRefusesForeignHosts(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		for host, wanted := range map[string]int{
			"localhost": 200, "LOCALHOST:1": 200, "localhost.": 200, "app.localhost:8080": 200, "127.0.0.1": 200, "127.9.9.9:80": 200, "[::1]:8080": 200,
			"attacker.example": 403, "attacker.example:8080": 403, "localhost.attacker.example": 403, "xlocalhost": 403, ".localhost": 403,
			"192.0.2.7": 403, "127.0.0.1.attacker.example": 403, "[2001:db8::1]:8080": 403, "0.0.0.0": 403,
		} {
			want(t, host, c.get(t, "/", host), wanted)
		}
	})
	named := start(t, "HTTP/1.1", Options{AllowHosts: []string{"demo.example", "192.0.2.7"}})
	for host, wanted := range map[string]int{"Demo.Example:8080": 200, "192.0.2.7:1": 200, "localhost": 200, "other.example": 403} {
		want(t, host, named.get(t, "/", host), wanted)
	}
}

// A server on all interfaces may be called by the address of any of them, because an address cannot be rebound.
func TestTakesItsOwnAddress(t *testing.T) {
	s := New(Options{})
	defer s.Close()
	for own, wanted := range map[string]int{"192.0.2.7": 200, "192.0.2.8": 403} {
		r := httptest.NewRequest(http.MethodGet, "http://192.0.2.7:8080/", nil)
		address := &net.TCPAddr{IP: net.ParseIP(own), Port: 8080}
		r = r.WithContext(withLocalAddress(r.Context(), address))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		want(t, own, w.Code, wanted)
	}
}

var origins = map[string]bool{
	"http://localhost:5173": true, "https://localhost": true, "http://127.0.0.1:8080": true, "http://[::1]:3000": true, "http://app.localhost": true,
	"https://attacker.example": false, "http://localhost.attacker.example": false, "null": false, "http://192.0.2.7": false,
	"file://localhost": false, "http://attacker.example#localhost": false, "http://localhost@attacker.example": false,
}

func TestOrigins(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	for origin, wanted := range origins {
		h := preflightFrom(t, c, origin, "content-type,x-grpc-web").Header
		want(t, origin, h.Get("Access-Control-Allow-Origin") == origin, wanted)
		want(t, "a WebSocket from "+origin, opens(t, c, origin), wanted)
	}
	want(t, "a WebSocket of a program", opens(t, c, ""), true)
	want(t, "the server's own page", opens(t, c, c.url), true)
	named := start(t, "HTTP/1.1", Options{AllowOrigins: []string{"https://app.example"}})
	want(t, "a named origin", preflightFrom(t, named, "https://app.example", "x-grpc-web").Header.Get("Access-Control-Allow-Origin"), "https://app.example")
	want(t, "a WebSocket of a named origin", opens(t, named, "https://app.example"), true)
	want(t, "another", opens(t, named, "https://app.example.org"), false)
	all := start(t, "HTTP/1.1", Options{AllowOrigins: []string{"*"}})
	want(t, "any", opens(t, all, "https://attacker.example"), true)
}

// opens reports whether a page of that origin can open a WebSocket.
func opens(t *testing.T, c *client, origin string) bool {
	t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	ws, response, err := websocket.Dial(t.Context(), strings.Replace(c.url, "http", "ws", 1)+chaosPath+"Do", &websocket.DialOptions{
		HTTPClient: c.http, HTTPHeader: header, Subprotocols: []string{"grpc-websockets"},
	})
	if err != nil {
		want(t, "HTTP status", response.StatusCode, http.StatusForbidden)
		return false
	}
	_ = ws.Close(websocket.StatusNormalClosure, "")
	return true
}

// logged is a server whose log the test can read after the server is closed.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// grpc-go refuses some requests with a bare HTTP status, without reading them. Such a request must end as a call does, or with that
// status, and its connection must stay usable or be closed in order. Before, net/http panicked at the next request on the connection.
func TestMalformedHeaders(t *testing.T) {
	var text logged
	handler := New(Options{})
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(&text, "", 0)
	s.Start()
	for _, test := range []struct{ header, status, code string }{
		{"grpc-timeout: 1x", "200", "3"},
		{"grpc-timeout: -1m", "200", "3"},
		{"grpc-timeout: 1e5m", "200", "3"},
		{"grpc-timeout: 123456789m", "200", "3"},
		{"grpc-timeout: m", "200", "3"},
		{"x-bin: ***", "200", "3"},
		{"x-bin: AA==, AA==", "200", "3"},
		{"x-bin: AAA", "200", "0"},
		{"content-type: application/grpc-webby", "415", ""},
	} {
		for _, kind := range []string{"application/grpc-web+proto", "application/grpc-web-text"} {
			request := "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + kind + "\r\n"
			if strings.HasPrefix(test.header, "content-type") {
				request = "POST /helloworld.Greeter/SayHello HTTP/1.1\r\nHost: localhost\r\n"
			}
			body := map[bool]string{false: "\x00\x00\x00\x00\x00", true: "AAAAAAA="}[strings.HasSuffix(kind, "-text")]
			request += fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", test.header, len(body), body)
			response := exchangeRaw(t, s.Listener.Addr().String(), request)
			want(t, test.header, response.StatusCode, map[string]int{"200": 200, "415": 415}[test.status])
			if test.code == "3" {
				want(t, test.header, response.Header.Get("Grpc-Status"), "3")
			}
		}
	}
	handler.Close()
	s.Close() // This waits for the connections.
	want(t, "the log", text.text.String(), "")
}

// exchangeRaw sends a request, and then another one if the connection stays open.
func exchangeRaw(t *testing.T, address, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	if response.Close {
		return response
	}
	if _, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err == nil {
		_, err = http.ReadResponse(reader, nil)
	}
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		t.Errorf("the next request on the connection: %v", err)
	}
	return response
}

func TestMalformedHeadersOfASocket(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	ws, _, err := websocket.Dial(t.Context(), strings.Replace(c.url, "http", "ws", 1)+chaosPath+"Do", &websocket.DialOptions{
		HTTPClient: c.http, Subprotocols: []string{"grpc-websockets"},
	})
	if err != nil {
		t.Fatal(err)
	}
	head := []byte("content-type: application/grpc-web+proto\r\ngrpc-timeout: soon\r\n")
	if err := ws.Write(t.Context(), websocket.MessageBinary, head); err != nil {
		t.Fatal(err)
	}
	all, err := drain(t.Context(), ws)
	want(t, "close code", websocket.CloseStatus(err), websocket.StatusNormalClosure)
	want(t, "status", strings.Contains(string(all), "Grpc-Status: 3\r\n"), true)
}

func TestNobodyFramesThePage(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	response, err := c.http.Get(c.url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	want(t, "frame-ancestors", strings.Contains(response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'"), true)
}
