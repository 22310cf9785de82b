package grpcweb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/networks"
	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
	"github.com/hedgerow-web/hedgerow/server/proto/helloworld"
)

// TestServer makes calls to the real server, over every transport that there is
// where it runs: natively net/http, compiled to js/wasm the global fetch.
func TestServer(t *testing.T) {
	for _, n := range reached(t) {
		if n.OpensSockets() {
			continue // which fetches these calls: they send one message
		}
		t.Run(n.Name, func(t *testing.T) {
			for _, test := range []struct {
				name string
				run  func(t *testing.T, n network)
			}{
				{"hello", testHello},
				{"lots_of_replies", testReplies},
				{"19_retry", testServerRetry},
				{"34_pushback", testServerPushback},
				{"41_deadline_at_the_server", testServerDeadline},
				{"45_cancel_at_the_server", testServerCancel},
				{"49_thousand_calls", testThousandCalls},
				{"52_messages_then_a_cut", testServerCut},
				{"69_hedge", testServerHedge},
				{"91_http_503", testServer503},
				{"98_lost_before_the_head", testServerLost},
				{"98_nobody_listens", testNobodyListens},
				{"binary_metadata", testServerBinary},
				{"response_over_its_limit", testServerLimit},
				{"unknown_method", testUnknownMethod},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, n) })
			}
		})
	}
}

