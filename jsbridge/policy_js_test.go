package jsbridge_test

import (
	"os"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/jsbridge"
)

// failure makes a call that streams, so that it may go through a WebSocket, and returns how
// it failed.
func failure(t *testing.T, rt transport.RoundTripper, baseURL string) *status.Status {
	t.Helper()
	ch, err := grpcweb.NewChannel(rt, baseURL, grpcweb.WithServiceConfigJSON(retryingAll))
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	stream, err := ch.NewStream(t.Context(), "/s.S/M")
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.CloseSend()
	_, err = stream.Recv()
	st, ok := status.FromError(err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return st
}

// What a page's Content-Security-Policy forbids is not sent, and not tried again
// (SEMANTICS 5.3d). The page's address is one that it forbids.
func TestForbidden(t *testing.T) {
	url := os.Getenv("HEDGEROW_FORBIDDEN")
	if url == "" {
		t.Skip("needs a page with a policy, as go.test.ts opens one")
	}
	for name, rt := range map[string]transport.RoundTripper{"fetch": jsbridge.Fetch(), "WebSocket": jsbridge.WebSocket()} {
		st := failure(t, rt, url)
		if st.Code != status.Internal || len(st.Attempts) != 1 || !strings.Contains(st.Message, "connect-src") {
			t.Errorf("%s: %d attempts, %v", name, len(st.Attempts), st)
		}
	}
	wantReleased(t)
}

// A redirect ends the call, once, whatever the browser tells of it (SEMANTICS 5.3i).
func TestRedirected(t *testing.T) {
	page := os.Getenv("HEDGEROW_PAGE")
	if page == "" {
		t.Skip("needs a page whose server redirects, as go.test.ts opens one")
	}
	st := failure(t, jsbridge.Fetch(), page+"/login")
	if st.Code != status.Unknown || len(st.Attempts) != 1 || !strings.Contains(st.Message, "session has ended") {
		t.Errorf("%d attempts, %v", len(st.Attempts), st)
	}
	wantReleased(t)
}
