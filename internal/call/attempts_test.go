package call

import (
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

func TestAttempts(t *testing.T) {
	policy := func(maxAttempts int) string {
		return strings.Replace(retrying, `"maxAttempts":4`, `"maxAttempts":`+strconv.Itoa(maxAttempts), 1)
	}
	for _, c := range []struct {
		name        string
		asked, want int
		cap         int64 // 0: the default
	}{
		{"02_ten_by_default", 10, 5, 0},
		{"03_nine_of_four", 9, 4, 4},
		{"03_nine_of_seven", 9, 7, 7},
		{"03_three_of_ten", 3, 3, 10},
		{"03_eight_by_default", 8, 5, 0},
		{"03_without_limit", 9, 9, channel.Unlimited},
		{"03_switched_off", 9, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for kind, config := range map[string]string{
				"retryPolicy":   policy(c.asked),
				"hedgingPolicy": strings.Replace(hedging, `"maxAttempts":3`, `"maxAttempts":`+strconv.Itoa(c.asked), 1),
			} {
				ch := open(t, config, func(o *channel.Options) {
					if c.cap != 0 {
						o.MaxRetryAttempts = c.cap
					}
				})
				tk := unary(t, ch)
				tk.sends(10)
				tk.at(0).starts()
				opened := 0
				for strings.Contains(strings.Join(tk.asked, " "), "open") {
					opened++
					tk.asked = nil
					tk.refuses(opened, status.Unavailable, "grpc-retry-pushback-ms", "0")
				}
				tk.asked = nil
				if tk.over(status.Unavailable, tk.call.Reason(), c.want, ""); opened != c.want {
					t.Errorf("%s: %d attempts; want %d", kind, opened, c.want)
				}
				warned := ""
				for _, w := range ch.Warnings() {
					warned += w.Kind + ": " + w.Text
				}
				clamped := "policyClamped: methodConfig[0]." + kind + ".maxAttempts is " + strconv.Itoa(c.asked)
				expected := c.want < c.asked && c.cap != 1 // who switches retries off needs no warning
				if expected && !strings.HasPrefix(warned, clamped) || !expected && warned != "" {
					t.Errorf("warnings: %q", warned)
				}
			}
		})
	}
}

