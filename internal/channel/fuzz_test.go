package channel

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// FuzzOptions checks that an option is either reported or holds a value that is valid.
func FuzzOptions(f *testing.F) {
	for _, n := range Numbers {
		f.Add(n.Name, "7")
		f.Add(n.Name, "9223372036854775807")
	}
	for _, c := range Choices {
		f.Add(c.Name, `"`+c.Words[1]+`"`)
	}
	for _, text := range []string{"0", "-1", "1e3", "Infinity", "NaN", `"UNAVAILABLE"`, "14\n\"aborted\"", "0\n17\n\n", `""`, `"`} {
		f.Add("credentialsRefresh", text)
		f.Add("maxRetryAttempts", text)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		o, reported := valid(), 0
		report := func(path, reason string) {
			reported++
			if reason == "" || path != name {
				t.Errorf("%q: %q is reported of %q", value, reason, path)
			}
		}
		before := describe(o)
		if known := o.Read(name, value, report); !known && describe(o) != before {
			t.Errorf("%s is unknown, and changes the options to %+v", name, o)
		}
		if wrong := problems(o); len(wrong) > 0 {
			t.Errorf("%s was read from %q, and then: %q", name, value, wrong)
		}
		reported = 0
		o.ReadRefresh(value, func(path, reason string) { reported++ })
		if o.RefreshCodes.Has(status.OK) || reported == 0 && o.RefreshCodes == 0 {
			t.Errorf("credentials are refreshed on %v for %q", o.RefreshCodes, value)
		}
		known := o.ReadValue(name, value, func(string, string) {})
		for _, c := range Choices {
			if c.Read(&o, value, func(string, string) {}); c.Name == name && !known {
				t.Errorf("%s is an option, and unknown", name)
			}
		}
	})
}

// FuzzURL checks that what a base URL and a method make together is a URL of the same
// origin, with the method at its end. net/url judges; what it cannot read, browsers
// refuse.
func FuzzURL(f *testing.F) {
	f.Add("https://api.test", "/a.B/C")
	f.Add("http://localhost:8080/x/", "/a.B/../C")
	for _, base := range []string{"https://", "https://user@api.test", "https://api.test?x", "https://api.test\\@evil.test", "HTTPS://api.test", "https:///x", "//x"} {
		f.Add(base, "/a.B/%2e%2e")
		f.Add(base, "//evil.test/C")
	}
	f.Fuzz(func(t *testing.T, base, method string) {
		ch := New(valid())
		if ch.Method(method).Refusal == nil {
			u, err := url.Parse("https://api.test" + method)
			if err != nil || u.Host != "api.test" || u.Path != method || u.RawQuery != "" || u.Fragment != "" || u.JoinPath().Path != method {
				t.Errorf("the method %q is accepted, and makes %q, %v", method, u, err)
			}
		}
		if checkBaseURL(base) != "" {
			return
		}
		u, err := url.Parse(strings.TrimSuffix(base, "/") + "/a.B/C")
		if err != nil {
			return
		}
		host, _, _ := strings.Cut(base[strings.Index(base, "//")+2:], "/")
		if u.User != nil || u.Host == "" || !strings.HasSuffix(u.Path, "/a.B/C") || u.RawQuery != "" || u.Fragment != "" || !strings.EqualFold(u.Host, host) {
			t.Errorf("the base URL %q is accepted, and makes %q", base, u)
		}
	})
}
