package call

import (
	"errors"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// SEMANTICS 8.4b: a subscription is renewed after a connection that was lost once the call
// had committed, before any status came, and after a request that the browser dropped.
func TestLost(t *testing.T) {
	begun := func(t *testing.T) *talk {
		t.Helper()
		tk := stream(t, open(t, ""))
		tk.sends(10).starts()
		tk.asked = nil
		return tk
	}
	committed := func(t *testing.T) *talk {
		t.Helper()
		tk := begun(t)
		tk.head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1").feeds(1, message("one")).asks()
		return tk.reads().asks("read 1")
	}
	for name, c := range map[string]struct {
		code status.Code
		lost bool
		run  func(t *testing.T) *talk
	}{
		"the_connection_broke":     {status.Unavailable, true, func(t *testing.T) *talk { return committed(t).breaks(1, "reset") }},
		"the_body_ended_too_early": {status.Unknown, true, func(t *testing.T) *talk { return committed(t).bodyEnds(1) }},
		"the_server_ended_it": {status.Unavailable, false, func(t *testing.T) *talk {
			return committed(t).feeds(1, trailers("grpc-status: 14")).asks("read 1").bodyEnds(1)
		}},
		"the_server_ended_it_well":     {status.OK, false, func(t *testing.T) *talk { return committed(t).feeds(1, okTrailers()).asks("read 1").bodyEnds(1) }},
		"the_server_broke_a_rule":      {status.Internal, false, func(t *testing.T) *talk { return committed(t).feeds(1, []byte{2, 0, 0, 0, 0}) }},
		"it_was_canceled":              {status.Canceled, false, func(t *testing.T) *talk { return begun(t).tell(func(c *Call) { c.Cancel(0, "enough", nil) }) }},
		"there_was_no_response":        {status.Unavailable, false, func(t *testing.T) *talk { return begun(t).noResponse(1, "reset") }},
		"the_page_was_left":            {status.Canceled, true, func(t *testing.T) *talk { return begun(t).tell(leave) }},
		"the_page_was_left_in_between": {status.Canceled, true, func(t *testing.T) *talk { return committed(t).tell(leave) }},
	} {
		t.Run(name, func(t *testing.T) {
			tk := c.run(t)
			tk.asked = nil
			if st := tk.over(c.code, tk.call.Reason(), 1, ""); tk.call.Lost() != c.lost {
				t.Errorf("lost is %v after %v", !c.lost, st)
			}
		})
	}
}

// leave is what a browser does to the requests of a page that is left.
func leave(c *Call) { c.Failed(0, 0, AbortedByHost, plan.Processed, errors.New("the page is left")) }

// A call can be committed without a header for the application: its request was too large
// to keep. What it ends with then is all trailer.
func TestCommittedWithoutHeader(t *testing.T) {
	small := func(o *channel.Options) { o.MaxRetryBufferPerCallSize = 20 }
	tk := clientStream(t, open(t, retrying, small))
	tk.begins().asks("open 1")
	tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open 2")
	tk.sends(30).asks("release 2")
	tk.head(2, 200, "x-end", "1", "grpc-status", "14").asks("read 2")
	tk.bodyEnds(2).asks("end")
	st := tk.over(status.Unavailable, status.ReasonBufferExceeded, 2, "")
	field(t, "trailer", st.Trailer, "x-end", "1")
	field(t, "trailer", st.Trailer, channel.AttemptsHeader, "1")
	field(t, "header", st.Header, channel.AttemptsHeader)

	tk = unary(t, open(t, retrying, small, func(o *channel.Options) { o.FirstFrame = true }))
	tk.sends(30).starts().asks("release 1", "open 1")
	tk.head(1, 200, "x-begin", "1").asks("read 1") // withheld until the first frame
	tk.tell(leave).asks("end")
	if st := tk.over(status.Canceled, status.ReasonBufferExceeded, 1, "the page is left"); st.Header.Len() != 0 {
		t.Errorf("a header that was withheld is in the status: %v", st.Header)
	}
}
