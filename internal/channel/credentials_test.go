package channel

import (
	"errors"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// SEMANTICS 8.3a: any codes but OK, and UNAUTHENTICATED if none are named.
func TestRefreshCodes(t *testing.T) {
	for _, c := range []struct {
		lines   string // as JavaScript shows them
		codes   []status.Code
		want    status.CodeSet
		refused string
	}{
		{"", nil, status.Codes(status.Unauthenticated), ""},
		{"16\n1", []status.Code{status.Unauthenticated, status.Canceled}, status.Codes(status.Unauthenticated, status.Canceled), ""},
		{`"PERMISSION_DENIED"` + "\n" + `"unauthenticated"`, []status.Code{7, 16}, status.Codes(7, 16), ""},
		{"7\n0\n17", []status.Code{7, 0, 17}, status.Codes(7), "12"},
		{`"OK"` + "\n" + `"NOPE"` + "\n14", []status.Code{0, status.NoCode, 14}, status.Codes(14), "01"},
		{"4294967312", []status.Code{status.NoCode}, 0, "0"}, // 2³² + 16
		{"-1\n99999999999999999999\n\nx", []status.Code{0, 0, 0, 0}, 0, "0123"},
	} {
		for _, read := range []bool{false, true} {
			var o Options
			refused := ""
			report := func(path, reason string) {
				refused += strings.TrimSuffix(strings.TrimPrefix(path, "credentialsRefresh.codes["), "]")
				if !strings.Contains(reason, "from 1 to 16") {
					t.Errorf("%s %s", path, reason)
				}
			}
			if read {
				o.ReadRefresh(c.lines, report)
			} else {
				o.RefreshOn(c.codes, report)
			}
			if o.RefreshCodes != c.want || refused != c.refused {
				t.Errorf("%q, read %v: %b, refused %q; want %b, %q", c.lines, read, o.RefreshCodes, refused, c.want, c.refused)
			}
		}
	}
}

func TestCredentials(t *testing.T) {
	if open(t, "{}").Credentials() != nil {
		t.Error("credentials are refreshed that nobody asked to refresh")
	}
	ch := open(t, "{}", func(o *Options) { o.RefreshCodes = status.Codes(status.Unauthenticated) })
	if ch.Credentials() == nil {
		t.Fatal("credentials are not refreshed")
	}
	if ch.Refreshed(nil) || ch.Refreshed(errors.New("no")) {
		t.Error("somebody waits for a refresh that was not begun")
	}
}
