package call

import (
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// What a canceled call says, in the same words for both drivers.
func TestCancelTexts(t *testing.T) {
	for _, c := range []struct {
		by     Canceler
		detail string
		begun  bool
		want   string
	}{
		{ByCaller, "", true, "the caller canceled the call"},
		{ByCaller, "", false, "the caller canceled the call before it began"},
		{ByCaller, "the user left", true, "the caller canceled the call: the user left"},
		{ByReader, "", true, "the stream was closed before its end"},
		{ByChannel, "", true, "the channel was closed while the call ran"},
		{ByClosedChannel, "", false, "the channel is closed"},
		{ByRequest, "no disk", true, "the request's messages could not be read: no disk"},
		{ByDriver, "a reason of its own", true, "a reason of its own"},
	} {
		tk := unary(t, open(t, retrying))
		if c.begun {
			tk.sends(10).starts().asks("open 1")
		}
		tk.tell(func(call *Call) { call.Cancel(0, c.by, c.detail, nil) })
		tk.asked = nil
		if st := tk.over(status.Canceled, status.ReasonCanceled, len(tk.call.Records()), ""); st.Message != c.want {
			t.Errorf("%q; want %q", st.Message, c.want)
		}
	}
}
