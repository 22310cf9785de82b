package hostdriver

import (
	"math"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/abi"
	"github.com/hedgerow-web/hedgerow/internal/abi/abitest"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// JavaScript gets a header only if it differs from that of the last request.
func TestHeadersThatRepeat(t *testing.T) {
	s := open(t, retrying)
	for id, c := range []struct {
		start start
		again bool
	}{
		{unary(), false},
		{unary(), true},
		{start{metadata: []string{"x", "1"}}, false},
		{start{metadata: []string{"x", "1"}}, true},
		{start{metadata: []string{"x", "2"}}, false},
		{start{metadata: []string{"x", "2", "x", "2"}}, false},
		{unary(), false},
		{unary(), true},
	} {
		s.starts(float64(id+1), c.start)
		if open := s.only("open"); open.Values["again"] != c.again {
			t.Errorf("request %d: again is %v; want %v", id+1, open.Values["again"], c.again)
		}
	}
	s.at(10).refuses(8, 0, "grpc-status", "14", "grpc-retry-pushback-ms", "0").asks("open 8/1")
	if open := s.only("open"); open.Values["again"] != false {
		t.Error("the header of a second attempt is another one")
	}
}

func TestUnary(t *testing.T) {
	t.Run("19_success_after_retry", func(t *testing.T) {
		s := open(t, retrying).at(100).starts(7, start{metadata: []string{"x-app", "1", "x-key-bin", "AAH/"}}).asks("open 7/0")
		if header := s.only("open").Values["header"].(abitest.Fields); header.Get("x-app") != "1" || header.Get("x-key-bin") != "AAH/" ||
			header.Get("content-type") != "application/grpc-web" || header.Get("grpc-previous-rpc-attempts") != "" {
			t.Errorf("the first attempt's header is %q", header)
		}
		s.at(110).refuses(7, 0, "grpc-status", "14", "grpc-message", "later").asks("timer 610")
		s.at(610).timer().asks("open 7/1")
		if header := s.only("open").Values["header"].(abitest.Fields); header.Get("grpc-previous-rpc-attempts") != "1" {
			t.Errorf("the second attempt's header is %q", header)
		}
		s.at(620).head(7, 1, 200, "x-from", "server", "x-b-bin", "AQ").asks("release 7/1", "head 7/1", "read 7/1")
		if header := s.only("head").Values["header"].(abitest.Fields); header.Get("x-from") != "server" || header.Get("x-b-bin") != "AQ" ||
			header.Get("grpc-previous-rpc-attempts") != "1" {
			t.Errorf("the header is %q", header)
		}
		s.at(630).feed(7, 1, true, message("hello"), trailers("grpc-status: 0\r\nx-end: 1\r\n")).asks("read 7/1")
		want := abitest.Fragment{Offset: 5, Length: 5, Total: 5, First: true}
		if got := s.host.Fragments(); len(got) != 1 || got[0] != want || s.host.Buffers.Result != uint32(10+5+26) {
			t.Errorf("fragments %+v of %d bytes; want %+v", got, s.host.Buffers.Result, want)
		}
		s.at(640).tell("end", nil, 7, 1, 640).asks("end 7/1 code 0")
		end := s.only("end")
		if trailer := end.Values["trailer"].(abitest.Fields); trailer.Get("x-end") != "1" || end.Values["hasDetails"] != false || end.Values["drop"] != false {
			t.Errorf("the end is %v", end.Values)
		}
		reason, history := records(end)
		if reason != "responseHeaders" || len(history) != 2 {
			t.Fatalf("reason %q, history %v", reason, history)
		}
		for name, want := range map[string]any{
			"number": uint32(1), "kind": "first", "outcome": "failed", "httpStatus": int32(200), "code": int32(14), "pushback": int32(-1),
			"message": "later", "startedAt": 100.0, "headAt": 110.0, "endedAt": 110.0,
		} {
			if got := history[0][name]; got != want {
				t.Errorf("the first record's %s is %v; want %v", name, got, want)
			}
		}
		if r := history[1]; r["kind"] != "retry" || r["outcome"] != "committed" || r["startedAt"] != 610.0 || r["endedAt"] != 640.0 {
			t.Errorf("the second record is %v", r)
		}
	})
	t.Run("34_pushback_starts_attempt_2_at_200_ms", func(t *testing.T) {
		s := open(t, retrying).starts(1, unary()).asks("open 1/0")
		s.at(10).refuses(1, 0, "grpc-status", "14", "grpc-retry-pushback-ms", "200").asks("timer 210")
		s.at(209.999999).timer().asks("timer 210")
		s.at(210).timer().asks("open 1/1")
	})
	t.Run("42_deadline_during_a_wait", func(t *testing.T) {
		s := open(t, retrying).starts(1, timeout(500)).asks("open 1/0", "timer 500")
		if header := s.only("open").Values["header"].(abitest.Fields); header.Get("grpc-timeout") != "500m" {
			t.Errorf("the header is %q", header)
		}
		s.at(10).refuses(1, 0, "grpc-status", "14", "grpc-retry-pushback-ms", "10000").asks()
		s.at(500).timer().asks("end 1/-1 code 4")
		if end := s.only("end"); end.Values["drop"] != true {
			t.Error("what was not read is kept after a deadline")
		}
	})
	t.Run("45_cancel_in_backoff", func(t *testing.T) {
		s := open(t, retrying).starts(1, unary()).at(10).refuses(1, 0, "grpc-status", "14").asks("timer 510")
		s.at(20).tell("cancel", []byte("changed my mind"), 1, 20, 1).asks("end 1/-1 code 1", "timer +Inf")
		if message := s.only("end").Values["message"].(string); !strings.Contains(message, "changed my mind") {
			t.Errorf("the message is %q", message)
		}
		s.at(510).timer().asks()
	})
	t.Run("46_channel_close_in_backoff", func(t *testing.T) {
		s := open(t, retrying).starts(2, unary()).starts(1, unary())
		s.at(10).refuses(2, 0, "grpc-status", "14").asks("timer 510")
		s.at(20).tell("close_channel", nil, 1, 20).asks("end 2/-1 code 1", "abort 1/0", "end 1/-1 code 1", "timer +Inf")
		s.starts(3, unary()).asks("end 3/-1 code 13")
	})
	t.Run("98_fetch_rejects", func(t *testing.T) {
		s := open(t, retrying).starts(1, unary()).at(5).tell("failed", []byte("TypeError: Failed to fetch"), 1, 0, 5, float64(call.NoResponse)).asks("timer 505")
		s.tell("history", nil, 1).asks("history 1/0")
		if _, history := records(s.only("history")); history[0]["code"] != int32(14) || !math.IsNaN(history[0]["headAt"].(float64)) {
			t.Errorf("the record is %v", history[0])
		}
	})
}

func TestHedges(t *testing.T) {
	t.Run("79_headers_on_attempt_2", func(t *testing.T) {
		s := open(t, hedging).starts(1, unary()).asks("open 1/0", "timer 100")
		s.at(100).timer().asks("open 1/1", "timer 200")
		s.at(150).head(1, 1, 200).asks("abort 1/0", "release 1/1", "head 1/1", "read 1/1", "timer +Inf")
		s.at(160).head(1, 0, 200).asks()
	})
	t.Run("72_failure_begins_the_next_at_once", func(t *testing.T) {
		s := open(t, hedging).starts(1, unary()).asks("open 1/0", "timer 100")
		s.at(20).refuses(1, 0, "grpc-status", "14").asks("open 1/1")
		s.at(100).timer().asks("timer 120") // it stood too early, which does no harm
		s.at(120).timer().asks("open 1/2")
	})
}

// JavaScript has one timer for all calls. A timer that is set too early is not moved.
func TestOneTimer(t *testing.T) {
	s := open(t, "").starts(1, timeout(300)).asks("open 1/0", "release 1/0", "timer 300")
	s.starts(2, timeout(500)).asks("open 2/0", "release 2/0")
	s.starts(3, timeout(100)).asks("open 3/0", "release 3/0", "timer 100")
	s.at(50).tell("cancel", nil, 3, 50, 1).asks("abort 3/0", "end 3/-1 code 1")
	s.at(100).timer().asks("timer 300")
	s.at(600).timer().asks("abort 1/0", "end 1/-1 code 4", "abort 2/0", "end 2/-1 code 4")
}

// A clock may count from any instant, even from a fraction of a millisecond.
func TestClocks(t *testing.T) {
	t.Run("negative", func(t *testing.T) {
		s := open(t, retrying).at(-5000).starts(1, timeout(2000)).asks("open 1/0", "timer -3000")
		s.at(-4900).refuses(1, 0, "grpc-status", "14").asks("timer -4400")
		s.at(-4400).timer().asks("open 1/1", "timer -3000")
		s.at(-3000).timer().asks("abort 1/1", "end 1/-1 code 4")
		if _, history := records(s.only("end")); history[0]["startedAt"] != -5000.0 || history[0]["headAt"] != -4900.0 {
			t.Errorf("the record is %v", history[0])
		}
	})
	t.Run("fractions", func(t *testing.T) {
		for i := range 1000 {
			begin := float64(i) + 0.000017*float64(i)
			s := open(t, "").at(begin).starts(1, timeout(float64(1+i%7)*0.3))
			s.at(s.only("timer").Values["at"].(float64)).timer().asks("abort 1/0", "end 1/-1 code 4")
			if t.Failed() {
				t.Fatalf("a call that begins at %v", begin)
			}
		}
	})
	t.Run("since_1970", func(t *testing.T) {
		s := open(t, "").at(1.7e12+0.1).starts(1, timeout(0.7))
		s.at(s.only("timer").Values["at"].(float64)).timer().asks("abort 1/0", "end 1/-1 code 4")
	})
	t.Run("that_is_none", func(t *testing.T) {
		s := open(t, "").at(100).starts(1, timeout(50)).asks("open 1/0", "release 1/0", "timer 150")
		s.at(math.NaN()).timer().asks("timer 150")
		s.at(150).timer().asks("abort 1/0", "end 1/-1 code 4")
	})
}

func TestEvents(t *testing.T) {
	s := open(t, retrying).at(100).starts(1, start{StartBlock: abi.StartBlock{Timeout: 900, Flags: abi.StartFlagObserve}})
	s.asks("observe callStarted", "observe buffer", "observe attemptStarted", "open 1/0", "timer 1000")
	event := s.actions[0].Values["event"].(map[string]any)
	if event["policy"] != "retry" || event["attempts"] != uint32(3) || event["timeout"] != 900.0 || event["at"] != 100.0 {
		t.Errorf("the call's beginning is told as %v", event)
	}
	s.at(110).head(1, 0, 200, "grpc-status", "14", "grpc-message", "later").asks("observe attemptHead", "read 1/0")
	s.at(120).tell("end", nil, 1, 0, 120).asks("observe attemptEnded", "observe backoff", "timer 620")
	ended, backoff := s.actions[0].Values["event"].(map[string]any), s.actions[1].Values["event"].(map[string]any)
	if ended["outcome"] != "failed" || ended["code"] != int32(14) || ended["message"] != "later" || ended["pushback"] != int32(-1) {
		t.Errorf("the attempt's end is told as %v", ended)
	}
	if backoff["delay"] != 500.0 || backoff["bound"] != 1000.0 || backoff["pushback"] != int32(-1) {
		t.Errorf("the backoff is told as %v", backoff)
	}
}

func TestOpening(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		s := &script{t: t, host: newHost()}
		s.tell("open_channel", []byte("baseUrl\x00nowhere\x00maxRetryAttempts\x00x\x00"), 1).asks("refuse maxRetryAttempts", "refuse baseUrl")
		s.starts(1, unary()).asks("end 1/-1 code 13")
	})
	t.Run("02_clamped_attempts_are_told", func(t *testing.T) {
		s := open(t, strings.Replace(retrying, `"maxAttempts":3`, `"maxAttempts":10`, 1)).asks("warn 0 policyClamped")
		if w := s.only("warn").Values["warning"].(map[string]any); w["allow"] != "" || !strings.Contains(w["text"].(string), "maxAttempts is 10") {
			t.Errorf("the warning is %v", w)
		}
	})
}

