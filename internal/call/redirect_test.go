package call

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// A redirect that is not followed ends the call (SEMANTICS 5.3i), whatever the policy
// lists and whatever other attempts are under way: to all of them a session has ended.
func TestRedirect(t *testing.T) {
	opaque := func(tk *talk) *talk {
		return tk.tell(func(c *Call) { c.Failed(0, 0, Redirected, plan.Processed, errors.New("redirected")) })
	}
	policies := map[string]string{
		"UNAVAILABLE is retried": retrying,
		"UNKNOWN is retried":     strings.Replace(retrying, "UNAVAILABLE", "UNKNOWN", 1),
		"hedging":                strings.Replace(hedging, "UNAVAILABLE", "UNKNOWN", 1),
	}
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			for _, how := range []string{"opaque", "302"} {
				ch := open(t, policy)
				tk := unary(t, ch)
				tk.sends(10).starts()
				tk.asked = nil
				want := 0
				if how == "opaque" {
					opaque(tk)
				} else {
					tk.head(1, 302, "location", "/login", "grpc-retry-pushback-ms", "0")
					want = 302
				}
				st := tk.over(status.Unknown, status.ReasonFatalStatus, 1, "session has ended")
				r := st.Attempts[0]
				if recorded := r.HTTPStatus; recorded != want && !(want == 0 && recorded == status.None) {
					t.Errorf("%s: the HTTP status %d is recorded; want %d", how, recorded, want)
				}
				if r.Outcome != status.OutcomeFailed || r.Code != int(status.Unknown) {
					t.Errorf("%s: the attempt is recorded as %v, code %d", how, r.Outcome, r.Code)
				}
				if named := strings.Contains(st.Message, "HTTP status 302"); named != (want == 302) {
					t.Errorf("%s: %q", how, st.Message)
				}
			}
		})
	}
	t.Run("all_of_3xx_but_304", func(t *testing.T) {
		for code := 300; code < 400; code++ {
			tk := unary(t, open(t, retrying))
			tk.sends(10).starts().asks("open 1")
			tk.head(1, code)
			st := tk.over(status.Unknown, status.ReasonFatalStatus, 1, "")
			if told := strings.Contains(st.Message, "redirect"); told == (code == 304) {
				t.Errorf("%d: %q", code, st.Message)
			}
		}
	})
	t.Run("a_status_in_its_head_wins", func(t *testing.T) {
		tk := unary(t, open(t, ""))
		tk.sends(10).starts().asks("open 1")
		tk.head(1, 302, "grpc-status", "5", "grpc-message", "gone", "content-type", "text/html")
		tk.over(status.NotFound, status.ReasonFatalStatus, 1, "gone")
	})
	t.Run("a_redirected_preflight_is_named", func(t *testing.T) {
		tk := unary(t, open(t, "", func(o *channel.Options) { o.CrossOrigin = true }))
		tk.sends(10).starts().asks("open 1")
		tk.noResponse(1, "Failed to fetch")
		tk.over(status.Unavailable, status.ReasonFatalStatus, 1, "must not be a redirect")
	})
}
