package call

import (
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Each warning comes once for each method.
func TestWarnings(t *testing.T) {
	// lost is a call whose failure came in the body, after a head that committed the call.
	lost := func(t *testing.T, ch *channel.Channel, p Params, parts ...[]byte) *talk {
		t.Helper()
		tk := begin(t, ch, p)
		tk.sends(10).starts()
		tk.asked = nil
		tk.head(1, 200, "grpc-encoding", "gzip")
		tk.asked = nil
		tk.feeds(1, parts...)
		tk.asked = nil
		if _, packed := tk.call.Packed(0); packed {
			tk.inflates(1)
			tk.asked = nil
		}
		tk.bodyEnds(1)
		tk.asked = nil
		return tk
	}
	failed := trailers("grpc-status: 14")
	for name, config := range map[string]string{"retryPolicy": retrying, "hedgingPolicy": hedging} {
		t.Run("95_retry_lost_to_trailers_in_the_body_by_"+name, func(t *testing.T) {
			ch := open(t, config)
			tk := lost(t, ch, Params{}, failed).warned("retryLostToBodyTrailers")
			if text := tk.warnings[0].Text; !strings.Contains(text, sayHello) || !strings.Contains(text, `headerCommit to "firstFrame"`) {
				t.Errorf("%q", text)
			}
			lost(t, ch, Params{}, failed).warned()
			lost(t, ch, Params{Method: "/a.B/C"}, packed(wire.FlagTrailers, "grpc-status: 14")).warned("retryLostToBodyTrailers")
			lost(t, ch, Params{Method: "/a.B/C"}, failed).warned()
		})
	}
	t.Run("no_retry_was_lost", func(t *testing.T) {
		for name, tk := range map[string]*talk{
			"behind a message":       lost(t, open(t, retrying), Params{Streaming: true}, message("one"), failed),
			"another code":           lost(t, open(t, retrying), Params{}, trailers("grpc-status: 5")),
			"another code of hedges": lost(t, open(t, hedging), Params{}, trailers("grpc-status: 5")),
			"no policy":              lost(t, open(t, ""), Params{}, failed),
			"switched off":           lost(t, open(t, retrying, func(o *channel.Options) { o.MaxRetryAttempts = 1 }), Params{}, failed),
			"committed before":       lost(t, open(t, retrying, func(o *channel.Options) { o.MaxRetryBufferPerCallSize = 5 }), Params{}, failed),
			"no trailers":            lost(t, open(t, retrying), Params{}, []byte{0}),
			"the last attempt":       lostLast(t),
		} {
			if len(tk.warnings) > 0 {
				t.Errorf("%s: %q", name, tk.warnings)
			}
		}
	})
	t.Run("101_status_hidden", func(t *testing.T) {
		ch := open(t, retrying, crossOrigin)
		tk := lost(t, ch, Params{}).warned("statusHidden")
		const names = "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms"
		if w := tk.warnings[0]; text.List(w.Expose) != names || w.Allow != nil || !strings.HasSuffix(w.Text, ": "+names) || !strings.Contains(w.Text, sayHello) {
			t.Errorf("%+v", w)
		}
		lost(t, ch, Params{}).warned()
		lost(t, ch, Params{Method: "/a.B/C"}).warned("statusHidden")
		for _, gzip := range []func(*channel.Options){func(o *channel.Options) { o.SendGzip = true }, func(o *channel.Options) { o.AcceptGzip = true }} {
			tk := lost(t, open(t, "", crossOrigin, gzip), Params{}).warned("statusHidden")
			if got := text.List(tk.warnings[0].Expose); got != names+", grpc-encoding" {
				t.Errorf("to be exposed: %s", got)
			}
		}
	})
	t.Run("101_nothing_hidden", func(t *testing.T) {
		lost(t, open(t, retrying), Params{}).warned() // of the same origin
		lost(t, open(t, "", crossOrigin), Params{}, message("one")).warned()
		lost(t, open(t, "", crossOrigin), Params{}, failed).warned()
	})
	t.Run("stalled", func(t *testing.T) {
		tk := begin(t, open(t, ""), Params{Streaming: true, CanStream: true})
		tk.begins().asks("open 1")
		tk.reads().asks("arm 5000")
		tk.at(5000).timer().asks("warn").warned("halfDuplexStalled")
	})
}

// lostLast is a call whose last attempt failed so: there was none to be lost.
func lostLast(t *testing.T) *talk {
	tk := unary(t, open(t, retrying))
	tk.sends(10).starts().asks("open 1")
	for n := 1; n < 4; n++ {
		tk.refuses(n, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open " + strconv.Itoa(n+1))
	}
	tk.head(4, 200).asks("release 4", "header 4", "read 4")
	tk.feeds(4, trailers("grpc-status: 14")).asks("read 4")
	return tk.bodyEnds(4).asks("end")
}

// What a request's header holds, in its order, by the options.
func TestRequestHeaderByOptions(t *testing.T) {
	const version = "x-grpc-web: 1\r\nx-user-agent: grpc-web-hedgerow/" + channel.Version + "\r\n"
	for i := range 16 {
		text, send, accept, socket := i&1 != 0, i&2 != 0, i&4 != 0, i&8 != 0
		ch := open(t, "", func(o *channel.Options) { o.Text, o.SendGzip, o.AcceptGzip = text, send, accept })
		tk := begin(t, ch, Params{Streaming: true, Socket: socket, Timeout: plan.Second, Metadata: metadata.New("x-one", "1")})
		tk.sends(10).starts().asks("open 1", "arm 1000")
		want := "content-type: application/grpc-web\r\n"
		if text && !socket { // which carries bytes
			want = "content-type: application/grpc-web-text\r\naccept: application/grpc-web-text\r\n"
		}
		want += version + "grpc-timeout: 1000m\r\n"
		if send {
			want += "grpc-encoding: gzip\r\n"
		}
		if accept {
			want += "grpc-accept-encoding: gzip\r\n"
		}
		if got := string(wire.AppendTrailer(nil, tk.header)); got != want+"x-one: 1\r\n" {
			t.Errorf("text %v, send %v, accept %v, socket %v: %q; want %q", text, send, accept, socket, got, want)
		}
	}
}

// A server on another origin must allow the headers that are sent, and no others.
func TestAllowedHeaders(t *testing.T) {
	const always = "content-type, x-grpc-web, x-user-agent, grpc-timeout, grpc-previous-rpc-attempts"
	for _, c := range []struct {
		send, accept bool
		want         string
	}{{false, false, ""}, {true, false, ", grpc-encoding"}, {false, true, ", grpc-accept-encoding"}, {true, true, ", grpc-encoding, grpc-accept-encoding"}} {
		ch := open(t, retrying, crossOrigin, func(o *channel.Options) {
			o.SendGzip, o.AcceptGzip, o.Metadata, o.PerAttempt = c.send, c.accept, metadata.New("authorization", "x", "x-both", "1"), true
		})
		tk := begin(t, ch, Params{Metadata: metadata.New("x-bin", "\x00", "X-Both", "2", channel.AttemptsHeader, "9")})
		tk.sends(10).starts().asks("prepare 1")
		tk.tell(func(c *Call) { c.Prepared(0, 0, metadata.New("x-token", "1", "x-both", "3")) }).asks("open 1")
		tk.noResponse(1, "lost").asks("arm 500")
		want := always + c.want + ", authorization, x-both, x-token, x-bin"
		if text := tk.call.Records()[0].Message; !strings.HasSuffix(text, "the headers "+want) {
			t.Errorf("%q; want %s", text, want)
		}
	}
}

// Limits are those of the message, the buffer's bytes those that are sent.
func TestSentSize(t *testing.T) {
	ch := open(t, retrying, func(o *channel.Options) { o.MaxSendMessageBytes, o.MaxRetryBufferPerCallSize = 100, 40 })
	sent := func(size, sent int64) *talk {
		return unary(t, ch).tell(func(c *Call) { c.Send(0, size, sent) })
	}
	tk := sent(100, 35).starts().asks("open 1")
	if n := ch.Quota().Used(); n != 40 || !tk.call.machine.Replays() {
		t.Errorf("%d bytes are buffered", n)
	}
	if tk := sent(100, 36).starts().asks("release 1", "open 1"); tk.call.machine.Replays() {
		t.Error("more than fits is kept")
	}
	sent(101, 10).asks("end").over(status.ResourceExhausted, status.ReasonInternal, 0, "101 bytes is larger than the limit of 100")
}

// A body in text is decoded in place.
func TestText(t *testing.T) {
	tk := unary(t, open(t, retrying))
	tk.sends(10).starts().asks("open 1")
	tk.head(1, 200, "content-type", "application/grpc-web-text").asks("release 1", "header 1", "read 1")
	if !tk.call.InText(0) {
		t.Error("the body is taken for bytes")
	}
	text := append(wire.AppendText(nil, message("one")), wire.AppendText(nil, okTrailers())...)
	tk.feeds(1, text[:9]).asks("read 1").got()
	tk.feeds(1, text[9:]).asks("read 1").got("one")
	tk.bodyEnds(1).asks("end")
	tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
}