const (
	quickRetry = `, "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.05s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}`
	quickHedge = `, "hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "0.05s", "nonFatalStatusCodes": ["UNAVAILABLE"]}`
	chaos      = "/hedgerow.chaos.v1.Chaos/"
)

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmarshal[M proto.Message](t *testing.T, b []byte, m M) M {
	t.Helper()
	if err := proto.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// do plays a script with Chaos.Do, under a call id of its own.
func do(ctx context.Context, t *testing.T, ch *grpcweb.Channel, steps ...*chaosv1.Step) (id string, res *grpcweb.Response, err error) {
	t.Helper()
	id = callID(t)
	res, err = doAs(ctx, t, ch, id, steps...)
	return id, res, err
}

func doAs(ctx context.Context, t *testing.T, ch *grpcweb.Channel, id string, steps ...*chaosv1.Step) (*grpcweb.Response, error) {
	t.Helper()
	return ch.Unary(ctx, chaos+"Do", marshal(t, &chaosv1.Request{CallId: id, Steps: steps, Payload: ping}))
}

var made atomic.Int64

// callID is one that no other test, and no other run against the same server, has.
func callID(t *testing.T) string {
	return fmt.Sprint(t.Name(), "/", time.Now().UnixNano(), "/", made.Add(1))
}

// report waits until so many attempts have ended at the server.
func report(t *testing.T, ch *grpcweb.Channel, id string, started, ended uint32) *chaosv1.ReportReply {
	t.Helper()
	res, err := ch.Unary(within(t, 2*time.Minute), chaos+"Report",
		marshal(t, &chaosv1.ReportRequest{CallId: id, WaitForStarted: started, WaitForEnded: ended}))
	return unmarshal(t, must(t, res, err).Message, &chaosv1.ReportReply{})
}

func fails(code status.Code, message string) *chaosv1.Step {
	return &chaosv1.Step{End: &chaosv1.Step_Status{Status: &chaosv1.Status{Code: int32(code), Message: message}}}
}

func hangs() *chaosv1.Step { return &chaosv1.Step{End: &chaosv1.Step_Hang{Hang: &chaosv1.Hang{}}} }

func testHello(t *testing.T, n network) {
	res, err := n.open(t, "").Unary(t.Context(), "/helloworld.Greeter/SayHello", marshal(t, &helloworld.HelloRequest{Name: "Ann"}))
	reply := unmarshal(t, must(t, res, err).Message, &helloworld.HelloReply{})
	want(t, "reply", reply.GetMessage(), "Hello Ann")
	want(t, "attempts", len(res.Attempts), 1)
}

func testReplies(t *testing.T, n network) {
	s, err := n.open(t, "").NewStream(t.Context(), "/helloworld.Greeter/LotsOfReplies")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Send(marshal(t, &helloworld.HelloRequest{Name: "Ann"})), s.CloseSend()); err != nil {
		t.Fatal(err)
	}
	for i := 1; ; i++ {
		message, err := s.Recv()
		if err == io.EOF {
			want(t, "replies", i-1, 5)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		want(t, "reply", unmarshal(t, message, &helloworld.HelloReply{}).GetMessage(), fmt.Sprintf("Hello Ann, %d of 5", i))
	}
}

func testServerRetry(t *testing.T, n network) {
	ch := n.open(t, quickRetry)
	id, res, err := do(t.Context(), t, ch, fails(status.Unavailable, "1"), fails(status.Unavailable, "2"), &chaosv1.Step{})
	reply := unmarshal(t, must(t, res, err).Message, &chaosv1.Reply{})
	want(t, "payload", string(reply.GetPayload()), "ping")
	want(t, "attempts header", res.Header.Get("grpc-previous-rpc-attempts"), "2")
	var told []string
	for _, x := range report(t, ch, id, 3, 3).GetExecutions() {
		told = append(told, x.GetPreviousAttempts())
	}
	wantAll(t, "attempts headers at the server", told, "", "1", "2")
}

func testServerPushback(t *testing.T, n network) {
	step := fails(status.Unavailable, "later")
	step.Pushback = []string{"150"}
	ch := n.open(t, quickRetry)
	id, res, err := do(t.Context(), t, ch, step, &chaosv1.Step{})
	must(t, res, err)
	want(t, "pushback", res.Attempts[0].Pushback, 150)
	x := report(t, ch, id, 2, 2).GetExecutions()
	if wait := time.Duration(x[1].GetStartedUs()) * time.Microsecond; wait < 150*ms {
		t.Errorf("the second attempt came after %v", wait)
	}
}

func testServerDeadline(t *testing.T, n network) {
	ch := n.open(t, quickRetry)
	// The request must reach the server while there is time left.
	id, _, err := do(within(t, 1500*ms), t, ch, hangs())
	wantCode(t, err, status.DeadlineExceeded)
	told := report(t, ch, id, 1, 1).GetExecutions()[0].GetTimeout()
	timeout, unit := told[:len(told)-1], told[len(told)-1:]
	if left, err := strconv.Atoi(timeout); unit != "m" || err != nil || left < 1 || left > 1500 {
		t.Errorf("the server was told a timeout of %q", told)
	}
}

func testServerCancel(t *testing.T, n network) {
	ch, id := n.open(t, quickRetry), callID(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := doAs(ctx, t, ch, id, hangs())
		ended <- err
	}()
	report(t, ch, id, 1, 0)
	cancel()
	wantCode(t, <-ended, status.Canceled)
	want(t, "ending", report(t, ch, id, 1, 1).GetExecutions()[0].GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
}

// What 1000 calls have left behind, TestMain sees too.
func testThousandCalls(t *testing.T, n network) {
	ch := n.open(t, quickRetry)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				_, res, err := do(t.Context(), t, ch, fails(status.Unavailable, ""), &chaosv1.Step{})
				if err != nil || len(res.Attempts) != 2 {
					t.Errorf("got %v, %v", res, err)
				}
			}
		})
	}
	all.Wait()
	want(t, "buffered", ch.Buffered(), 0)
	want(t, "running", ch.Running(), 0)
}

func testServerCut(t *testing.T, n network) {
	ch, id := n.open(t, ""), callID(t)
	s, err := ch.NewStream(t.Context(), chaos+"Stream")
	if err != nil {
		t.Fatal(err)
	}
	messages := uint32(3)
	s.Send(marshal(t, &chaosv1.Request{CallId: id, Steps: []*chaosv1.Step{
		// With the cut, Chromium drops what it has not yet handed on: it comes when all have been read.
		{Messages: &messages, WaitForStarted: 2, End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{PartialBytes: 40}}}, {},
	}}))
	s.CloseSend()
	for range messages {
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	res, err := doAs(t.Context(), t, ch, id)
	must(t, res, err)
	_, err = s.Recv()
	wantCode(t, err, status.Unavailable)
	want(t, "reason", s.CommitReason(), status.ReasonResponseHeaders)
}

