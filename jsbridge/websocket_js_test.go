package jsbridge_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

func TestWhatIsSentOverASocket(t *testing.T) {
	rt := socketing(t, `s.ended = () => { s.give(1, 2); s.give(); s.give(3); s.onclose({code: 1000, reason: ""}) }; s.onopen({});`)
	res, err := converse(t.Context(), rt, &pieces{"ab", "", strings.Repeat("x", 32767), strings.Repeat("x", 32768), strings.Repeat("x", 100000)})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", res.Status, 101)
	want(t, "header", res.Header.Len(), 0)
	for _, wanted := range []string{"\x01\x02", "\x03"} {
		piece, err := res.Body.Next(t.Context())
		want(t, "piece", string(piece), wanted)
		want(t, "error", err, nil)
	}
	for range 2 {
		_, err = res.Body.Next(t.Context())
		want(t, "end", err, io.EOF)
	}
	want(t, "socket", seen(t, "sockets"), "wss://api.example.com/s/m grpc-websockets\n")
	want(t, "sent", seen(t, "sent"), "x-one: 1\r\nx-two: 2: 3\r\n\n0 97 98\n"+
		"0 and 32767\n0 and 32767\n0 120\n0 and 32767\n0 and 32767\n0 and 32767\n0 and 1699\n1\n")
	want(t, "closed", seen(t, "closes"), "closed arraybuffer")
}

func TestHowSocketsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		serve   string
		wanted  string // the error of RoundTrip, or else of the body's first Next
		code    int
		aborted bool
	}{
		"1000":                    {serve: `s.onopen({}); s.onclose({code: 1000, reason: "done"})`, wanted: "EOF"},
		"no_code":                 {serve: `s.onopen({}); s.onclose({code: 1005, reason: ""})`, wanted: "EOF"},
		"1001":                    {serve: `s.onopen({}); s.onclose({code: 1001, reason: "bye"})`, wanted: "the WebSocket was closed with code 1001: bye", code: 1001},
		"lost":                    {serve: `s.onopen({}); s.onclose({code: 1006, reason: ""})`, wanted: "the WebSocket was closed with code 1006", code: 1006},
		"4000":                    {serve: `s.onopen({}); s.onclose({code: 4000, reason: ""})`, wanted: "the WebSocket was closed with code 4000", code: 4000},
		"text":                    {serve: `s.onopen({}); s.onmessage({data: "hello"})`, wanted: "the WebSocket was closed with code 1003: received a message that is not binary", code: 1003},
		"blob":                    {serve: `s.onopen({}); s.onmessage({data: new Blob(["hello"])})`, wanted: "the WebSocket was closed with code 1003: received a message that is not binary", code: 1003},
		"never_opened":            {serve: `s.onclose({code: 1006, reason: ""})`, wanted: "the socket was closed before it opened, with code 1006"},
		"never_opened_1000":       {serve: `s.onclose({code: 1000, reason: ""})`, wanted: "the socket was closed before it opened, with code 1000"},
		"never_opened_error":      {serve: `s.onerror({}); s.onclose?.({code: 1006, reason: ""})`, wanted: "the socket failed before it opened, and no reason was given"},
		"error_alone":             {serve: `s.onerror({})`, wanted: "the socket failed before it opened, and no reason was given"},
		"error_when_open":         {serve: `s.onopen({}); s.onerror({}); s.onclose({code: 1009, reason: ""})`, wanted: "the WebSocket was closed with code 1009", code: 1009},
		"page_left_error":         {serve: leave + ` s.onerror({})`, wanted: "the page was left before the socket opened", aborted: true},
		"page_left":               {serve: `s.onopen({}); ` + leave + ` s.onclose({code: 1006, reason: ""})`, wanted: "the page was left, and the WebSocket was closed with code 1006", aborted: true},
		"page_left_as_it_opened":  {serve: leave + ` s.onclose({code: 1001, reason: ""})`, wanted: "the page was left, and the WebSocket was closed with code 1001", aborted: true},
		"page_left_and_come_back": {serve: `s.onopen({}); ` + leave + comeBack + ` s.give(); s.onclose({code: 1001, reason: ""})`, wanted: "the WebSocket was closed with code 1001", code: 1001},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLive()
			res, err := converse(t.Context(), socketing(t, c.serve), l)
			if err == nil {
				_, err = res.Body.Next(t.Context())
				res.Body.Close()
			}
			if err == nil || err.Error() != c.wanted {
				t.Errorf("got %v, want %q", err, c.wanted)
			}
			var closed *transport.CloseError
			if errors.As(err, &closed) != (c.code != 0) || closed != nil && closed.Code != c.code {
				t.Errorf("got %#v", err)
			}
			var of *transport.Error
			if errors.As(err, &of); of != nil {
				want(t, "aborted", of.Aborted, c.aborted)
				want(t, "invalid", of.Invalid, false)
				want(t, "progress", of.Progress, transport.Processed)
			} else {
				want(t, "aborted", false, c.aborted)
			}
			<-l.closed // The transport has stopped reading the request.
		})
	}
}

