package server

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/script"
)

func failing(code codes.Code, message string) *chaosv1.Step {
	return &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: int32(code), Message: message}}}
}

func TestAttemptsTakeTheirSteps(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		r := &chaosv1.Request{CallId: "steps", Steps: []*chaosv1.Step{
			failing(codes.Unavailable, "first"), failing(codes.Aborted, "second"), {},
		}}
		for i, ending := range []string{"head 14 first", "head 10 second", "body 0", "body 0"} {
			a := c.with("Grpc-Previous-Rpc-Attempts", strconv.Itoa(i)).call(t, chaosPath+"Do", r)
			want(t, "ending", a.ending(), ending)
			if i >= 2 {
				want(t, "attempt", a.replies(t)[0].GetAttempt(), uint32(i+1))
			}
		}
		report := c.report(t, "steps", 4)
		want(t, "started", report.GetStarted(), 4)
		for i, e := range report.GetExecutions() {
			want(t, "number", e.GetAttempt(), uint32(i+1))
			want(t, "previous attempts", e.GetPreviousAttempts(), strconv.Itoa(i))
			want(t, "ending", e.GetEnding(), chaosv1.Ending_ENDING_PLAYED)
			want(t, "code", e.GetCode(), []int32{14, 10, 0, 0}[i])
			want(t, "method", e.GetMethod(), chaosPath+"Do")
		}
		want(t, "ending without a script", c.call(t, chaosPath+"Do", &chaosv1.Request{}).ending(), "body 0")
	})
}

func TestFailureBeforeHeadersIsTrailersOnly(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		info, err := anypb.New(&errdetails.ErrorInfo{Reason: "STORM"})
		if err != nil {
			t.Fatal(err)
		}
		step := failing(codes.ResourceExhausted, "später")
		step.GetStatus().Details = []*anypb.Any{info}
		step.Pushback = []string{"soon", "-1"}
		step.Header = []*chaosv1.Metadata{{Name: "x-kept-back", Value: "1"}}
		step.Trailer = []*chaosv1.Metadata{{Name: "x-raw-bin", Binary: []byte{0xff, 0}}}
		a := c.call(t, chaosPath+"Do", &chaosv1.Request{Steps: []*chaosv1.Step{step}})
		want(t, "ending", a.ending(), "head 8 sp%C3%A4ter")
		want(t, "body", len(a.rest)+len(a.messages), 0)
		want(t, "pushback", strings.Join(a.header.Values("Grpc-Retry-Pushback-Ms"), "|"), "soon|-1")
		want(t, "header", a.header.Get("X-Kept-Back"), "1")
		want(t, "-bin trailer", a.header.Get("X-Raw-Bin"), "/wA")
		want(t, "details", a.header.Get("Grpc-Status-Details-Bin") != "", true)
		exposed := strings.ToLower(a.header.Get("Access-Control-Expose-Headers"))
		for _, name := range []string{"grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms", "x-kept-back", "x-raw-bin"} {
			want(t, name+" exposed", strings.Contains(exposed, name), true)
		}
		want(t, "origin allowed", a.header.Get("Access-Control-Allow-Origin"), "http://localhost:5173")
		want(t, "timing allowed", a.header.Get("Timing-Allow-Origin"), "*")
	})
}

func TestEarlyHeaderThenFailure(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		step := failing(codes.Unavailable, "too late")
		step.EarlyHeader = true
		step.Header = []*chaosv1.Metadata{{Name: "x-early", Value: "yes"}}
		step.Pushback = []string{"100"}
		a := c.call(t, chaosPath+"Do", &chaosv1.Request{Steps: []*chaosv1.Step{step}})
		want(t, "ending", a.ending(), "body 14 too late")
		want(t, "status in the head", a.header.Get("Grpc-Status"), "")
		want(t, "header", a.header.Get("X-Early"), "yes")
		want(t, "pushback", a.trailer.Get("Grpc-Retry-Pushback-Ms"), "100")
	})
}

func TestStreamThenFailure(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		step := failing(codes.DataLoss, "gone")
		step.Messages = proto.Uint32(3)
		step.MessageSize = 300
		step.MessageDelay = &chaosv1.Delay{Distribution: &chaosv1.Delay_FixedMs{FixedMs: 1}}
		step.EndDelay = step.MessageDelay
		a := c.call(t, chaosPath+"Stream", &chaosv1.Request{Steps: []*chaosv1.Step{step}})
		want(t, "ending", a.ending(), "body 15 gone")
		want(t, "messages", len(a.messages), 3)
		for i, reply := range a.replies(t) {
			want(t, "index", reply.GetIndex(), uint32(i+1))
			want(t, "payload", bytes.Equal(reply.GetPayload(), script.Pattern(300)), true)
			want(t, "request headers", len(reply.GetRequestHeader()) > 0, i == 0)
		}
	})
}

func TestReplyEchoesWhatArrived(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		a := c.with("Grpc-Timeout", "7S", "X-Blob-Bin", "AAE").call(t, chaosPath+"Do", &chaosv1.Request{CallId: "echo", Payload: []byte("ping")})
		reply := a.replies(t)[0]
		want(t, "payload", string(reply.GetPayload()), "ping")
		seen := map[string]string{}
		for _, m := range reply.GetRequestHeader() {
			seen[m.GetName()] = m.GetValue()
		}
		want(t, "timeout", seen["grpc-timeout"], "7S")
		want(t, "binary header", seen["x-blob-bin"], "AAE")
		want(t, "content type", seen["content-type"], "application/grpc-web+proto")
		want(t, "timeout in the report", c.report(t, "echo", 1).GetExecutions()[0].GetTimeout(), "7S")
	})
}

