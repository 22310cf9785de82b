package call

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// failedInternal: the call is over, and its only attempt failed with the call's status.
func (tk *talk) failedInternal(text string) {
	tk.t.Helper()
	st := tk.over(status.Internal, status.ReasonInternal, 1, text)
	if r := st.Attempts[0]; r.Outcome != status.OutcomeFailed || r.Code != int(status.Internal) || r.Message != st.Message {
		tk.t.Errorf("the attempt's record: %+v", r)
	}
}

func TestFailed(t *testing.T) {
	t.Run("98_network_then_success", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.noResponse(1, "Failed to fetch").asks("arm 500")
		tk.at(500).timer().asks("open 2")
		tk.noResponse(1, "again").asks() // it was told already
	})
	t.Run("98_text_says_what_was_tried", func(t *testing.T) {
		cause := errors.New("Failed to fetch")
		for origin, crossOrigin := range map[string]bool{"same": false, "another": true} {
			tk := unary(t, open(t, "", func(o *channel.Options) { o.CrossOrigin = crossOrigin }))
			tk.sends(10).starts().asks("open 1")
			tk.tell(func(c *Call) { c.Failed(0, 0, NoResponse, plan.Processed, cause) }).asks("end")
			st := tk.over(status.Unavailable, status.ReasonFatalStatus, 1, "POST https://api.test/helloworld.Greeter/SayHello: Failed to fetch")
			if strings.Contains(st.Message, "CORS") != crossOrigin || !errors.Is(st, cause) {
				t.Errorf("%s origin: %v, cause %v", origin, st, st.Cause)
			}
		}
	})
	t.Run("98_text_has_one_full_stop_behind_the_browsers", func(t *testing.T) {
		for _, socket := range []bool{false, true} {
			tk := unary(t, open(t, ""))
			tk.sends(10).starts().asks("open 1")
			tk.call.socket = socket
			cause := errors.New("NetworkError when attempting to fetch resource.")
			tk.tell(func(c *Call) { c.Failed(0, 0, NoResponse, plan.Processed, cause) }).asks("end")
			tk.over(status.Unavailable, status.ReasonFatalStatus, 1, "to fetch resource. Check that the server is running")
		}
	})
	t.Run("98_not_a_request", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.tell(func(c *Call) { c.Failed(0, 0, InvalidRequest, plan.NotSent, errors.New("bad URL")) }).asks("abort 1", "end")
		tk.failedInternal("bad URL")
	})
	t.Run("not_a_response", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.tell(func(c *Call) { c.Failed(0, 0, NotResponse, plan.Processed, errors.New("it was read before")) }).asks("abort 1", "end")
		tk.failedInternal("the response to POST https://api.test/helloworld.Greeter/SayHello cannot be read: it was read before")
	})
	t.Run("forbidden_by_the_page", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.tell(func(c *Call) { c.Failed(0, 0, Forbidden, plan.NotSent, errors.New("connect-src")) }).asks("abort 1", "end")
		tk.failedInternal("allow its origin in the directive connect-src")
	})
	t.Run("a_foreign_signal", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		cause := errors.New("TypeError: RequestInit: Expected signal to be an instance of AbortSignal")
		tk.tell(func(c *Call) { c.Failed(0, 0, InvalidRequest, plan.NotSent, cause) }).asks("abort 1", "end")
		tk.over(status.Internal, status.ReasonInternal, 1, "a test environment brings a DOM of its own")
	})
	t.Run("aborted_by_something_else", func(t *testing.T) {
		for _, codes := range []string{"UNAVAILABLE", "CANCELLED"} { // nobody's failure is not tried again, even if it is listed
			tk := unary(t, open(t, strings.Replace(retrying, "UNAVAILABLE", codes, 1)))
			tk.sends(10).starts().asks("open 1")
			tk.tell(func(c *Call) { c.Failed(0, 0, AbortedByHost, plan.Processed, errors.New("AbortError")) }).asks("end")
			tk.over(status.Canceled, status.ReasonDrop, 1, "AbortError")
		}
	})
	t.Run("66_not_sent", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.tell(func(c *Call) { c.Failed(0, 0, NoResponse, plan.NotSent, errors.New("no socket")) }).asks("open 2")
		field(t, "second request", tk.header, channel.AttemptsHeader)
	})
	t.Run("connection_lost_behind_the_head", func(t *testing.T) {
		tk := unary(t, open(t, retrying))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1", "read 1")
		tk.breaks(1, "reset").asks("end")
		tk.over(status.Unavailable, status.ReasonResponseHeaders, 1, "reset")
	})
	t.Run("cancel_keeps_its_cause", func(t *testing.T) {
		tk, cause := unary(t, open(t, retrying)), errors.New("the user left")
		tk.sends(10).starts().asks("open 1")
		tk.tell(func(c *Call) { c.Cancel(0, "cancelled", cause) }).asks("abort 1", "end")
		if st := tk.over(status.Canceled, status.ReasonCanceled, 1, "cancelled"); !errors.Is(st, cause) || !tk.dropped {
			t.Errorf("cause %v, messages dropped: %v", st.Cause, tk.dropped)
		}
	})
}

