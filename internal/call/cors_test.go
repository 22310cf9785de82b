package call

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

func crossOrigin(o *channel.Options) { o.CrossOrigin = true }

// again begins a call whose first attempt is answered with a 503, and its second
// one at once.
func again(t *testing.T, ch *channel.Channel) *talk {
	t.Helper()
	tk := unary(t, ch)
	tk.at(0).sends(10).starts().asks("open 1")
	return tk.head(1, 503, "grpc-retry-pushback-ms", "0").asks("abort 1", "open 2")
}

func (tk *talk) marked(want ...string) *talk {
	tk.t.Helper()
	field(tk.t, "request", tk.header, channel.AttemptsHeader, want...)
	return tk
}

// answers an attempt with a message and OK.
func (tk *talk) answers(n int) *talk {
	tk.t.Helper()
	tk.head(n, 200).feedsAll(n)
	return tk
}

func (tk *talk) feedsAll(n int) {
	tk.t.Helper()
	tk.asked = nil
	tk.feeds(n, message("one"), okTrailers())
	tk.asked = nil
	tk.bodyEnds(n).asks("end")
}

// warned: of these kinds, so far.
func (tk *talk) warned(want ...string) *talk {
	tk.t.Helper()
	kinds := []string{}
	for _, w := range tk.warnings {
		kinds = append(kinds, w.Kind)
	}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		tk.t.Errorf("warnings %q; want %q", kinds, want)
	}
	return tk
}