func TestCompressedReplies(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		step := &chaosv1.Step{Encoding: "gzip", Messages: proto.Uint32(2), MessageSize: 5000}
		for method, messages := range map[string]int{"Do": 1, "Stream": 2} {
			a := c.call(t, chaosPath+method, &chaosv1.Request{Steps: []*chaosv1.Step{step}})
			want(t, "encoding", a.header.Get("Grpc-Encoding"), "gzip")
			want(t, "messages", len(a.messages), messages)
			want(t, "compressed messages", a.packed, messages)
			want(t, "payload", bytes.Equal(a.replies(t)[0].GetPayload(), script.Pattern(5000)), true)
			want(t, "ending", a.ending(), "body 0")
		}
	})
}

func TestRequestStreams(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		message := func(payload string) proto.Message { return &chaosv1.Request{Payload: []byte(payload)} }
		limited := func(n uint32, step *chaosv1.Step) proto.Message {
			step.Messages = &n
			return &chaosv1.Request{CallId: t.Name(), Payload: []byte("a"), Steps: []*chaosv1.Step{step}}
		}
		whole := c.call(t, chaosPath+"Collect", message("a"), message("b"), message("c"))
		want(t, "joined", string(whole.replies(t)[0].GetPayload()), "abc")
		want(t, "received", whole.replies(t)[0].GetReceived(), 3)
		early := c.call(t, chaosPath+"Collect", limited(2, failing(codes.Unavailable, "")), message("b"), message("c"))
		want(t, "ending", early.ending(), "head 14")
		want(t, "received at the failure", c.report(t, t.Name(), 1).GetExecutions()[0].GetReceived(), 2)
		two := c.call(t, chaosPath+"Converse", limited(2, &chaosv1.Step{}), message("b"), message("c"))
		want(t, "ending", two.ending(), "body 0")
		want(t, "replies", len(two.messages), 2)
		want(t, "second reply", string(two.replies(t)[1].GetPayload()), "b")
		none := c.call(t, chaosPath+"Converse", limited(0, failing(codes.Aborted, "")), message("b"))
		want(t, "ending at once", none.ending(), "head 10")
		want(t, "no request at all", c.call(t, chaosPath+"Converse").ending(), "head 3 the request stream has no message; the first one carries the script")
	})
}

func TestReportSeesAnAbort(t *testing.T) {
	overBoth(t, func(t *testing.T, c *client) {
		hang := &chaosv1.Request{CallId: "abort", Steps: []*chaosv1.Step{{End: &chaosv1.Step_Hang{}}}}
		ctx, abort := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := c.try(ctx, t, chaosPath+"Do", hang)
			done <- err
		}()
		c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: "abort", WaitForStarted: 1})
		abort()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the aborted call returned %v", err)
		}
		e := c.report(t, "abort", 1).GetExecutions()[0]
		want(t, "ending", e.GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
		want(t, "code", e.GetCode(), 1)
		want(t, "ended after it started", e.GetEndedUs() > e.GetStartedUs(), true)

		late := c.with("Grpc-Timeout", "5m").call(t, chaosPath+"Do", hang)
		want(t, "status", late.header.Get("Grpc-Status"), "4")
		want(t, "ending", c.report(t, "abort", 2).GetExecutions()[1].GetEnding(), chaosv1.Ending_ENDING_DEADLINE)
		tooLong := c.with("Grpc-Timeout", "5m").call(t, chaosPath+"Report", &chaosv1.ReportRequest{CallId: "abort", WaitForEnded: 9})
		want(t, "report that waits in vain", tooLong.header.Get("Grpc-Status"), "4")
	})
}

func TestSlipsInAScriptAreNamed(t *testing.T) {
	c := start(t, "HTTP/1.1", Options{})
	nan := &chaosv1.SlowTail{Usual: &chaosv1.Delay{}, Probability: 1.5}
	for path, step := range map[string]*chaosv1.Step{
		"steps[0].delay.uniform":             {Delay: &chaosv1.Delay{Distribution: &chaosv1.Delay_Uniform{Uniform: &chaosv1.Uniform{MinMs: 2, MaxMs: 1}}}},
		"steps[0].end_delay.slow_tail.proba": {EndDelay: &chaosv1.Delay{Distribution: &chaosv1.Delay_SlowTail{SlowTail: nan}}},
		"steps[0].encoding":                  {Encoding: "br"},
		"steps[0].message_size":              {MessageSize: script.MaxMessage + 1},
		"steps[0].cut.partial_bytes":         {End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{PartialBytes: script.MaxMessage + 1}}},
		"steps[0].raw.http_status":           {End: &chaosv1.Step_Raw{Raw: &chaosv1.Raw{HttpStatus: 100}}},
		"a raw end":                          {EarlyHeader: true, End: &chaosv1.Step_Raw{Raw: &chaosv1.Raw{HttpStatus: 503}}},
	} {
		a := c.call(t, chaosPath+"Do", &chaosv1.Request{Steps: []*chaosv1.Step{step}})
		if _, message, _ := strings.Cut(a.ending(), " 3 "); !strings.HasPrefix(message, path) {
			t.Errorf("%s: ended with %q", path, a.ending())
		}
	}
	want(t, "report without an id", c.call(t, chaosPath+"Report", &chaosv1.ReportRequest{}).header.Get("Grpc-Status"), "3")
}