func TestSocketsThatCannotBeMade(t *testing.T) {
	class := func(source string) safejs.Value {
		made, err := get(t, safejs.Global(), "Function").New(source)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for name, c := range map[string]struct {
		rt  transport.RoundTripper
		url string
	}{
		"not from here":      {jsbridge.WebSocket(jsbridge.WithWebSocketClass(class(`throw new DOMException("not from here", "SecurityError")`))), "https://api.example.com/s/m"},
		"Invalid URL":        {jsbridge.WebSocket(), "http://[nowhere"},
		"WithWebSocketClass": {jsbridge.WebSocket(), "https://api.example.com/s/m"},
	} {
		if name == "WithWebSocketClass" && get(t, safejs.Global(), "WebSocket").Type() == safejs.TypeFunction {
			continue // This runtime has a global WebSocket, so nothing is missing.
		}
		_, err := c.rt.RoundTrip(t.Context(), &transport.Request{URL: c.url, Body: &pieces{}, Size: -1, Streams: true})
		var of *transport.Error
		if !errors.As(err, &of) || !of.Invalid {
			t.Errorf("got %v, want an error that is Invalid", err)
		} else if name != "Invalid URL" && !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want it to say %q", err, name)
		}
	}
	wantReleased(t)
}

// When its context ends, a socket is closed, in whatever state it is, and the request is
// broken off instead of half-closed.
func TestSocketsAreGivenUp(t *testing.T) {
	for name, serve := range map[string]string{
		"opening": `globalThis.seen.ready = "yes"`,
		"open":    `globalThis.seen.ready = "yes"; s.onopen({})`,
		"sending": `globalThis.seen.ready = "yes"; s.bufferedAmount = 300000; s.onopen({})`,
	} {
		t.Run(name, func(t *testing.T) {
			rt := socketing(t, serve)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := newLive()
			ended := make(chan error, 1)
			go func() {
				res, err := converse(ctx, rt, l)
				if err == nil {
					_, err = res.Body.Next(ctx)
				}
				ended <- err
			}()
			if name != "opening" {
				l.pieces <- "ab"
			}
			turnUntil(func() bool {
				ready, err := get(t, safejs.Global(), "seen").Get("ready")
				return err == nil && !ready.IsUndefined()
			})
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			<-l.closed
			want(t, "closed", seen(t, "closes"), "closed arraybuffer")
			wanted := "x-one: 1\r\nx-two: 2: 3\r\n\n0 97 98\n0 0 0 0 0 1\n" // The last line is the frame that breaks off.
			if name == "opening" {
				wanted = ""
			}
			want(t, "sent", seen(t, "sent"), wanted)
		})
	}
	t.Run("closed_body", func(t *testing.T) {
		l := newLive()
		res, err := converse(t.Context(), socketing(t, `s.onopen({})`), l)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := res.Body.Next(t.Context())
			ended <- err
		}()
		res.Body.Close()
		res.Body.Close()
		if err := <-ended; err == nil || err == io.EOF {
			t.Errorf("got %v", err)
		}
		<-l.closed
		want(t, "closed", seen(t, "closes"), "closed arraybuffer")
	})
	t.Run("before_it_begins", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l := newLive()
		_, err := converse(ctx, socketing(t, ``), l)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		<-l.closed
		want(t, "sockets", seen(t, "sockets"), "")
	})
}

// A piece of the request is taken only while little waits in the socket. Once the socket
// is closed nothing more is taken, even though what waited in it is never sent, and what
// the server had sent can still be read.
func TestSocketsHoldSendersBack(t *testing.T) {
	rt := socketing(t, `s.bufferedAmount = 300000; s.onopen({})`)
	l := newLive()
	res, err := converse(t.Context(), rt, l)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	l.pieces <- "1"
	turnUntil(func() bool { return strings.HasSuffix(seen(t, "sent"), "0 49\n") })
	select {
	case l.pieces <- "2":
		t.Error("a piece was taken too early")
	default:
	}
	socket := get(t, safejs.Global(), "socket")
	if err := socket.Set("bufferedAmount", 1000); err != nil {
		t.Fatal(err)
	}
	l.pieces <- "2"
	turnUntil(func() bool { return strings.HasSuffix(seen(t, "sent"), "0 50\n") })
	if err := socket.Set("bufferedAmount", 300000); err != nil {
		t.Fatal(err)
	}
	l.pieces <- "3"
	if _, err := socket.Call("give", 7); err != nil {
		t.Fatal(err)
	}
	if _, err := socket.Call("onclose", map[string]any{"code": 1001, "reason": ""}); err != nil {
		t.Fatal(err)
	}
	<-l.closed
	piece, err := res.Body.Next(t.Context())
	want(t, "piece", string(piece), "\x07")
	want(t, "error", err, nil)
	var closed *transport.CloseError
	if _, err := res.Body.Next(t.Context()); !errors.As(err, &closed) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyStreamsOpenSockets(t *testing.T) {
	fetching(t, keepInit)
	rt := jsbridge.WebSocket(jsbridge.WithFetch(jsbridge.WithCredentials(jsbridge.Omit)))
	res, err := post(t.Context(), rt, "the body")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	want(t, "status", res.Status, 203)
	want(t, "credentials", seen(t, "credentials"), "omit")
	of, ok := rt.(transport.Socket)
	want(t, "opens sockets", ok && of.OpensSockets() && of.StreamsRequests(), true)
	_, ok = rt.(transport.Network)
	want(t, "knows of the network", ok, true)
}
