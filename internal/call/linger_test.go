package call

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// lingering shows when the end of a body is awaited, which other tests leave out.
func lingering(t *testing.T, config string, p Params) *talk {
	t.Helper()
	tk := begin(t, open(t, config), p)
	tk.lingers = true
	tk.sends(10).starts()
	tk.asked = nil
	return tk
}

// A body may stay open after its trailers, although the status is known.
func TestBodyStaysOpen(t *testing.T) {
	headed := func(t *testing.T, p Params) *talk {
		t.Helper()
		return lingering(t, retrying, p).head(1, 200).asks("release 1", "header 1", "read 1")
	}
	t.Run("108_ends_after_100_ms", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.at(7).feeds(1, message("one"), okTrailers()).asks("arm 107", "read 1").got("one")
		tk.at(50).timer().asks("arm 107") // too early
		tk.at(107).timer().asks("abort 1", "end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
		tk.bodyEnds(1).asks()
	})
	t.Run("108_ends_before_that", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, message("one"), okTrailers()).asks("arm 100", "read 1")
		tk.at(1).bodyEnds(1).asks("arm never", "end")
	})
	t.Run("108_failure", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, trailers("grpc-status: 5")).asks("arm 100", "read 1")
		tk.at(100).timer().asks("abort 1", "end")
		tk.over(status.NotFound, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_no_message", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, okTrailers()).asks("arm 100", "read 1")
		tk.at(100).timer().asks("abort 1", "end")
		tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "no message")
	})
	t.Run("108_compressed_trailers", func(t *testing.T) {
		tk := lingering(t, "", Params{}).head(1, 200, "grpc-encoding", "gzip").asks("release 1", "header 1", "read 1")
		tk.feeds(1, message("one"), packed(wire.FlagTrailers, "grpc-status: 0")).asks("inflate 1 1048576")
		tk.at(5).inflates(1).asks("arm 105", "read 1")
		tk.at(105).timer().asks("abort 1", "end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_deadline_in_between", func(t *testing.T) {
		tk := lingering(t, "", Params{Timeout: 50 * plan.Millisecond})
		tk.at(20).head(1, 200).asks("release 1", "header 1", "read 1")
		tk.feeds(1, message("one"), okTrailers()).asks("read 1") // the deadline comes before that
		tk.at(50).timer().asks("abort 1", "end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_deadline_before_the_trailers_are_whole", func(t *testing.T) {
		tk := lingering(t, "", Params{Timeout: 50 * plan.Millisecond})
		tk.at(20).head(1, 200).asks("release 1", "header 1", "read 1")
		tk.feeds(1, message("one"), okTrailers()[:9]).asks("read 1")
		tk.at(50).timer().asks("abort 1", "end")
		tk.over(status.DeadlineExceeded, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_cancel_in_between", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, message("one"), okTrailers()).asks("arm 100", "read 1")
		tk.at(50).tell(func(c *Call) { c.Cancel(tk.now, "the caller canceled the call", nil) }).asks("abort 1", "arm never", "end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_fault_of_ours_in_between", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, message("one"), okTrailers()).asks("arm 100", "read 1")
		tk.tell(func(c *Call) { c.Fail(0, status.New(status.Internal, "a fault")) }).asks("abort 1", "arm never", "end")
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "a fault")
	})
	t.Run("108_bytes_behind", func(t *testing.T) {
		tk := headed(t, Params{})
		tk.feeds(1, message("one"), okTrailers(), []byte{0}).asks("abort 1", "end") // at once
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "after its trailers")
		tk = headed(t, Params{})
		tk.feeds(1, message("one"), okTrailers()).asks("arm 100", "read 1")
		tk.at(60).feeds(1, []byte{0}).asks("abort 1", "arm never", "end")
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "after its trailers")
	})
	t.Run("108_line_ends_behind_do_not_prolong_it", func(t *testing.T) {
		tk := lingering(t, "", Params{}).head(1, 200, "content-type", "application/grpc-web-text").asks("release 1", "header 1", "read 1")
		tk.feeds(1, wire.AppendText(nil, append(message("one"), okTrailers()...))).asks("arm 100", "read 1")
		tk.at(60).feeds(1, []byte("\r\n")).asks("read 1")
		tk.at(100).timer().asks("abort 1", "end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_stream_that_is_not_read", func(t *testing.T) { // its messages wait, and so does the end
		tk := lingering(t, "", Params{Streaming: true}).head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.feeds(1, message("one"), message("two"), okTrailers()).asks().got("one", "two")
		tk.at(5000).reads().asks("arm 5100", "read 1")
		tk.at(5100).timer().asks("abort 1", "end")
		if tk.over(status.OK, status.ReasonResponseHeaders, 1, ""); tk.dropped {
			t.Error("what had not been read is dropped")
		}
	})
	t.Run("108_deadline_of_a_stream_that_is_not_read", func(t *testing.T) {
		tk := lingering(t, "", Params{Streaming: true, Timeout: plan.Second}).head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.feeds(1, message("one"), message("two"), okTrailers()).asks().got("one", "two")
		tk.at(1000).timer().asks("abort 1", "end")
		if tk.over(status.OK, status.ReasonResponseHeaders, 1, ""); tk.dropped {
			t.Error("what had not been read is dropped")
		}
	})
	t.Run("108_socket", func(t *testing.T) {
		tk := lingering(t, "", Params{Streaming: true, Socket: true}).head(1, 101).asks("read 1")
		tk.feeds(1, trailers("x-begin: 1")).asks("release 1", "header 1")
		tk.reads().asks("read 1")
		tk.feeds(1, trailers("grpc-status: 5")).asks("arm 100", "read 1")
		tk.at(100).timer().asks("abort 1", "end")
		tk.over(status.NotFound, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("108_no_wait_before_a_retry", func(t *testing.T) {
		tk := begin(t, open(t, retrying, func(o *channel.Options) { o.FirstFrame = true }), Params{})
		tk.lingers = true
		tk.sends(10).starts().asks("open 1").head(1, 200).asks("read 1")
		tk.feeds(1, trailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: 0")).asks("abort 1", "open 2")
	})
}

// The head tells a failure, and the body behind it has no status of its own: what
// proxies make of Trailers-Only.
func TestToldByTheHead(t *testing.T) {
	const pushback = "grpc-retry-pushback-ms"
	t.Run("19_106_empty_trailers_are_tried_again", func(t *testing.T) {
		for _, body := range [][]byte{trailers(""), trailers("x-t: 1\r\n"), trailers("\r\n")} {
			for _, p := range []Params{{}, {Streaming: true}} {
				tk := begin(t, open(t, retrying), p)
				tk.sends(10).starts().asks("open 1")
				for n := 1; n <= 4; n++ {
					tk.head(n, 200, "grpc-status", "14", "grpc-message", "down", pushback, "7").asks("read " + string(rune('0'+n)))
					if tk.feeds(n, body); n < 4 {
						tk.asks("abort "+string(rune('0'+n)), "arm "+instant(tk.now+7*plan.Millisecond))
						tk.at(float64(7 * n)).timer().asks("open " + string(rune('1'+n)))
					}
				}
				tk.asks("abort 4", "end")
				st := tk.over(status.Unavailable, status.ReasonExhausted, 4, "down")
				field(t, "trailer", st.Trailer, pushback, "7")
				if st.Header.Len() != 0 || st.Attempts[0].Pushback != 7 {
					t.Errorf("%+v", st)
				}
			}
		}
	})
	t.Run("34_106_stop", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1").head(1, 200, "grpc-status", "14", pushback, "-1").asks("read 1")
		tk.feeds(1, trailers("")).asks("abort 1", "end")
		tk.over(status.Unavailable, status.ReasonPushback, 1, "")
	})
	t.Run("106_message_commits", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1").head(1, 200, "grpc-status", "14", "x-begin", "1").asks("read 1")
		tk.feeds(1, message("one"), trailers("")).asks("release 1", "header 1", "read 1")
		tk.bodyEnds(1).asks("end")
		st := tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "")
		field(t, "header", st.Header, "x-begin", "1")
	})
	t.Run("106_message_that_is_too_large_commits", func(t *testing.T) {
		tk := unary(t, open(t, retrying, func(o *channel.Options) { o.MaxReceiveMessageBytes = 2 }))
		tk.sends(10).starts().asks("open 1").head(1, 200, "grpc-status", "14", "x-begin", "1").asks("read 1")
		tk.feeds(1, message("one")).asks("abort 1", "release 1", "header 1", "end")
		st := tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "")
		field(t, "header", st.Header, "x-begin", "1")
	})
	t.Run("106_OK_and_a_message", func(t *testing.T) {
		for _, p := range []Params{{}, {Streaming: true}} {
			tk := begin(t, open(t, retrying), p)
			tk.sends(10).starts().asks("open 1").head(1, 200, "grpc-status", "0").asks("read 1")
			tk.feeds(1, message("one"))
			if tk.asked = nil; p.Streaming {
				tk.reads()
				tk.asked = nil
			}
			tk.feeds(1, trailers("")).asks("read 1")
			tk.bodyEnds(1).asks("end").got("one")
			tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
		}
	})
	t.Run("94_trailers_win", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1").head(1, 200, "grpc-status", "14").asks("read 1")
		tk.feeds(1, trailers("grpc-status: 9")).asks("release 1", "header 1", "read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.FailedPrecondition, status.ReasonResponseHeaders, 1, "")

		tk = unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1").head(1, 200, "grpc-status", "14", "grpc-encoding", "gzip").asks("read 1")
		tk.feeds(1, packed(wire.FlagTrailers, "grpc-status: 9")).asks("inflate 1 1048576")
		tk.inflates(1).asks("release 1", "header 1", "read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.FailedPrecondition, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("106_108_body_stays_open", func(t *testing.T) {
		tk := lingering(t, retrying, Params{}).head(1, 200, "grpc-status", "14", pushback, "0").asks("read 1", "arm 100")
		tk.at(100).timer().asks("abort 1", "open 2") // and is tried again like any other
		tk.head(2, 200, "grpc-status", "5").asks("read 2", "arm 200")
		tk.at(200).timer().asks("abort 2", "end")
		tk.over(status.NotFound, status.ReasonFatalStatus, 2, "")
	})
	t.Run("106_108_body_begins_and_goes_on", func(t *testing.T) {
		tk := lingering(t, retrying, Params{}).head(1, 200, "grpc-status", "14").asks("read 1", "arm 100")
		tk.at(50).feeds(1, message("one")[:3]).asks("read 1")
		tk.at(100).timer().asks()
		tk.at(150).feeds(1, message("one")[3:]).asks("release 1", "header 1", "read 1").got("one")
	})
	t.Run("106_deadline_while_the_body_is_open", func(t *testing.T) { // nothing is committed
		tk := lingering(t, retrying, Params{Timeout: 50 * plan.Millisecond}).head(1, 200, "grpc-status", "14").asks("read 1")
		tk.at(50).timer().asks("abort 1", "end")
		tk.over(status.DeadlineExceeded, status.ReasonDeadline, 1, "")
	})
	t.Run("106_OK_whose_body_stays_open", func(t *testing.T) { // its message may be late
		tk := lingering(t, retrying, Params{}).head(1, 200, "grpc-status", "0").asks("read 1")
		tk.at(5000).feeds(1, message("one"), trailers("")).asks("release 1", "header 1", "arm 5100", "read 1").got("one")
		tk.at(5100).timer().asks("abort 1", "end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("106_hedges", func(t *testing.T) { // each has an end of its own to wait for
		tk := begin(t, open(t, hedging), Params{})
		tk.lingers = true
		tk.sends(10).starts().asks("open 1", "arm 100")
		tk.at(30).head(1, 200, "grpc-status", "14").asks("read 1")
		tk.at(100).timer().asks("open 2", "arm 130")
		tk.at(110).head(2, 200, "grpc-status", "14").asks("read 2")
		tk.at(130).timer().asks("abort 1", "open 3", "arm 210")
		tk.at(210).timer().asks("abort 2")
		tk.at(220).head(3, 200, "grpc-status", "14").asks("read 3", "arm 320")
		tk.at(320).timer().asks("abort 3", "end")
		tk.over(status.Unavailable, status.ReasonExhausted, 3, "")
	})
}

// An answer that is compressed in an encoding that CORS hides.
func TestEncodingHidden(t *testing.T) {
	answer := func(ch *channel.Channel, fields ...string) *talk {
		tk := unary(t, ch)
		tk.sends(10).starts().asks("open 1").head(1, 200, fields...)
		tk.asked = nil
		tk.feeds(1, packed(0, "one"))
		tk.asked = nil
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "")
		return tk
	}
	crossOrigin := func(o *channel.Options) { o.CrossOrigin = true }
	tk := answer(open(t, "", crossOrigin)).warned("statusHidden")
	const names = "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms, grpc-encoding"
	if w := tk.warnings[0]; text.List(w.Expose) != names {
		t.Errorf("to be exposed: %v", w.Expose)
	}
	answer(open(t, "")).warned()                                     // of the same origin nothing is hidden
	answer(open(t, "", crossOrigin), "grpc-encoding", "br").warned() // and here it is not
}
