package attempts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
)

// What observers are told, one line for each event, in order.
func TestObserve(t *testing.T) {
	t.Run("retry", func(t *testing.T) {
		s := begin(t, retries(3), observed, throttled(bucket(10, 500, 0)), quota(attempts.NewQuota(1000, 100)), deadline(9000))
		s.at(0).queues(40).starts().opens(1).arms(9000)
		s.at(5).outcome(1, plan.Outcome{Status: said(1, unavailable), Pushback: plan.NoPushback}).arms(505)
		s.at(505).fires().opens(2).arms(9000)
		s.at(510).pushes(2, unavailable, "20").arms(530)
		s.at(530).fires().opens(3).arms(9000)
		s.at(540).answers(3).releases(3).header(3)
		s.at(550).ends(3, ok).disarms().over(3, ok, status.ReasonResponseHeaders)
		s.tells(`
			0: call started: retry, 3 attempts, 9000 ms
			0: buffer 40 of the call, 40 of the channel
			0: attempt 1 started: first
			5: attempt 1 ended: failed, UNAVAILABLE "said attempt 1"
			5: throttle 9 of 10
			5: backoff 500 ms of 1000 ms
			505: attempt 2 started: retry
			510: attempt 2 ended: failed, UNAVAILABLE "said attempt 2", pushback 20
			510: throttle 8 of 10
			510: backoff 20 ms of 20 ms, pushback
			530: attempt 3 started: retry
			540: attempt 3 head: 200
			540: buffer 0 of the call, 0 of the channel
			540: committed to attempt 3: responseHeaders
			550: attempt 3 ended: committed, OK "said attempt 3"
			550: throttle 8.5 of 10
			550: call ended: OK "said attempt 3", 3 attempts, responseHeaders`)
	})
	t.Run("hedge", func(t *testing.T) {
		s := begin(t, hedges(4, 100), observed, throttled(bucket(10, 500, 5)))
		s.at(0).starts().opens(1).arms(100)
		s.at(50).pushes(1, unavailable, "10").disarms()
		s.tells(`
			0: call started: hedge, 4 attempts
			0: attempt 1 started: first
			0: hedge in 100 ms
			50: attempt 1 ended: failed, UNAVAILABLE "said attempt 1", pushback 10
			50: throttle 4 of 10, blocked
			50: committed to attempt 1: throttled
			50: call ended: UNAVAILABLE "said attempt 1", 1 attempts, throttled`)
		s.over(1, unavailable, status.ReasonThrottled)

		s = begin(t, hedges(4, 100), observed)
		s.at(0).starts().opens(1).arms(100)
		s.at(100).fires().opens(2).arms(200)
		s.at(150).pushes(1, unavailable, "10").arms(160)
		s.at(160).fires().opens(3).arms(260)
		s.at(170).answers(2).aborts(3).releases(2).header(2).disarms()
		s.at(180).ends(2, ok).over(2, ok, status.ReasonResponseHeaders)
		s.tells(`
			0: call started: hedge, 4 attempts
			0: attempt 1 started: first
			0: hedge in 100 ms
			100: attempt 2 started: hedge
			100: hedge in 100 ms
			150: attempt 1 ended: failed, UNAVAILABLE "said attempt 1", pushback 10
			150: hedge in 10 ms, pushback
			160: attempt 3 started: hedge
			160: hedge in 100 ms
			170: attempt 2 head: 200
			170: attempt 3 ended: aborted
			170: committed to attempt 2: responseHeaders
			180: attempt 2 ended: committed, OK "said attempt 2"
			180: call ended: OK "said attempt 2", 3 attempts, responseHeaders`)
	})
	t.Run("overflow", func(t *testing.T) {
		s := begin(t, retries(4), observed, quota(attempts.NewQuota(1000, 100)))
		s.at(0).starts().opens(1)
		s.queues(60)
		s.at(1).queues(60).releases(1)
		s.at(2).ends(1, unavailable).over(1, unavailable, status.ReasonBufferExceeded)
		s.tells(`
			0: call started: retry, 4 attempts
			0: attempt 1 started: first
			0: buffer 60 of the call, 60 of the channel
			1: buffer 60 of the call, 60 of the channel, exceeded
			1: buffer 0 of the call, 0 of the channel
			1: committed to attempt 1: bufferExceeded
			2: attempt 1 ended: committed, UNAVAILABLE "said attempt 1"
			2: call ended: UNAVAILABLE "said attempt 1", 1 attempts, bufferExceeded`)
	})
	t.Run("call_that_cannot_begin", func(t *testing.T) {
		s := begin(t, observed)
		s.at(0).cancels("too late").overLocally(canceled, status.ReasonCanceled, "too late")
		s.tells(`
			0: call started: first, 1 attempts
			0: committed to attempt 0: cancelled
			0: call ended: CANCELLED "too late", 0 attempts, cancelled`)
	})
	t.Run("nobody_listens", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.tells(``)
	})
}