func TestPerAttemptMetadata(t *testing.T) {
	s := open(t, "", "perAttempt", "1").starts(1, unary()).asks("prepare 1/0 number 1")
	s.tell("prepared", []byte("authorization\x00me\x00"), 1, 0, 0, 1).asks("open 1/0", "release 1/0")
	if header := s.only("open").Values["header"].(abitest.Fields); header.Get("authorization") != "me" {
		t.Errorf("the header is %q", header)
	}
	s.starts(2, unary()).tell("prepared", []byte("a\x00b\x00c\x00"), 2, 0, 0, 1).asks("end 2/0 code 13")
	s.starts(3, unary()).tell("unprepared", []byte("no token\x00x-why\x00expired\x00"), 3, 0, 0, 7, 1).asks("end 3/0 code 7")
	if trailer := s.only("end").Values["trailer"].(abitest.Fields); trailer.Get("x-why") != "expired" {
		t.Errorf("the trailer is %q", trailer)
	}
}

// A NUL within metadata would shift all that follows it: the call is refused.
func TestMetadataWithNUL(t *testing.T) {
	s := open(t, "").starts(1, start{metadata: []string{"x-a", "one\x00two"}}).asks("end 1/-1 code 13")
	if message := s.only("end").Values["message"].(string); !strings.Contains(message, "NUL") {
		t.Errorf("the message is %q", message)
	}
}