func TestHedgedUnary(t *testing.T) {
	tk := unary(t, open(t, hedging))
	tk.at(0).sends(10).starts().asks("open 1", "arm 100")
	tk.at(100).timer().asks("open 2", "arm 200")
	tk.at(110).head(1, 200, "grpc-status", "14").asks("read 1") // it may yet turn out to be Trailers-Only
	tk.at(120).head(2, 200, "x-from", "2").asks("abort 1", "release 2", "header 2", "arm never", "read 2")
	tk.feeds(1, message("of the loser")).asks()
	tk.bodyEnds(1).asks()
	tk.breaks(1, "late").asks()
	tk.head(1, 200).asks()
	tk.feeds(2, message("of the winner"), okTrailers()).asks("read 2")
	tk.bodyEnds(2).asks("end").got("of the winner")
	st := tk.over(status.OK, status.ReasonResponseHeaders, 2, "")
	field(t, "header", st.Header, "x-from", "2")
	field(t, "header", st.Header, channel.AttemptsHeader, "1")
}

func TestPerAttemptMetadata(t *testing.T) {
	ch := open(t, retrying, func(o *channel.Options) { o.PerAttempt = true })
	tk := unary(t, ch)
	tk.sends(10).starts().asks("prepare 1")
	tk.tell(func(c *Call) { c.Prepared(0, 0, metadata.New("authorization", "first")) }).asks("open 1")
	field(t, "first request", tk.header, "authorization", "first")
	tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("prepare 2")
	tk.tell(func(c *Call) { c.Prepared(0, 1, metadata.New("authorization", "second")) }).asks("open 2")
	field(t, "second request", tk.header, "authorization", "second")
	tk.refuses(2, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("prepare 3")
	tk.tell(func(c *Call) { c.Prepared(0, 2, metadata.New("a b", "")) }).asks("end")
	tk.over(status.Internal, status.ReasonFatalStatus, 3, "a b")

	tk = unary(t, ch)
	tk.sends(10).starts().asks("prepare 1")
	tk.tell(func(c *Call) { c.Unprepared(0, 0, status.New(status.Unauthenticated, "no token")) }).asks("end")
	tk.over(status.Unauthenticated, status.ReasonFatalStatus, 1, "no token")
}

// A function for per-attempt metadata that fails ends the call: with its own
// status, or as UNAUTHENTICATED, in the same words for both drivers.
func TestUnprepared(t *testing.T) {
	for _, c := range []struct {
		failure *status.Status
		code    status.Code
		text    string
	}{
		{&status.Status{Message: "no token"}, status.Unauthenticated, "the function for per-attempt metadata failed: no token"},
		{status.New(17, "no token"), status.Unauthenticated, "the function for per-attempt metadata failed: no token"},
		{status.New(status.Unauthenticated, "who are you"), status.Unauthenticated, "who are you"},
		{&status.Status{Code: status.PermissionDenied, Message: "not you", Trailer: metadata.New("x-why", "1"), Details: []byte("d")}, status.PermissionDenied, "not you"},
	} {
		tk := unary(t, open(t, retrying, func(o *channel.Options) { o.PerAttempt = true }))
		tk.sends(10).starts().asks("prepare 1")
		tk.tell(func(c2 *Call) { c2.Unprepared(0, 0, c.failure) }).asks("end")
		st := tk.over(c.code, status.ReasonFatalStatus, 1, "")
		if st.Message != c.text || string(st.Details) != string(c.failure.Details) || st.Trailer.Get("x-why") != c.failure.Trailer.Get("x-why") {
			t.Errorf("%+v; want the message %q", st, c.text)
		}
	}
}
