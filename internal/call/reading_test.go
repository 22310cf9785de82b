package call

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// A streamed response is read as the application asks for messages; nothing is
// read that nobody asked for.
func TestStreamedReading(t *testing.T) {
	t.Run("one_chunk_for_each_wish", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.reads().asks() // one at a time
		tk.feeds(1, message("one")).asks().got("one")
		tk.reads().asks("read 1")
		tk.feeds(1, message("two")[:6]).asks("read 1").got("one") // half a message is none
		tk.feeds(1, message("two")[6:]).asks().got("one", "two")
		tk.reads().asks("read 1")
		tk.feeds(1, okTrailers()).asks("read 1") // no message: the wish stands
		tk.bodyEnds(1).asks("end")
		st := tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
		field(t, "trailer", st.Trailer, "x-end", "1")
	})
	t.Run("wished_for_before_the_head", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.reads().asks()
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
	})
	t.Run("several_messages_in_a_chunk", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.feeds(1, message("one"), message(""), message("three"), message("four")[:7]).asks().got("one", "", "three")
	})
	t.Run("end_of_a_stream_nobody_reads", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.bodyEnds(1).asks("end")
		tk.reads().asks()
	})
	t.Run("52_message_then_failure", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.feeds(1, message("one"), trailers("grpc-status: 14\r\n")).asks().got("one")
		tk.reads().asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("51_headers_then_failure", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.breaks(1, "reset").asks("end")
		tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "reset")
	})
	t.Run("a_head_that_holds_a_status_is_read_on", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200, "grpc-status", "8").asks("read 1") // Trailers-Only or not: only the body tells
		tk.feeds(1, []byte{}).asks("read 1")               // a chunk of nothing says nothing
		tk.bodyEnds(1).asks("end")
		tk.over(status.ResourceExhausted, status.ReasonFatalStatus, 1, "")
	})
	t.Run("94_body_behind_a_status_in_the_head", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200, "grpc-status", "14").asks("read 1")
		tk.feeds(1, message("one")).asks("release 1", "header 1").got("one")
		tk.reads().asks("read 1")
		tk.feeds(1, trailers("grpc-status: 9")).asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.FailedPrecondition, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("what_the_driver_takes_by_itself", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.feeds(1, message("0123456789")[:8]).asks("read 1")
		tk.tell(func(c *Call) { c.Skip(0, 4); c.Drained(0) }).asks("read 1")
		tk.tell(func(c *Call) { c.Skip(0, 3); c.Drained(0) }).asks() // that was the message
	})
	t.Run("deadline_at_the_head", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{Streaming: true, Timeout: 100 * plan.Millisecond})
		tk.sends(10).starts().asks("open 1", "arm 100")
		tk.at(100).head(1, 200).asks("abort 1", "arm never", "end")
		tk.over(status.DeadlineExceeded, status.ReasonDeadline, 1, "")
	})
	t.Run("deadline_at_the_first_chunk", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{Streaming: true, Timeout: 100 * plan.Millisecond})
		tk.sends(10).starts().asks("open 1", "arm 100")
		tk.at(50).head(1, 200, "grpc-status", "0").asks("read 1")
		tk.at(100).feeds(1, message("late")).asks("abort 1", "arm never", "end").got()
		tk.over(status.DeadlineExceeded, status.ReasonDeadline, 1, "")
	})
}

// A unary response is read to its end without being asked for.
func TestUnaryReading(t *testing.T) {
	answered := func(t *testing.T, parts ...[]byte) *talk {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200, "x-begin", "1").asks("release 1", "header 1", "read 1")
		return tk.feeds(1, parts...)
	}
	t.Run("104_message_of_no_length", func(t *testing.T) {
		tk := answered(t, message(""), okTrailers()).asks("read 1").got("")
		tk.bodyEnds(1).asks("end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	for name, second := range map[string][]byte{
		"a_second_message":                 message("two"),
		"the_beginning_of_a_second":        message("two")[:5],
		"a_second_and_a_third":             append(message("two"), message("three")...),
		"a_second_and_then_something_else": append(message("two"), 7, 0, 0, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			tk := answered(t, message("one"), second).asks("abort 1", "end").got("one")
			st := tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "second message")
			field(t, "header", st.Header, "x-begin", "1")
		})
	}
	t.Run("second_message_in_another_chunk", func(t *testing.T) {
		tk := answered(t, message("one")).asks("read 1")
		tk.feeds(1, message("two")).asks("abort 1", "end").got("one")
	})
	t.Run("no_message", func(t *testing.T) {
		tk := answered(t, okTrailers()).asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "no message")
	})
	t.Run("no_message_and_a_failure", func(t *testing.T) {
		tk := answered(t, trailers("grpc-status: 5\r\ngrpc-message: gone")).asks("read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.NotFound, status.ReasonResponseHeaders, 1, "gone")
	})
	t.Run("no_frames_at_all", func(t *testing.T) {
		tk := answered(t, []byte("<!doctype html>")).asks("abort 1", "end")
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "flag byte 60")
	})
	t.Run("too_large", func(t *testing.T) {
		limits := map[string]func(*channel.Options, *Params){
			"channel": func(o *channel.Options, _ *Params) { o.MaxReceiveMessageBytes = 10 },
			"call":    func(_ *channel.Options, p *Params) { p.MaxReceiveBytes = 10 },
		}
		for name, limit := range limits {
			var p Params
			ch := open(t, retrying, func(o *channel.Options) { limit(o, &p) })
			tk := begin(t, ch, p)
			tk.sends(10).starts().asks("open 1")
			tk.head(1, 200).asks("release 1", "header 1", "read 1")
			tk.feeds(1, message("01234567890")[:wire.PrefixSize]).asks("abort 1", "end")
			tk.over(status.ResourceExhausted, status.ReasonResponseHeaders, 1, "11 bytes is larger than the limit of 10")
			if t.Failed() {
				t.Fatal(name)
			}
		}
		config := open(t, `{"methodConfig":[{"name":[{}],"maxResponseMessageBytes":3}]}`)
		tk := unary(t, config)
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
		tk.feeds(1, message("four")).asks("abort 1", "end").got()
	})
	t.Run("binary_metadata", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		var head metadata.MD
		wire.AppendField(&head, "content-type", "application/grpc-web")
		wire.AppendField(&head, "x-bin", "AP8, AQ")
		tk.tell(func(c *Call) { c.Head(0, 0, 200, head) }).asks("release 1", "header 1", "read 1")
		field(t, "header", tk.call.Header(), "x-bin", "\x00\xff", "\x01")
		tk.feeds(1, message(""), trailers("grpc-status: 3\r\nGrpc-Status-Details-Bin: CAM\r\nx-bin: AP8=\r\n")).asks("read 1")
		tk.bodyEnds(1).asks("end")
		st := tk.over(status.InvalidArgument, status.ReasonResponseHeaders, 1, "")
		if string(st.Details) != "\x08\x03" {
			t.Errorf("details %q", st.Details)
		}
		field(t, "trailer", st.Trailer, "x-bin", "\x00\xff")
	})
}