func TestRetriedUnary(t *testing.T) {
	t.Run("19_failure_then_success", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.at(0).sends(10).starts().asks("open 1")
		field(t, "first request", tk.header, channel.AttemptsHeader)
		tk.at(5).refuses(1, status.Unavailable).asks("arm 505")
		tk.at(505).timer().asks("open 2")
		field(t, "second request", tk.header, channel.AttemptsHeader, "1")
		tk.at(510).head(2, 200, "x-begin", "1").asks("release 2", "header 2", "read 2")
		field(t, "header", tk.call.Header(), channel.AttemptsHeader, "1")
		tk.feeds(2, message("hello")).asks("read 2")
		tk.feeds(2, okTrailers()).asks("read 2")
		tk.bodyEnds(2).asks("end").got("hello")
		st := tk.over(status.OK, status.ReasonResponseHeaders, 2, "")
		field(t, "header", st.Header, channel.AttemptsHeader, "1")
		field(t, "header", st.Header, "x-begin", "1")
		field(t, "trailer", st.Trailer, "x-end", "1")
		field(t, "trailer", st.Trailer, channel.AttemptsHeader)
	})
	t.Run("19_first_attempt_has_no_count", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
		tk.feeds(1, message("hello"), okTrailers()).asks("read 1")
		tk.bodyEnds(1).asks("end")
		field(t, "header", tk.over(status.OK, status.ReasonResponseHeaders, 1, "").Header, channel.AttemptsHeader)
	})
	t.Run("20_server_has_a_count_of_its_own", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open 2")
		tk.head(2, 200, channel.AttemptsHeader, "7", channel.AttemptsHeader, "8").asks("release 2", "header 2", "read 2")
		field(t, "header", tk.call.Header(), channel.AttemptsHeader, "1")
	})
	t.Run("21_last_failure_unchanged", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		for n := 1; n < 4; n++ {
			tk.refuses(n, status.Unavailable, "grpc-retry-pushback-ms", "0", "grpc-message", "no "+strconv.Itoa(n)).asks("open " + strconv.Itoa(n+1))
		}
		tk.refuses(4, status.Unavailable, "grpc-message", "no 4", "x-why", "load", channel.AttemptsHeader, "9").asks("end")
		st := tk.over(status.Unavailable, status.ReasonExhausted, 4, "")
		if st.Message != "no 4" || st.Header.Len() != 0 {
			t.Errorf("message %q, header %v", st.Message, st.Header)
		}
		field(t, "trailer", st.Trailer, "x-why", "load")
		field(t, "trailer", st.Trailer, channel.AttemptsHeader, "3")
	})
	t.Run("22_code_not_listed", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.InvalidArgument, "grpc-message", "bad").asks("end")
		tk.over(status.InvalidArgument, status.ReasonFatalStatus, 1, "bad")
	})
	t.Run("53_trailers_only_ok_of_a_stream", func(t *testing.T) {
		tk := stream(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.OK, "x-end", "1").asks("release 1", "header 1", "end")
		field(t, "trailer", tk.over(status.OK, status.ReasonResponseHeaders, 1, "").Trailer, "x-end", "1")
	})
	t.Run("54_trailers_only_ok_of_a_unary_call", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.OK).asks("release 1", "header 1", "end")
		tk.over(status.Unimplemented, status.ReasonResponseHeaders, 1, "no message")
	})
	t.Run("57_three_calls_of_a_full_channel", func(t *testing.T) {
		ch := open(t, retrying, func(o *channel.Options) { o.MaxRetryBufferSize = 200 })
		var calls []*talk
		for range 3 {
			calls = append(calls, unary(t, ch).sends(92)) // 97 with the frame's prefix
		}
		if ch.Quota().Used() != 194 {
			t.Errorf("%d bytes are buffered", ch.Quota().Used())
		}
		calls[0].starts().asks("open 1")
		calls[1].starts().asks("open 1")
		calls[2].starts().asks("release 1", "open 1")
		calls[1].refuses(1, status.Unavailable).asks("arm 500")
		calls[2].refuses(1, status.Unavailable).asks("end")
		calls[2].over(status.Unavailable, status.ReasonBufferExceeded, 1, "")
	})
	t.Run("91_http_503_then_success", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 503, "content-type", "text/html", "grpc-retry-pushback-ms", "20").asks("abort 1", "arm 20")
		tk.at(20).timer().asks("open 2")
	})
	t.Run("92_http_503_with_a_fatal_status", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 503, "content-type", "text/plain", "grpc-status", "3").asks("abort 1", "end")
		tk.over(status.InvalidArgument, status.ReasonFatalStatus, 1, "")
	})
	t.Run("95_lone_trailers_frame_is_not_tried_again", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
		tk.feeds(1, trailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: 0\r\n")).asks("warn", "read 1") // of the retry that was lost
		tk.bodyEnds(1).asks("end")
		tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "")
	})
	t.Run("101_hidden_status_is_not_tried_again", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
		tk.bodyEnds(1).asks("end")
		tk.over(status.Unknown, status.ReasonResponseHeaders, 1, "Access-Control-Expose-Headers")
	})
	t.Run("26_switched_off", func(t *testing.T) {
		ch := open(t, retrying, func(o *channel.Options) { o.MaxRetryAttempts = 1 })
		tk := unary(t, ch)
		tk.sends(10).starts().asks("open 1")
		if ch.Quota().Used() != 0 {
			t.Errorf("%d bytes are kept for a replay that cannot come", ch.Quota().Used())
		}
		tk.refuses(1, status.Unavailable).asks("end")
		tk.over(status.Unavailable, status.ReasonFatalStatus, 1, "")
	})
	t.Run("28_throttle_of_the_channel", func(t *testing.T) {
		throttled := strings.Replace(retrying, "{", `{"retryThrottling":{"maxTokens":5,"tokenRatio":0.1},`, 1)
		ch := open(t, throttled)
		tk := unary(t, ch)
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open 2")
		tk.refuses(2, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open 3")
		tk.refuses(3, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("end")
		tk.over(status.Unavailable, status.ReasonThrottled, 3, "")
		tk = unary(t, ch) // the next call pays for it
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.Unavailable).asks("end")
		tk.over(status.Unavailable, status.ReasonThrottled, 1, "")
	})
	t.Run("history", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "30").asks("arm 30")
		records := tk.call.Records()
		if len(records) != 1 || records[0].Pushback != 30 || records[0].HTTPStatus != 200 || tk.call.Reason() != status.ReasonNone || tk.call.Status() != nil {
			t.Errorf("%+v, %v, %v", records, tk.call.Reason(), tk.call.Status())
		}
		if tk.call.Number(0) != 1 || tk.call.Begun() != 0 || tk.call.Deadline() != plan.Never {
			t.Error("the driver's view is wrong")
		}
		if tk.call.Header().Len() != 0 {
			t.Error("a header before the commit")
		}
	})
}