func TestRecords(t *testing.T) {
	t.Run("retry", func(t *testing.T) {
		s := begin(t, retries(3))
		s.at(0).starts().opens(1)
		s.at(5).pushes(1, unavailable, "100").arms(105)
		s.at(105).fires().opens(2)
		s.at(110).notSent(2).opens(3)
		s.at(120).answers(3).releases(3).header(3)
		s.recorded(
			`1 first failed 0–5 head none http none UNAVAILABLE "said attempt 1" pushback 100`,
			`2 retry failed 105–110 head none http none UNAVAILABLE "said attempt 2"`,
			`2 transparent committed 110–none head 120 http 200 none ""`)
		s.at(130).ends(3, ok).over(3, ok, status.ReasonResponseHeaders)
	})
	t.Run("hedge", func(t *testing.T) {
		s := begin(t, hedges(2, 10))
		s.at(0).starts().opens(1).arms(10)
		s.at(10).fires().opens(2)
		s.recorded(
			`1 first pending 0–none head none http none none ""`,
			`2 hedge pending 10–none head none http none none ""`)
		s.at(20).answers(1).aborts(2).releases(1).header(1)
		s.at(30).pushes(1, invalidArgument, "-1").over(1, invalidArgument, status.ReasonResponseHeaders)
		s.recorded(
			`1 first committed 0–30 head 20 http 200 INVALID_ARGUMENT "said attempt 1" pushback stop`,
			`2 hedge aborted 10–20 head none http none none ""`)
	})
}

// tells takes what the observer was told, and compares.
func (s *script) tells(want string) {
	s.t.Helper()
	var lines []string
	for _, e := range s.observed {
		lines = append(lines, tell(e))
	}
	s.observed = nil
	got, wanted := strings.Join(lines, "\n"), strings.ReplaceAll(strings.TrimSpace(want), "\t", "")
	if got != wanted {
		s.t.Errorf("the observer is told:\n%s\nwant:\n%s", got, wanted)
	}
}

func tell(e attempts.Event) string {
	if e.At < origin {
		return "an event without an instant"
	}
	text := strings.TrimSuffix(clock(e.At), " ms") + ": "
	code := fmt.Sprintf("%v %q", status.Code(e.Code), e.Message)
	switch e.Kind {
	case attempts.CallStarted:
		text += fmt.Sprintf("call started: %v, %d attempts", e.Why, e.Attempts)
		if e.Timeout != plan.Never {
			text += ", " + clock(origin+e.Timeout)
		}
	case attempts.AttemptStarted:
		text += fmt.Sprintf("attempt %d started: %v", e.Attempt, e.Why)
	case attempts.AttemptHead:
		text += fmt.Sprintf("attempt %d head: %d", e.Attempt, e.HTTP)
	case attempts.AttemptEnded:
		text += fmt.Sprintf("attempt %d ended: %v", e.Attempt, e.Outcome)
		if e.Code != status.None {
			text += ", " + code
		}
		text += pushbackText(", pushback ", e.Pushback)
	case attempts.Backoff:
		text += fmt.Sprintf("backoff %v of %v", clock(origin+e.Delay), clock(origin+e.Bound)) + wasPushback(e.Pushback)
	case attempts.HedgeScheduled:
		text += fmt.Sprintf("hedge in %v", clock(origin+e.Delay)) + wasPushback(e.Pushback)
	case attempts.ThrottleChanged:
		text += fmt.Sprintf("throttle %v of %v", e.Tokens, e.MaxTokens) + tripped(e, ", blocked")
	case attempts.BudgetChanged:
		text += fmt.Sprintf("budget %v of %v", e.Tokens, e.MaxTokens) + tripped(e, ", refused")
	case attempts.BufferChanged:
		text += fmt.Sprintf("buffer %d of the call, %d of the channel", e.CallBytes, e.ChannelBytes) + tripped(e, ", exceeded")
	case attempts.Committed:
		text += fmt.Sprintf("committed to attempt %d: %v", e.Attempt, e.Reason)
	case attempts.CallEnded:
		text += fmt.Sprintf("call ended: %s, %d attempts, %v", code, e.Attempts, e.Reason)
	}
	return text
}

func tripped(e attempts.Event, text string) string {
	if e.Tripped {
		return text
	}
	return ""
}

func wasPushback(p plan.Pushback) string {
	if p != plan.NoPushback {
		return ", pushback"
	}
	return ""
}

func pushbackText(word string, p plan.Pushback) string {
	switch p {
	case plan.NoPushback:
		return ""
	case plan.PushbackStop:
		return word + "stop"
	}
	return word + fmt.Sprint(int64(p))
}

// recorded compares the history of the attempts so far.
func (s *script) recorded(want ...string) {
	s.t.Helper()
	for i, r := range s.machine.Records() {
		code := "none"
		if r.Code != status.None {
			code = status.Code(r.Code).String()
		}
		http := "none"
		if r.HTTPStatus != status.None {
			http = fmt.Sprint(r.HTTPStatus)
		}
		got := fmt.Sprintf("%d %v %v %s–%s head %s http %s %s %q%s", r.Number, r.Kind, r.Outcome, since(r.StartedAt), since(r.EndedAt),
			since(r.HeadAt), http, code, r.Message, pushbackText(" pushback ", plan.Pushback(r.Pushback)))
		if i >= len(want) || got != want[i] {
			s.t.Errorf("record %d is %s; want %q", i+1, got, want)
		}
	}
}

func since(ns int64) string {
	if ns == status.None {
		return "none"
	}
	return strings.TrimSuffix(clock(origin+plan.Duration(ns)), " ms")
}