// What CORS refuses looks like a dead network (SEMANTICS 5.5d).
func TestAttemptsHeaderRefused(t *testing.T) {
	throttled := strings.Replace(retrying, "{", `{"retryThrottling":{"maxTokens":100,"tokenRatio":0.1},`, 1)
	t.Run("made_again_without_it", func(t *testing.T) {
		var origin channel.Origin
		ch := open(t, throttled, crossOrigin, func(o *channel.Options) { o.Origin = &origin })
		tk := again(t, ch).marked("1")
		before, _ := ch.Throttle().Tokens()
		tk.at(7).noResponse(2, "Failed to fetch").asks("open 3").marked() // at once
		if tokens, _ := ch.Throttle().Tokens(); tokens != before {
			t.Errorf("%v tokens of %v are left", tokens, before)
		}
		tk.head(3, 200).asks("warn", "release 3", "header 3", "read 3").warned("corsSuspected")
		field(t, "header", tk.call.Header(), channel.AttemptsHeader, "1") // for the application, it is true
		tk.feedsAll(3)
		st := tk.over(status.OK, status.ReasonResponseHeaders, 3, "")
		for i, want := range []struct {
			number int
			kind   status.AttemptKind
			code   int
		}{{1, status.KindFirst, int(status.Unavailable)}, {2, status.KindRetry, int(status.Unavailable)}, {2, status.KindTransparent, int(status.OK)}} {
			if r := st.Attempts[i]; r.Number != want.number || r.Kind != want.kind || r.Code != want.code {
				t.Errorf("attempt %d: %+v", i+1, r)
			}
		}
		if text := st.Attempts[1].Message; !strings.HasPrefix(text, "no response from POST https://api.test/") || !strings.Contains(text, "answers attempts without the header "+channel.AttemptsHeader) {
			t.Errorf("%q", text)
		}
		w := tk.warnings[0]
		if got := text.List(w.Allow); got != "content-type, x-grpc-web, x-user-agent, grpc-timeout, grpc-previous-rpc-attempts" {
			t.Errorf("to be allowed: %s", got)
		}
		if got := text.List(w.Expose); got != "grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms" {
			t.Errorf("to be exposed: %s", got)
		}

		for name, ch := range map[string]*channel.Channel{"the channel": ch, "another": open(t, retrying, crossOrigin, func(o *channel.Options) { o.Origin = &origin })} {
			tk := again(t, ch).marked()
			tk.noResponse(2, "Failed to fetch").asks("arm 500") // what is not sent cannot be the reason
			if strings.Contains(tk.call.Records()[1].Message, channel.AttemptsHeader+" are answered") {
				t.Errorf("%s blames it again", name)
			}
			tk.at(500).timer().asks("open 3").marked().answers(3).warned()
		}
	})
	t.Run("network_was_the_reason", func(t *testing.T) {
		ch := open(t, throttled, crossOrigin)
		tk := again(t, ch).marked("1")
		tk.noResponse(2, "lost").asks("open 3").marked()
		before, _ := ch.Throttle().Tokens()
		tk.noResponse(3, "lost").asks("arm 500") // an ordinary failure, and the policy goes on
		if tokens, _ := ch.Throttle().Tokens(); tokens != before-1 {
			t.Errorf("%v tokens of %v are left", tokens, before)
		}
		tk.at(500).timer().asks("open 4").marked("2") // nothing is concluded from it
		tk.noResponse(4, "lost").asks("arm 1500")     // nothing was answered since
		tk.at(1500).timer().asks("open 5").marked("3")
		tk.noResponse(5, "lost").asks("end").warned()
		if st := tk.over(status.Unavailable, status.ReasonExhausted, 5, "lost"); strings.Contains(st.Message, "answers attempts without") {
			t.Errorf("%v", st)
		}
		again(t, ch).marked("1").noResponse(2, "lost").asks("open 3").marked() // now something was
	})
	t.Run("nothing_was_answered", func(t *testing.T) {
		tk := unary(t, open(t, retrying, crossOrigin))
		tk.sends(10).starts().asks("open 1")
		tk.noResponse(1, "lost").asks("arm 500")
		tk.at(500).timer().asks("open 2").marked("1")
		tk.noResponse(2, "lost").asks("arm 1500").warned()
	})
	t.Run("another_call_was_answered", func(t *testing.T) {
		ch := open(t, retrying, crossOrigin)
		unary(t, ch).sends(10).starts().asks("open 1").answers(1)
		tk := unary(t, ch)
		tk.sends(10).starts().asks("open 1")
		tk.noResponse(1, "lost").asks("arm 500")
		tk.at(500).timer().asks("open 2").marked("1")
		tk.noResponse(2, "lost").asks("open 3").marked()
	})
	t.Run("only_what_may_be_tried_again", func(t *testing.T) {
		// It may have been the network, behind which the server ran the attempt.
		tk := unary(t, open(t, strings.Replace(retrying, "UNAVAILABLE", "RESOURCE_EXHAUSTED", 1), crossOrigin))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200, "grpc-status", "8", "grpc-retry-pushback-ms", "0").asks("read 1")
		tk.bodyEnds(1).asks("open 2").marked("1")
		tk.noResponse(2, "Failed to fetch").asks("end").warned()
		tk.over(status.Unavailable, status.ReasonFatalStatus, 2, "answers attempts without")
	})
	t.Run("same_origin", func(t *testing.T) {
		again(t, open(t, retrying)).marked("1").noResponse(2, "lost").asks("arm 500").warned()
	})
	t.Run("once_allowed_never_suspected", func(t *testing.T) {
		ch := open(t, retrying, crossOrigin)
		again(t, ch).marked("1").answers(2)
		again(t, ch).marked("1").noResponse(2, "lost").asks("arm 500").warned()
	})
	t.Run("ended_by_something_else", func(t *testing.T) {
		for how, asked := range map[Failure][]string{AbortedByHost: {"end"}, InvalidRequest: {"abort 2", "end"}} {
			tk := again(t, open(t, retrying, crossOrigin))
			tk.tell(func(c *Call) { c.Failed(0, 1, how, plan.Processed, errors.New("left")) }).asks(asked...).warned()
		}
	})
	t.Run("request_is_gone", func(t *testing.T) { // it was too large for the buffer: there is nothing to send again
		ch := open(t, retrying, crossOrigin, func(o *channel.Options) { o.MaxRetryBufferPerCallSize = 30 })
		tk := begin(t, ch, Params{Streaming: true, CanStream: true})
		tk.sends(10).begins().asks("open 1")
		tk.head(1, 503, "grpc-retry-pushback-ms", "0").asks("abort 1", "open 2").marked("1")
		tk.sends(90).asks("release 2")
		tk.noResponse(2, "lost").asks("warn", "end").warned("corsSuspected")
		tk.over(status.Unavailable, status.ReasonBufferExceeded, 2, "answers attempts without")
	})
	t.Run("never", func(t *testing.T) {
		never := func(o *channel.Options) { o.AttemptHeader = channel.AttemptHeaderNever }
		again(t, open(t, retrying, crossOrigin, never)).marked().noResponse(2, "lost").asks("arm 500").warned()
		tk := again(t, open(t, retrying, crossOrigin, never)).marked()
		field(t, "header", tk.answers(2).call.Status().Header, channel.AttemptsHeader, "1")
	})
	t.Run("always", func(t *testing.T) {
		var origin channel.Origin
		shared := func(o *channel.Options) { o.Origin = &origin }
		always := open(t, retrying, crossOrigin, shared, func(o *channel.Options) { o.AttemptHeader = channel.AttemptHeaderAlways })
		tk := again(t, always).marked("1").noResponse(2, "lost").asks("warn", "arm 500").warned("corsSuspected")
		tk.at(500).timer().asks("open 3").marked("2")
		tk.noResponse(3, "lost").asks("arm 1500").warned("corsSuspected") // once
		again(t, open(t, retrying, crossOrigin, shared)).noResponse(2, "lost").asks("open 3").answers(3)
		again(t, always).marked("1") // whatever others have found
	})
	t.Run("hedges", func(t *testing.T) {
		ch := open(t, hedging, crossOrigin)
		unary(t, ch).sends(10).starts().asks("open 1", "arm 100").head(1, 200).asks("release 1", "header 1", "arm never", "read 1").feedsAll(1)
		tk := unary(t, ch)
		tk.at(0).sends(10).starts().asks("open 1", "arm 100")
		tk.at(100).timer().asks("open 2", "arm 200").marked("1")
		tk.at(105).noResponse(2, "lost").asks("open 3").marked() // in its place: the next one is due when it was
		tk.at(200).timer().asks("open 4").marked("2")
		tk.at(210).noResponse(4, "lost").asks() // nothing was answered since the trial
		tk.at(220).head(3, 200).asks("warn", "abort 1", "release 3", "header 3", "read 3").warned("corsSuspected")
		tk.feedsAll(3)
	})
	t.Run("hedge_that_is_under_way_at_the_trial", func(t *testing.T) {
		ch := open(t, hedging, crossOrigin)
		tk := unary(t, ch)
		tk.at(0).sends(10).starts().asks("open 1", "arm 100")
		tk.at(100).timer().asks("open 2", "arm 200").marked("1")
		tk.at(150).head(1, 200, "grpc-status", "14").asks("read 1")
		tk.at(200).timer().asks("open 3").marked("2")
		tk.noResponse(2, "lost").asks("open 4").marked()
		tk.head(4, 200, "grpc-status", "14").asks("warn", "read 4")
		tk.noResponse(3, "lost").asks() // one trial is enough
	})
	t.Run("hedge_that_is_answered_during_the_trial", func(t *testing.T) { // which shows that the header is allowed
		ch := open(t, hedging, crossOrigin)
		tk := unary(t, ch)
		tk.at(0).sends(10).starts().asks("open 1", "arm 100")
		tk.at(100).timer().asks("open 2", "arm 200").marked("1")
		tk.at(150).head(1, 200, "grpc-status", "14").asks("read 1")
		tk.at(200).timer().asks("open 3").marked("2")
		tk.noResponse(2, "lost").asks("open 4").marked()
		tk.head(3, 200, "grpc-status", "14").asks("read 3")
		tk.head(4, 200, "grpc-status", "14").asks("read 4").warned()
		again := unary(t, ch)
		again.at(0).sends(10).starts().asks("open 1", "arm 100")
		again.at(100).timer().asks("open 2", "arm 200").marked("1")
	})
	t.Run("hedge_that_is_answered_after_the_trial", func(t *testing.T) {
		ch := open(t, hedging, crossOrigin)
		tk := unary(t, ch)
		tk.at(0).sends(10).starts().asks("open 1", "arm 100")
		tk.at(100).timer().asks("open 2", "arm 200").marked("1")
		tk.at(150).head(1, 200, "grpc-status", "14").asks("read 1")
		tk.at(200).timer().asks("open 3").marked("2")
		tk.noResponse(2, "lost").asks("open 4").marked()
		tk.head(4, 200, "grpc-status", "14").asks("warn", "read 4")
		tk.head(3, 200, "grpc-status", "14").asks("read 3")
		again := unary(t, ch)
		again.at(0).sends(10).starts().asks("open 1", "arm 100")
		again.at(100).timer().asks("open 2", "arm 200").marked("1")
	})
	t.Run("a_trial_asks_for_metadata_as_any", func(t *testing.T) {
		tk := unary(t, open(t, retrying, crossOrigin, func(o *channel.Options) { o.PerAttempt = true }))
		given := func(n int) *talk {
			return tk.tell(func(c *Call) { c.Prepared(tk.now, n-1, metadata.New("x-token", fmt.Sprint(n))) })
		}
		tk.sends(10).starts().asks("prepare 1")
		given(1).asks("open 1")
		tk.head(1, 503, "grpc-retry-pushback-ms", "0").asks("abort 1", "prepare 2")
		given(2).asks("open 2").marked("1")
		tk.noResponse(2, "lost").asks("prepare 3")
		given(3).asks("open 3").marked()
		tk.head(3, 200).asks("warn", "release 3", "header 3", "read 3")
		if got := text.List(tk.warnings[0].Allow); !strings.HasSuffix(got, ", x-token") {
			t.Errorf("to be allowed: %s", got)
		}
	})
	t.Run("deadline_as_it_fails", func(t *testing.T) {
		ch := open(t, retrying, crossOrigin)
		tk := begin(t, ch, Params{Timeout: 100 * plan.Millisecond})
		tk.sends(10).starts().asks("open 1", "arm 100")
		tk.head(1, 503, "grpc-retry-pushback-ms", "0").asks("abort 1", "open 2")
		tk.at(100).noResponse(2, "lost").asks("abort 2", "arm never", "end")
		tk.over(status.DeadlineExceeded, status.ReasonDeadline, 2, "")
		if !ch.Endpoint(0).Origin.Answers {
			t.Error("that the origin answers is forgotten, for a trial that was never made")
		}
	})
	t.Run("not_of_a_socket", func(t *testing.T) { // which has no preflight
		ch := open(t, retrying, crossOrigin)
		tk := begin(t, ch, Params{Socket: true, Streaming: true})
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 101).asks("read 1")
		tk.feeds(1, trailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: 0")).asks("abort 1", "open 2").marked("1")
		tk.noResponse(2, "lost").asks("arm 500").warned()
	})
	t.Run("a_socket_shows_nothing_of_it", func(t *testing.T) {
		ch := open(t, retrying, crossOrigin)
		tk := begin(t, ch, Params{Socket: true, Streaming: true})
		tk.sends(10).starts().asks("open 1")
		tk.noResponse(1, "lost").asks("arm 500")
		tk.at(500).timer().asks("open 2").marked("1")
		tk.head(2, 101).asks("read 2")
		again(t, ch).marked("1").noResponse(2, "lost").asks("open 3").marked()
	})
}