func TestRequestStream(t *testing.T) {
	s := open(t, "").starts(1, flags(abi.StartFlagOpen|abi.StartFlagCanStream|abi.StartFlagStreaming))
	s.asks("open 1/0", "release 1/0")
	s.tell("queue", nil, 1, 0, 10, 10).asks()
	s.tell("took", nil, 1, 0, 1).asks("written 1: 1")
	s.tell("half_close", nil, 1, 0).asks()
	s.tell("queue", nil, 1, 0, math.Inf(1), 5)
}

func TestNetwork(t *testing.T) {
	s := open(t, "").starts(2, flags(abi.StartFlagWaitForReady|abi.StartFlagOffline)).asks().starts(1, flags(abi.StartFlagWaitForReady|abi.StartFlagOffline)).asks()
	s.tell("network", nil, 5, 1).asks("open 2/0", "release 2/0", "open 1/0", "release 1/0") // as they began
}

// Events may come too late: for a call that has ended, an attempt that never began, or an
// unknown id. They are ignored, without an error.
func TestEventsOfNothing(t *testing.T) {
	s := open(t, retrying).starts(1, unary()).asks("open 1/0")
	for _, export := range table.Exports {
		if export.Name == "open_channel" || export.Name == "start" {
			continue
		}
		for _, of := range []struct{ channel, call, attempt float64 }{{2, 5, 0}, {2, math.MaxUint32, math.MaxUint32}, {2, 1, 1}, {2, 1, math.MaxUint32}} {
			args, ofAttempt := []float64{}, false
			for _, a := range export.Args {
				switch a.Name {
				case "channel":
					args = append(args, of.channel)
				case "call":
					args = append(args, of.call)
				case "attempt":
					args, ofAttempt = append(args, of.attempt), true
				case "bytes":
				default:
					args = append(args, 0)
				}
			}
			if of.call != 1 || ofAttempt {
				s.tell(export.Name, nil, args...).asks()
			}
		}
	}
	s.starts(1, unary()).asks() // its id has been given
}

