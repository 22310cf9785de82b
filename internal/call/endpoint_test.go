package call

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// several adds two endpoints; all are on other origins than the page.
func several(o *channel.Options) {
	o.CrossOrigin = true
	for _, url := range []string{"https://b.test/grpc/", "https://c.test"} {
		o.More = append(o.More, channel.Endpoint{BaseURL: url, CrossOrigin: true})
	}
}

func (tk *talk) goesTo(n int, url string) *talk {
	tk.t.Helper()
	if got := tk.call.URL(n - 1); got != url+sayHello {
		tk.t.Errorf("attempt %d goes to %s, want %s", n, got, url+sayHello)
	}
	return tk
}

// SEMANTICS 8.6a, 8.6b.
func TestSeveralEndpoints(t *testing.T) {
	t.Run("163_each_attempt_has_its_URL_and_messages_name_it", func(t *testing.T) {
		tk := again(t, open(t, retrying, several)).goesTo(1, "https://api.test").goesTo(2, "https://b.test/grpc")
		tk.tell(func(c *Call) { c.Failed(tk.now, 1, NotResponse, plan.Processed, fmt.Errorf("it is odd")) }).asks("abort 2", "end")
		st := tk.over(status.Internal, status.ReasonInternal, 2, "POST https://b.test/grpc"+sayHello)
		if st.Attempts[0].Endpoint != "https://api.test" || st.Attempts[1].Endpoint != "https://b.test/grpc" {
			t.Errorf("%+v", st.Attempts)
		}
		if says := st.Explain(); !strings.Contains(says, "UNAVAILABLE from https://api.test, INTERNAL from https://b.test/grpc. ") {
			t.Errorf("%q", says)
		}
	})
	t.Run("164_what_CORS_refuses_is_tried_without_the_header_at_the_same_endpoint", func(t *testing.T) {
		ch := open(t, retrying, several)
		tk := again(t, ch).marked("1").noResponse(2, "Failed to fetch").asks("open 3").marked().goesTo(3, "https://b.test/grpc")
		tk.answers(3).warned("corsSuspected")
		if text := tk.warnings[0].Text; !strings.Contains(text, "https://b.test/grpc") {
			t.Errorf("%q", text)
		}
		unary(t, ch).at(10).sends(10).starts().asks("open 1").goesTo(1, "https://b.test/grpc")
		if ch.Endpoint(2).Origin.Refuses || !ch.Endpoint(1).Origin.Refuses || ch.Endpoint(0).Origin.Refuses {
			t.Error("what was learned is not the one origin's")
		}
	})
	t.Run("164_once_if_nothing_answers_there", func(t *testing.T) {
		tk := again(t, open(t, retrying, several)).noResponse(2, "Failed to fetch").asks("open 3")
		tk.noResponse(3, "Failed to fetch").asks("arm 500").warned()
	})
	t.Run("165_a_stream_that_is_lost_is_renewed_elsewhere", func(t *testing.T) {
		ch := open(t, retrying, several)
		tk := stream(t, ch).at(0).sends(10).starts().asks("open 1")
		tk.head(1, 200).asks("release 1", "header 1")
		tk.reads().asks("read 1").bodyEnds(1).asks("warn", "end") // without trailers
		if !tk.call.Lost() {
			t.Error("the stream is not lost")
		}
		stream(t, ch).at(10).sends(10).starts().asks("open 1").goesTo(1, "https://b.test/grpc")
	})
}
