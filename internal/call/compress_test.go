package call

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// A compressed payload is inflated before anything after it is read.
func TestInflate(t *testing.T) {
	limited := func(o *channel.Options) { o.MaxReceiveMessageBytes = 100 }
	headed := func(t *testing.T, p Params) *talk {
		t.Helper()
		tk := begin(t, open(t, retrying, limited), p)
		tk.sends(10).starts()
		tk.asked = nil
		tk.head(1, 200, "grpc-encoding", "gzip")
		tk.asked = nil
		return tk
	}
	t.Run("unary", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, packed(0, "one"), okTrailers()).asks("inflate 1 100").got()
		tk.inflates(1).asks("read 1").got("one")
		tk.bodyEnds(1).asks("end")
		field(t, "trailer", tk.over(status.OK, status.ReasonResponseHeaders, 1, "").Trailer, "x-end", "1")
	})
	t.Run("96_trailers_of_a_unary_call", func(t *testing.T) { // they are no second message
		tk := headed(t, Params{})
		tk.feeds(1, message("one"), packed(wire.FlagTrailers, "grpc-status: 0\r\nX-End: 1\r\n")).asks("inflate 1 1048576").got("one")
		tk.inflates(1).asks("read 1").got("one")
		tk.bodyEnds(1).asks("end")
		field(t, "trailer", tk.over(status.OK, status.ReasonResponseHeaders, 1, "").Trailer, "x-end", "1")
	})
	t.Run("96_trailers_are_no_first_message_either", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, packed(wire.FlagTrailers, "grpc-status: 0")).asks("inflate 1 1048576")
		tk.inflates(1).asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "no message")
	})
	t.Run("96_trailers_of_a_stream_are_read_to_the_end", func(t *testing.T) { // whoever waits for a message waits still
		tk := headed(t, Params{Streaming: true})
		tk.reads().asks("read 1")
		tk.feeds(1, packed(wire.FlagTrailers, "grpc-status: 0")).asks("inflate 1 1048576")
		tk.inflates(1).asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("96_trailers_the_driver_takes_by_itself", func(t *testing.T) {
		tk := headed(t, Params{Streaming: true})
		tk.reads().asks("read 1")
		frame := packed(wire.FlagTrailers, "grpc-status: 0")
		tk.feeds(1, frame[:9]).asks("read 1")
		tk.tell(func(c *Call) { c.Skip(0, len(frame)-10) }).asks()
		tk.tell(func(c *Call) { c.Skip(0, 1) }).asks("inflate 1 1048576")
		tk.tell(func(c *Call) { c.Inflated(tk.now, 0, 14, []byte("grpc-status: 5")); c.Drained(0) }).asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.NotFound, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("order_in_a_stream", func(t *testing.T) {
		tk := headed(t, Params{Streaming: true})
		tk.reads().asks("read 1")
		tk.feeds(1, message("1"), packed(0, "2"), packed(0, ""), message("4"), packed(0, "5")).asks("inflate 1 100").got("1")
		tk.inflates(1).asks("inflate 1 100").got("1", "2")
		tk.inflates(1).asks("inflate 1 100").got("1", "2", "", "4")
		tk.inflates(1).asks().got("1", "2", "", "4", "5")
		tk.reads().asks("read 1")
		tk.feeds(1, packed(0, "6")[:9]).asks("read 1") // a part of a message is none
		tk.feeds(1, packed(0, "6")[9:], okTrailers()).asks("inflate 1 100")
		tk.inflates(1).asks().got("1", "2", "", "4", "5", "6")
	})
	t.Run("a_wish_while_it_is_inflated_is_for_that", func(t *testing.T) {
		tk := headed(t, Params{Streaming: true})
		tk.reads().asks("read 1")
		tk.feeds(1, message("1"), packed(0, "2")).asks("inflate 1 100").got("1")
		tk.reads().asks() // not beside it
		tk.inflates(1).asks().got("1", "2")
	})
	t.Run("taken_by_the_driver_itself", func(t *testing.T) {
		tk := headed(t, Params{Streaming: true})
		tk.reads().asks("read 1")
		frame := packed(0, "one")
		tk.feeds(1, frame[:9]).asks("read 1")
		tk.tell(func(c *Call) { c.Skip(0, len(frame)-9) }).asks("inflate 1 100")
		if _, packed := tk.call.Packed(0); !packed {
			t.Error("nothing is packed")
		}
		tk.tell(func(c *Call) { c.Inflated(tk.now, 0, 3, nil); c.Drained(0) }).asks()
		tk.reads().asks("read 1")
	})
	t.Run("too_large_when_inflated", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, packed(0, string(make([]byte, 101)))).asks("inflate 1 100")
		tk.inflates(1).asks("abort 1", "end").got()
		tk.over(status.ResourceExhausted, status.ReasonResponseHeaders, 1, "inflated, is larger than the limit of 100")
	})
	t.Run("damaged", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, packed(0, "one"), okTrailers()).asks("inflate 1 100")
		tk.damaged(1).asks("abort 1", "end").got()
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "bad sum")
		tk.damaged(1).asks() // it was told already
	})
	t.Run("second_message", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, packed(0, "one"), packed(0, "two")).asks("inflate 1 100")
		tk.inflates(1).asks("abort 1", "end").got("one")
		tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "second message")
	})
	t.Run("failures_while_packed", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, packed(0, "one"), okTrailers()).asks("inflate 1 100")
		tk.tell(func(c *Call) { c.Cancel(tk.now, "enough", nil) }).asks("abort 1", "end")
		if _, packed := tk.call.Packed(0); packed {
			t.Error("what nobody wants is to be inflated")
		}
		tk.inflates(1).asks().got()
		tk.over(status.Canceled, status.ReasonResponseHeaders, 1, "")

		tk = headed(t, Params{})
		tk.feeds(1, packed(0, "one"), okTrailers()).asks("inflate 1 100")
		tk.tell(func(c *Call) { c.Failed(tk.now, 0, AbortedByHost, plan.Processed, status.New(status.Internal, "left")) }).asks("end")
		tk.inflates(1).asks().got()
	})
	t.Run("deadline_as_it_is_inflated", func(t *testing.T) {
		for name, payload := range map[string][]byte{"message": packed(0, "one"), "too large": packed(0, string(make([]byte, 101)))} {
			tk := headed(t, Params{Timeout: 50 * plan.Millisecond})
			tk.at(40).feeds(1, payload).asks("inflate 1 100")
			if tk.at(50); name == "message" {
				tk.inflates(1).asks("read 1")
				tk.timer().asks("abort 1", "end")
			} else {
				tk.inflates(1).asks("abort 1", "abort 1", "arm never", "end")
			}
			tk.over(status.DeadlineExceeded, status.ReasonResponseHeaders, 1, "")
		}
	})
}