// A chunk that is fed to a call that has ended is taken whole, so that it is not fed
// again.
func TestFeedingNothing(t *testing.T) {
	s := open(t, "").feed(9, 0, true, message("late")).asks()
	if s.host.Buffers.Result != 9 {
		t.Errorf("%d bytes are taken", s.host.Buffers.Result)
	}
}

func TestLongInput(t *testing.T) {
	s := open(t, "").starts(1, start{metadata: []string{"x-long", strings.Repeat("x", 2*abi.InputSize)}}).asks("open 1/0", "release 1/0")
	if header := s.only("open").Values["header"].(abitest.Fields); len(header.Get("x-long")) != 2*abi.InputSize {
		t.Error("a long value was cut")
	}
}

func TestWhatKills(t *testing.T) {
	for name, e := range map[string]abitest.Event{
		"more than there is room for": {Export: 0, Args: []float64{1}, Claims: abi.InputSize + 1},
		"a start without its block":   abitest.Named("start", []byte("short"), 1),
	} {
		if h := newHost(); h.Enter(e) || h.Death == "" {
			t.Errorf("%s: the driver lives", name)
		}
	}
}

// JavaScript and the core must have the same numbers for failures.
func TestFailures(t *testing.T) {
	for i, how := range []call.Failure{call.NoResponse, call.AbortedByHost, call.InvalidRequest, call.BadPayload, call.NotResponse, call.Redirected, call.Forbidden} {
		if int(how) != i || i >= len(table.Failure.Rows) || failure(uint32(i)) != how {
			t.Errorf("the table has another failure %d", i)
		}
	}
	if failure(uint32(len(table.Failure.Rows))) != call.NoResponse || failure(math.MaxUint32) != call.NoResponse {
		t.Error("a failure that nobody knows is one")
	}
}
