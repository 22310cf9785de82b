package grpcweb_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/driverscripts"
	"github.com/hedgerow-web/hedgerow/internal/fake"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

var (
	errNetwork = errors.New("the network failed")
	errForeign = &transport.Error{Aborted: true, Err: errors.New("the page is left")}
)

func failure(word string) error {
	return map[string]error{"network": errNetwork, "abort": errForeign}[word]
}

func span(n int) time.Duration { return time.Duration(n) * ms }

// scriptNetwork plays a script's server.
func scriptNetwork(t *testing.T, s driverscripts.Script) *fake.Network {
	attempts := make([]fake.Attempt, len(s.Server))
	for i, x := range s.Server {
		attempts[i] = scriptAttempt(t, x)
	}
	if len(attempts) == 0 {
		attempts = append(attempts, fake.Break(errors.New("the script has no server")))
	}
	if s.Streams {
		return fake.Streaming(attempts...)
	}
	return fake.New(attempts...)
}

func scriptAttempt(t *testing.T, x driverscripts.Exchange) fake.Attempt {
	t.Helper()
	a := fake.Attempt{Wait: span(x.After), Err: failure(x.Fail), Status: x.HTTP, Header: fieldsOf(x.Header)}
	if x.Take != nil {
		a.Take = *x.Take
	}
	if _, told := a.Header.Lookup("content-type"); !told {
		a.Header.Set("content-type", map[bool]string{false: "application/grpc-web+proto", true: "application/grpc-web-text+proto"}[x.Text])
	}
	for _, p := range x.Body {
		a.Body = append(a.Body, fake.Piece{Wait: span(p.After), Take: scriptTake(p.Take), Data: scriptBytes(t, p), Err: failure(p.Fail)})
	}
	if x.Text || x.Cut > 0 {
		a.Body = recut(a.Body, x.Text, x.Cut)
	}
	return a
}

// recut is a body as base64, and in chunks of n bytes; 0: in one.
func recut(body []fake.Piece, text bool, n int) []fake.Piece {
	var whole []byte
	for _, p := range body {
		whole = append(whole, p.Data...)
	}
	if text {
		whole = []byte(base64.StdEncoding.EncodeToString(whole))
	}
	if n == 0 {
		n = len(whole)
	}
	return fake.Cut(whole, n)
}

func scriptTake(take json.RawMessage) int {
	if string(take) == `"rest"` {
		return fake.Rest
	}
	n := 0
	_ = json.Unmarshal(take, &n) // absent: none
	return n
}

func scriptBytes(t *testing.T, p driverscripts.Part) []byte {
	t.Helper()
	messages := p.Messages
	if p.Message != nil {
		messages = append(messages, *p.Message)
	}
	var all []byte
	for _, m := range messages {
		all = wire.AppendFrame(all, 0, []byte(m))
	}
	switch {
	case p.Gzip != nil:
		all = wire.AppendFrame(all, wire.FlagCompressed, zip([]byte(*p.Gzip)))
	case p.Trailer != nil:
		all = wire.AppendFrame(all, wire.FlagTrailers, trailerBlock(p.Trailer))
	case p.GzipTrailer != nil:
		all = wire.AppendFrame(all, wire.FlagTrailers|wire.FlagCompressed, zip(trailerBlock(p.GzipTrailer)))
	case p.Hex != "":
		raw, err := hex.DecodeString(p.Hex)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	return all
}

func trailerBlock(fields map[string]string) []byte {
	var b bytes.Buffer
	for name, value := range fields {
		b.WriteString(name + ": " + value + "\r\n")
	}
	return b.Bytes()
}

// checkRequests compares what the server saw.
func (r *scriptRun) checkRequests(n *fake.Network) {
	r.t.Helper()
	if r.script.Expect.Requests == nil {
		return
	}
	seen := n.Seen()
	want(r.t, "requests", len(seen), len(r.script.Expect.Requests))
	for i, e := range r.script.Expect.Requests[:min(len(seen), len(r.script.Expect.Requests))] {
		x := seen[i]
		want(r.t, "request at", int(x.Begun.Sub(r.begun)/time.Millisecond), e.At)
		if e.Messages != nil {
			wantAll(r.t, "messages of the request", requestMessages(x.Body), e.Messages...)
		}
		if e.Whole != nil {
			want(r.t, "the request was whole", x.Whole, *e.Whole)
		}
		for name, value := range e.Header {
			got := x.Request.Header.Values(name)
			if value == nil && got != nil || value != nil && !slices.Equal(got, []string{*value}) {
				r.t.Errorf("%s of request %d is %q", name, i+1, got)
			}
		}
	}
}

// requestMessages takes a request's body apart, in whichever format it is.
func requestMessages(body []byte) []string {
	if raw, err := base64.StdEncoding.DecodeString(string(body)); err == nil {
		body = raw
	}
	var messages []string
	for len(body) >= wire.PrefixSize {
		end := wire.PrefixSize + int(binary.BigEndian.Uint32(body[1:]))
		messages = append(messages, string(body[wire.PrefixSize:end]))
		body = body[end:]
	}
	return messages
}