func testServerHedge(t *testing.T, n network) {
	ch := n.open(t, quickHedge)
	// The first to arrive hangs, the other one wins. On a busy machine the hedge may be the first to arrive.
	id, res, err := do(t.Context(), t, ch, hangs(), &chaosv1.Step{})
	must(t, res, err)
	want(t, "attempts", len(res.Attempts), 2)
	winner, _ := strconv.Atoi(res.Header.Get("grpc-previous-rpc-attempts")) // 0 without the header
	want(t, "outcome of the winner", res.Attempts[winner].Outcome, status.OutcomeCommitted)
	want(t, "outcome of the other", res.Attempts[1-winner].Outcome, status.OutcomeAborted)
	want(t, "its ending", report(t, ch, id, 2, 2).GetExecutions()[0].GetEnding(), chaosv1.Ending_ENDING_CANCELLED)
}

func testServer503(t *testing.T, n network) {
	_, res, err := do(t.Context(), t, n.open(t, quickRetry),
		&chaosv1.Step{End: &chaosv1.Step_Raw{Raw: &chaosv1.Raw{HttpStatus: 503, Body: [][]byte{[]byte("down")}}}}, &chaosv1.Step{})
	must(t, res, err)
	want(t, "HTTP status", res.Attempts[0].HTTPStatus, 503)
}

func testServerLost(t *testing.T, n network) {
	_, res, err := do(t.Context(), t, n.open(t, quickRetry), &chaosv1.Step{End: &chaosv1.Step_Cut{Cut: &chaosv1.Cut{}}}, &chaosv1.Step{})
	must(t, res, err)
	if n.Duplex == networks.WholeRequests {
		t.Skip("a browser sends a request again by itself when a connection of HTTP/1.1 that it had turns out to be lost")
	}
	want(t, "code", res.Attempts[0].Code, int(status.Unavailable))
}

func testNobodyListens(t *testing.T, n network) {
	n.URL = "http://127.0.0.1:2"
	_, _, err := do(t.Context(), t, n.open(t, quickRetry), &chaosv1.Step{})
	st := wantCode(t, err, status.Unavailable)
	want(t, "attempts", len(st.Attempts), 4)
	wantText(t, st.Message, "POST http://127.0.0.1:2"+chaos+"Do")
}

func testServerBinary(t *testing.T, n network) {
	raw := string([]byte{0, 0xff, 0x80, 'a'})
	step := fails(status.NotFound, "größer")
	step.Trailer = []*chaosv1.Metadata{{Name: "x-raw-bin", Binary: []byte(raw)}, {Name: "x-raw-bin", Binary: []byte("b")}}
	_, _, err := do(t.Context(), t, n.open(t, ""), step)
	st := wantCode(t, err, status.NotFound)
	want(t, "message", st.Message, "größer")
	wantAll(t, "trailer", st.Trailer.Values("x-raw-bin"), raw, "b")

	res, err := n.open(t, "").Unary(t.Context(), chaos+"Do", nil, grpcweb.WithMetadata(metadata.New("x-raw-bin", raw)))
	headers := unmarshal(t, must(t, res, err).Message, &chaosv1.Reply{}).GetRequestHeader()
	if !slices.ContainsFunc(headers, func(h *chaosv1.Metadata) bool { return h.GetName() == "x-raw-bin" }) {
		t.Errorf("the server saw %v", headers)
	}
}

func testServerLimit(t *testing.T, n network) {
	_, _, err := do(t.Context(), t, n.open(t, ""), &chaosv1.Step{MessageSize: 5 << 20})
	wantCode(t, err, status.ResourceExhausted)
}

func testUnknownMethod(t *testing.T, n network) {
	_, err := n.open(t, "").Unary(t.Context(), "/helloworld.Greeter/Nothing", nil)
	wantCode(t, err, status.Unimplemented)
}
