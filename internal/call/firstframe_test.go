package call

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// A head commits nothing where the first frame does.
func TestFirstFrame(t *testing.T) {
	firstFrame := func(o *channel.Options) { o.FirstFrame = true }
	later := "grpc-status: 14\r\ngrpc-retry-pushback-ms: 30\r\n"
	begun := func(t *testing.T, p Params) *talk {
		t.Helper()
		tk := begin(t, open(t, retrying, firstFrame), p)
		tk.sends(10).starts()
		tk.asked = nil
		return tk.head(1, 200, "grpc-encoding", "gzip", "x-begin", "1").asks("read 1")
	}
	for name, frame := range map[string][]byte{
		"95_lone_trailers_frame_is_tried_again":            trailers(later),
		"95_lone_compressed_trailers_frame_is_tried_again": packed(wire.FlagTrailers, later),
	} {
		t.Run(name, func(t *testing.T) {
			tk := begun(t, Params{}).at(5)
			if tk.feeds(1, frame); frame[0]&wire.FlagCompressed != 0 {
				tk.asks("inflate 1 1048576").inflates(1)
			}
			tk.asks("abort 1", "arm 35") // its pushback is heeded, and the end of the body not awaited
			tk.bodyEnds(1).asks()
			tk.at(35).timer().asks("open 2")
			tk.head(2, 200).asks("read 2")
			tk.feeds(2, message("one"), okTrailers()).asks("release 2", "header 2", "read 2").got("one")
			tk.bodyEnds(2).asks("end")
			st := tk.over(status.OK, status.ReasonResponseHeaders, 2, "")
			field(t, "header", st.Header, channel.AttemptsHeader, "1")
			if st.Attempts[0].Pushback != 30 || st.Attempts[0].Outcome != status.OutcomeFailed {
				t.Errorf("%+v", st.Attempts[0])
			}
		})
	}
	t.Run("95_stop", func(t *testing.T) {
		tk := begun(t, Params{})
		tk.feeds(1, trailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: -1\r\nx-end: 1")).asks("abort 1", "end")
		st := tk.over(status.Unavailable, status.ReasonPushback, 1, "")
		field(t, "header", st.Header, "x-begin", "1")
		field(t, "trailer", st.Trailer, "x-end", "1")
	})
	t.Run("95_message_commits", func(t *testing.T) {
		tk := begun(t, Params{Streaming: true})
		if tk.reads().asks(); tk.call.Header().Len() != 0 {
			t.Error("a header before the commit")
		}
		tk.feeds(1, message("one")[:4]).asks("read 1")
		tk.feeds(1, message("one")[4:]).asks("release 1", "header 1").got("one")
		field(t, "header", tk.call.Header(), "x-begin", "1")
		tk.reads().asks("read 1")
		tk.feeds(1, trailers(later)).asks("read 1")
		tk.bodyEnds(1).asks("end") // and no warning: this is what was asked for
		tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("95_compressed_message_commits_before_it_is_inflated", func(t *testing.T) {
		tk := begun(t, Params{})
		tk.feeds(1, packed(0, "one")).asks("release 1", "header 1", "inflate 1 4194304").got()
		tk.damaged(1).asks("abort 1", "end")
		tk.over(status.Internal, status.ReasonResponseHeaders, 1, "bad sum")
	})
	t.Run("95_lost_before_the_first_frame", func(t *testing.T) {
		for _, frame := range [][]byte{{}, trailers(later)[:3], trailers(later)[:9]} {
			tk := begun(t, Params{})
			tk.feeds(1, frame).asks("read 1")
			tk.breaks(1, "reset").asks("arm 500")
		}
		tk := begun(t, Params{})
		tk.bodyEnds(1).asks("end")
		tk.over(status.Unknown, status.ReasonFatalStatus, 1, "Access-Control-Expose-Headers")
	})
	t.Run("95_trailers_alone_say_OK", func(t *testing.T) {
		tk := begun(t, Params{Streaming: true})
		tk.feeds(1, okTrailers()).asks("abort 1", "release 1", "header 1", "end")
		st := tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
		field(t, "header", st.Header, "x-begin", "1")
		field(t, "trailer", st.Trailer, "x-end", "1")

		tk = begun(t, Params{})
		tk.feeds(1, okTrailers()).asks("abort 1", "release 1", "header 1", "end")
		tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "no message")
	})
	t.Run("message_that_is_not_taken_commits", func(t *testing.T) { // another attempt would get the same
		config := strings.Replace(retrying, `"UNAVAILABLE"`, `"RESOURCE_EXHAUSTED","INTERNAL"`, 1)
		for name, frame := range map[string][]byte{"too large": message(string(make([]byte, 11))), "compressed": packed(0, ""), "no frame": {9, 0, 0, 0, 0}} {
			tk := unary(t, open(t, config, firstFrame, func(o *channel.Options) { o.MaxReceiveMessageBytes = 10 }))
			tk.sends(10).starts().asks("open 1")
			tk.head(1, 200).asks("read 1")
			tk.feeds(1, frame).asks("abort 1", "release 1", "header 1", "end")
			if st := tk.call.Status(); st.CommitReason != status.ReasonResponseHeaders || len(st.Attempts) != 1 {
				t.Errorf("%s: %v", name, st)
			}
		}
	})
	t.Run("deadline_at_the_first_frame", func(t *testing.T) {
		for _, frame := range [][]byte{message("late"), packed(0, "late")} {
			tk := begun(t, Params{Timeout: 100 * plan.Millisecond, Streaming: true})
			tk.at(100).feeds(1, frame).asks("abort 1", "arm never", "end").got()
			tk.over(status.DeadlineExceeded, status.ReasonDeadline, 1, "")
		}
	})
	t.Run("95_hedging", func(t *testing.T) {
		tk := unary(t, open(t, hedging, firstFrame))
		tk.sends(10).starts().asks("open 1", "arm 100")
		tk.at(10).head(1, 200, "grpc-encoding", "gzip").asks("read 1") // aborts nobody yet
		tk.at(100).timer().asks("open 2", "arm 200")
		tk.at(110).head(2, 200, "grpc-encoding", "gzip").asks("read 2")
		end := packed(wire.FlagTrailers, later)
		tk.feeds(1, end[:9]).asks("read 1") // both at the same time
		tk.feeds(2, end[:12]).asks("read 2")
		tk.feeds(1, end[9:]).asks("inflate 1 1048576")
		tk.feeds(2, end[12:]).asks("inflate 2 1048576")
		tk.inflates(2).asks("abort 2", "arm 140") // non-fatal, and its pushback is heeded
		tk.at(140).timer().asks("open 3")
		tk.head(3, 200).asks("read 3")
		tk.feeds(3, message("one")).asks("abort 1", "release 3", "header 3", "read 3").got("one")
		tk.bodyEnds(1).asks()
	})
	t.Run("95_socket", func(t *testing.T) {
		tk := begin(t, open(t, retrying, firstFrame), Params{Streaming: true, Socket: true})
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 101).asks("read 1")
		tk.feeds(1, trailers("x-begin: 1")).asks("read 1")
		tk.feeds(1, trailers(later)).asks("abort 1", "arm 30")
	})
}

func TestSocket(t *testing.T) {
	begun := func(t *testing.T) *talk {
		t.Helper()
		tk := begin(t, open(t, retrying), Params{Streaming: true, Socket: true})
		tk.sends(10).starts().asks("open 1")
		return tk.head(1, 101).asks("read 1") // which commits nothing
	}
	t.Run("head_commits", func(t *testing.T) {
		tk := begun(t)
		tk.feeds(1, trailers("x-begin: 1")[:7]).asks("read 1")
		tk.feeds(1, trailers("x-begin: 1")[7:]).asks("release 1", "header 1")
		field(t, "header", tk.call.Header(), "x-begin", "1")
		tk.reads().asks("read 1")
		tk.feeds(1, message("one"), okTrailers()).asks().got("one")
		tk.closes(1, 1000).asks("end")
		tk.over(status.OK, status.ReasonResponseHeaders, 1, "")
		tk.closes(1, 1006).asks() // it has said all
	})
	t.Run("34_trailers_only", func(t *testing.T) {
		tk := begun(t)
		tk.feeds(1, trailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: 30")).asks("abort 1", "arm 30")
		tk.at(30).timer().asks("open 2")
	})
	t.Run("closed_before_the_head", func(t *testing.T) {
		begun(t).closes(1, 1006).asks("arm 500")
		tk := begun(t).closes(1, 1011).asks("end")
		tk.over(status.Internal, status.ReasonFatalStatus, 1, "code 1011")
	})
	t.Run("closed_behind_it", func(t *testing.T) {
		tk := begun(t)
		tk.feeds(1, trailers("")).asks("release 1", "header 1")
		tk.closes(1, 1001).asks("end")
		tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "code 1001")
	})
	t.Run("98_none_opens", func(t *testing.T) {
		tk := begin(t, open(t, "", func(o *channel.Options) { o.CrossOrigin = true }), Params{Streaming: true, Socket: true})
		tk.sends(10).starts().asks("open 1")
		tk.noResponse(1, "error").asks("end")
		st := tk.over(status.Unavailable, status.ReasonFatalStatus, 1, "WithWebsockets(true)")
		if strings.Contains(st.Message, "CORS") {
			t.Errorf("WebSockets know no CORS: %v", st)
		}
	})
}
