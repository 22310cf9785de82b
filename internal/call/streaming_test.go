package call

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// duplex is a call whose request stays open, over a transport that sends its
// messages as they come.
func duplex(t *testing.T, ch *channel.Channel) *talk {
	return begin(t, ch, Params{Streaming: true, CanStream: true, Writes: true})
}

// clientStream is one that is answered with a single message.
func clientStream(t *testing.T, ch *channel.Channel) *talk {
	return begin(t, ch, Params{CanStream: true, Writes: true})
}

// An exchange's response, and a request that stays open.
func TestOpenRequests(t *testing.T) {
	t.Run("61_two_messages_and_a_retry", func(t *testing.T) {
		tk := clientStream(t, open(t, retrying))
		tk.begins().asks("open 1")
		field(t, "first request", tk.header, channel.AttemptsHeader)
		tk.sends(10).asks("written 1")
		tk.took(1, 1).asks()
		tk.refuses(1, status.Unavailable).asks("arm 500")
		tk.at(100).sends(10).asks("written 2")
		tk.at(200).halfCloses().asks()
		tk.at(500).timer().asks("open 2")
		field(t, "second request", tk.header, channel.AttemptsHeader, "1")
		tk.took(2, 2).asks()
		tk.head(2, 200).asks("release 2", "header 2", "read 2")
		tk.feeds(2, message("sum"), okTrailers()).asks("read 2")
		tk.bodyEnds(2).asks("end").got("sum")
		tk.over(status.OK, status.ReasonResponseHeaders, 2, "")
	})
	t.Run("58_the_thirteenth_message", func(t *testing.T) {
		ch := open(t, retrying, func(o *channel.Options) { o.MaxRetryBufferPerCallSize = 100 })
		tk := clientStream(t, ch)
		tk.begins().asks("open 1")
		for n := range 12 {
			tk.sends(3) // 8 with the frame's prefix
			if tk.asked = nil; ch.Quota().Used() != int64(8*(n+1)) {
				t.Errorf("%d bytes are buffered with %d messages", ch.Quota().Used(), n+1)
			}
		}
		if !tk.call.machine.Replays() {
			t.Error("nothing is kept before the commit")
		}
		tk.sends(3).asks("release 1")
		if ch.Quota().Used() != 0 || tk.call.machine.Replays() {
			t.Errorf("%d bytes are buffered after the commit, and kept: %v", ch.Quota().Used(), tk.call.machine.Replays())
		}
		tk.took(1, 13).asks("written 13")
		tk.refuses(1, status.Unavailable).asks("end")
		tk.over(status.Unavailable, status.ReasonBufferExceeded, 1, "")
	})
	t.Run("18_message_over_the_limit", func(t *testing.T) {
		ch := open(t, retrying, func(o *channel.Options) { o.MaxSendMessageBytes = 10 })
		tk := clientStream(t, ch)
		tk.begins().asks("open 1")
		tk.sends(10).asks("written 1")
		tk.sends(11).asks("abort 1", "end")
		tk.over(status.ResourceExhausted, status.ReasonInternal, 1, "11 bytes is larger than the limit of 10")
		tk.sends(11).sends(1).halfCloses().asks()
	})
	t.Run("65_response_before_the_request_is_complete", func(t *testing.T) {
		tk := clientStream(t, open(t, retrying))
		tk.begins().asks("open 1")
		tk.sends(10).asks("written 1")
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
		tk.feeds(1, message("enough"), okTrailers()).asks("read 1")
		tk.sends(10).asks()
		tk.bodyEnds(1).asks("end").got("enough")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
		tk.took(1, 2).halfCloses().asks()
	})
	t.Run("52_messages_both_ways", func(t *testing.T) {
		tk := duplex(t, open(t, retrying))
		tk.begins().asks("open 1")
		tk.sends(10).asks("written 1")
		tk.reads().asks("arm 5000")
		tk.at(5).head(1, 200).asks("release 1", "header 1", "arm never", "read 1")
		tk.feeds(1, message("one")).asks().got("one")
		tk.sends(10).asks()
		tk.reads().asks("read 1")
		tk.took(1, 2).asks("written 2")
		tk.halfCloses().asks()
		tk.feeds(1, message("two"), okTrailers()).asks().got("one", "two")
		tk.reads().asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("87_hedges_and_a_message_that_does_not_fit", func(t *testing.T) {
		ch := open(t, hedging, func(o *channel.Options) { o.MaxRetryBufferPerCallSize = 40 })
		tk := duplex(t, ch)
		tk.begins().asks("open 1", "arm 100")
		tk.sends(20).asks("written 1")
		tk.at(100).timer().asks("open 2", "arm 200")
		tk.took(2, 1).asks()
		tk.sends(20).asks("abort 1", "release 2", "arm never")
		tk.took(2, 2).asks("written 2")
		tk.head(2, 200).asks("header 2")
	})
	t.Run("whole_requests_begin_at_the_half_close", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{Writes: true})
		tk.begins().asks()
		tk.sends(10).asks("written 1")
		tk.halfCloses().asks("open 1")
		tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open 2")
	})
	t.Run("call_that_cannot_be_made", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{Method: "nonsense", CanStream: true})
		tk.tell(func(*Call) {}).asks("end")
		tk.begins().sends(10).halfCloses().reads().network(true).asks()
		tk.over(status.Internal, status.ReasonInternal, 0, "nonsense")
	})
}

func TestStalledText(t *testing.T) {
	tk := duplex(t, open(t, ""))
	if tk.begins().asks("open 1"); tk.call.machine.Replays() {
		t.Error("a call without a policy keeps its messages")
	}
	tk.at(10).reads().asks("arm 5010")
	tk.at(5010).timer().asks("warn")
	if text := tk.call.Warning(0, attempts.Stalled).Text; !strings.Contains(text, sayHello) || !strings.Contains(text, "5 s") {
		t.Error(text)
	}
}

func TestWaitForReady(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		name   string
		config string
		said   *bool
		want   bool
	}{
		{"nothing_said", ``, nil, false},
		{"config", `{"methodConfig":[{"name":[{}],"waitForReady":true}]}`, nil, true},
		{"call", ``, &yes, true},
		{"call_before_config", `{"methodConfig":[{"name":[{}],"waitForReady":true}]}`, &no, false},
		{"call_before_config_that_says_no", `{"methodConfig":[{"name":[{}],"waitForReady":false}]}`, &yes, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tk := begin(t, open(t, c.config), Params{WaitForReady: c.said, Offline: true})
			if got := tk.call.WaitsForReady(); got != c.want {
				t.Errorf("the call waits: %v; want %v", got, c.want)
			}
			if tk.sends(10).starts(); !c.want {
				tk.asks("open 1")
				return
			}
			tk.asks()
			tk.at(100).network(true).asks("open 1")
		})
	}
	t.Run("66_not_sent_for_want_of_a_network", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{WaitForReady: &yes})
		tk.sends(10).starts().asks("open 1")
		tk.network(false).asks()
		tk.tell(func(c *Call) { c.Failed(tk.now, 0, NoResponse, plan.NotSent, errors.New("offline")) }).asks()
		tk.at(100).network(true).asks("open 2")
		field(t, "second request", tk.header, channel.AttemptsHeader)
	})
	t.Run("network_that_was_lost_between_attempts", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{WaitForReady: &yes})
		tk.sends(10).starts().asks("open 1")
		tk.network(false).asks()
		tk.noResponse(1, "Failed to fetch").asks("arm 500")
		tk.at(500).timer().asks()
		tk.at(700).network(true).asks("open 2")
	})
}

// Something other than client and server ended an attempt. The header that the
// application was given stays in the status; a status that had come whole stands.
func TestAbortedBehindTheHead(t *testing.T) {
	abort := func(c *Call) { c.Failed(0, 0, AbortedByHost, plan.Processed, errors.New("the page is left")) }
	tk := stream(t, open(t, retrying))
	tk.sends(10).starts().asks("open 1")
	tk.head(1, 200, "x-begin", "1").asks("release 1", "header 1")
	tk.tell(abort).asks("end")
	field(t, "header", tk.over(status.Canceled, status.ReasonResponseHeaders, 1, "the page is left").Header, "x-begin", "1")

	tk = stream(t, open(t, retrying))
	tk.sends(10).starts().asks("open 1")
	tk.head(1, 200, "x-begin", "1").asks("release 1", "header 1")
	tk.reads().asks("read 1").feeds(1, message("one"), okTrailers()).asks()
	tk.tell(abort).asks("end") // but the status had come whole: it stands
	tk.over(status.OK, status.ReasonResponseHeaders, 1, "")

	tk = stream(t, open(t, retrying))
	tk.sends(10).starts().asks("open 1")
	tk.head(1, 200, "x-begin", "1", "grpc-status", "14").asks("read 1")
	tk.tell(abort).asks("arm 500") // Trailers-Only: the policy heeds it

	tk = stream(t, open(t, retrying, func(o *channel.Options) { o.MaxRetryBufferPerCallSize = 5 })) // committed, but not by its header
	tk.sends(10).starts().asks("release 1", "open 1")
	tk.head(1, 200, "x-begin", "1", "grpc-status", "14").asks("read 1")
	tk.tell(abort).asks("end")
	field(t, "trailer", tk.over(status.Unavailable, status.ReasonBufferExceeded, 1, "").Trailer, "x-begin", "1")
}

// Text goes out as a whole: few servers read base64 with padding in its midst.
func TestTextDoesNotStream(t *testing.T) {
	text := func(o *channel.Options) { o.Text = true }
	for name, streams := range map[string]struct {
		p       Params
		streams bool
	}{
		"fetch":              {Params{Writes: true}, false},
		"streaming_fetch":    {Params{Writes: true, CanStream: true}, false},
		"socket":             {Params{Writes: true, CanStream: true, Socket: true}, true},
		"socket_says_it_all": {Params{Writes: true, Socket: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			tk := begin(t, open(t, "", text), streams.p)
			if tk.begins(); tk.call.Streams() != streams.streams {
				t.Errorf("streams: %v", tk.call.Streams())
			}
			if tk.asked = nil; streams.streams {
				return
			}
			tk.sends(3).asks("written 1")
			tk.halfCloses().asks("open 1")
		})
	}
}

// Over a transport that cannot tell that it sent nothing, a request without a policy
// is released as it goes out.
func TestRelease(t *testing.T) {
	tk := talking(t, open(t, ""), Params{})
	tk.sends(10).starts().asks("open 1", "release 1")
	tk = talking(t, open(t, retrying), Params{})
	tk.sends(10).starts().asks("open 1")
	tk.head(1, 200).asks("release 1", "header 1", "read 1")
}
