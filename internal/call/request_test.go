package call

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

func TestTimeout(t *testing.T) {
	const ms = plan.Millisecond
	configured := func(timeout string) string { return `{"methodConfig":[{"name":[{}],"timeout":"` + timeout + `"}]}` }
	for name, c := range map[string]struct {
		config   string
		standard plan.Duration // the channel's
		callers  plan.Duration
		want     string // grpc-timeout; "": none is sent
	}{
		"17_config_is_shorter":   {configured("1s"), plan.Never, 3000 * ms, "1000m"},
		"17_caller_is_shorter":   {configured("3s"), plan.Never, 1000 * ms, "1000m"},
		"17_config_alone":        {configured("1s"), plan.Never, plan.Never, "1000m"},
		"17_caller_alone":        {"", plan.Never, 1500 * ms, "1500m"},
		"17_none":                {"", plan.Never, plan.Never, ""},
		"channels_default":       {"", 700 * ms, plan.Never, "700m"},
		"caller_before_default":  {"", 700 * ms, 900 * ms, "900m"},
		"config_and_default":     {configured("0.5s"), 700 * ms, plan.Never, "500m"},
		"less_than_a_ms_is_one":  {"", plan.Never, 1, "1m"},
		"config_beyond_counting": {configured("315576000000s"), plan.Never, plan.Never, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tk := begin(t, open(t, c.config, func(o *channel.Options) { o.DefaultTimeout = c.standard }), Params{Timeout: c.callers})
			tk.sends(10).starts()
			want := []string{c.want}
			if c.want == "" {
				want = nil
			}
			field(t, "request", tk.header, "grpc-timeout", want...)
			tk.asked = nil
		})
	}
	t.Run("41_none_left", func(t *testing.T) {
		for _, timeout := range []plan.Duration{-1, -plan.Second} {
			tk := begin(t, open(t, retrying), Params{Timeout: timeout})
			tk.sends(10).starts().asks("end")
			tk.over(status.DeadlineExceeded, status.ReasonDeadline, 0, "")
		}
		tk := unary(t, open(t, configured("0s")))
		tk.sends(10).starts().asks("end")
		tk.over(status.DeadlineExceeded, status.ReasonDeadline, 0, "")
	})
	t.Run("44_what_is_left_at_each_attempt", func(t *testing.T) {
		tk := begin(t, open(t, retrying), Params{Timeout: 1000 * ms})
		tk.at(0).sends(10).starts().asks("open 1", "arm 1000")
		field(t, "first request", tk.header, "grpc-timeout", "1000m")
		tk.at(20).refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "300").asks("arm 320")
		tk.at(320).timer().asks("open 2", "arm 1000")
		field(t, "second request", tk.header, "grpc-timeout", "680m")
		tk.at(1000).timer().asks("abort 2", "end")
		tk.over(status.DeadlineExceeded, status.ReasonDeadline, 2, "attempt 1 had failed with UNAVAILABLE")
	})
}

func TestRequestLimit(t *testing.T) {
	limited := strings.Replace(retrying, `"retryPolicy"`, `"maxRequestMessageBytes":10,"retryPolicy"`, 1)
	t.Run("18_eleven_of_ten", func(t *testing.T) {
		tk := unary(t, open(t, limited))
		tk.sends(11).asks("end")
		tk.starts().asks()
		tk.over(status.ResourceExhausted, status.ReasonInternal, 0, "11 bytes is larger than the limit of 10")
	})
	t.Run("18_ten_of_ten", func(t *testing.T) {
		unary(t, open(t, limited)).sends(10).starts().asks("open 1")
	})
	t.Run("18_the_lower_of_config_and_channel", func(t *testing.T) {
		ch := open(t, limited, func(o *channel.Options) { o.MaxSendMessageBytes = 5 })
		unary(t, ch).sends(6).asks("end")
	})
	t.Run("18_nothing_but_empty_messages", func(t *testing.T) {
		ch := open(t, `{"methodConfig":[{"name":[{}],"maxRequestMessageBytes":0}]}`)
		unary(t, ch).sends(1).asks("end")
		unary(t, ch).sends(0).starts().asks("open 1")
	})
}

func TestRequestHeader(t *testing.T) {
	ch := open(t, "", func(o *channel.Options) { o.Metadata = metadata.New("x-all", "channel", "x-both", "channel") })
	tk := begin(t, ch, Params{Metadata: metadata.New("X-Both", "call", "x-bin", "\x00", channel.AttemptsHeader, "9", "x-both", "again")})
	tk.sends(10).starts().asks("open 1")
	want := "content-type: application/grpc-web\r\nx-grpc-web: 1\r\nx-user-agent: grpc-web-hedgerow/" + channel.Version + "\r\n" +
		"x-all: channel\r\nx-both: channel\r\nx-both: call\r\nx-bin: AA\r\nx-both: again\r\n"
	if got := string(wire.AppendTrailer(nil, tk.header)); got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if got := tk.call.URL(0); got != "https://api.test/helloworld.Greeter/SayHello" {
		t.Errorf("sent to %s", got)
	}

	never := open(t, retrying, func(o *channel.Options) {
		o.AttemptHeader, o.BaseURL = channel.AttemptHeaderNever, "https://api.test/grpc//"
	})
	tk = unary(t, never)
	tk.sends(10).starts().asks("open 1")
	tk.refuses(1, status.Unavailable, "grpc-retry-pushback-ms", "0").asks("open 2")
	field(t, "second request", tk.header, channel.AttemptsHeader)
	if got := tk.call.URL(0); got != "https://api.test/grpc/helloworld.Greeter/SayHello" {
		t.Errorf("sent to %s", got)
	}
}

// A request may have any number of fields, of whatever source.
func TestRequestHeaderHasAllFields(t *testing.T) {
	var many metadata.MD
	for range 100 {
		many.Append("x-many", "1")
	}
	for source := range 3 {
		var all, own, attempt metadata.MD
		*[]*metadata.MD{&all, &own, &attempt}[source] = many
		tk := begin(t, open(t, "", func(o *channel.Options) { o.Metadata = all }), Params{Metadata: own, PerAttempt: true})
		tk.sends(10).starts().asks("prepare 1")
		tk.tell(func(c *Call) { c.Prepared(0, 0, attempt) }).asks("open 1")
		if n := len(tk.header.Values("x-many")); n != 100 {
			t.Errorf("%d of 100 fields are sent", n)
		}
	}
}

// Scenario 98, and 5.3: what cannot be sent ends with INTERNAL, before anything is.
func TestRefusedRequests(t *testing.T) {
	for _, method := range []string{
		"", "/", "SayHello", "/SayHello", "helloworld.Greeter/SayHello", "//SayHello", "/helloworld.Greeter/", "/a/b/c", "/a/b/", "/a/b?c", "/a/b#c",
		"/a/%2e%2e", "/a/..", "/../b", "/./b", "/a/.", "/a\\b/c", "/a b/c", "/a/b\x00", "/a/é", "https://evil/a/b",
	} {
		tk := begin(t, open(t, retrying), Params{Method: method + "", Timeout: plan.Never})
		if method == "" {
			tk = &talk{t: t, call: New(open(t, retrying), 0, Params{Timeout: plan.Never})}
		}
		tk.sends(10).asks("end")
		tk.starts().asks()
		tk.over(status.Internal, status.ReasonInternal, 0, "/package.Service/Method")
	}
	for _, name := range []string{
		"content-type", "Content-Length", "host", "te", "user-agent", "x-user-agent", "x-grpc-web", "accept-encoding", "connection", "grpc-timeout",
		"grpc-status", "Grpc-Anything", "a b", "", "é",
	} {
		tk := begin(t, open(t, retrying), Params{Metadata: metadata.New(name, "x")})
		tk.sends(10).asks("end")
		tk.over(status.Internal, status.ReasonInternal, 0, "metadata")
	}
	for _, name := range []string{"cookie", "Origin", "referer", "date", "Sec-Anything", "proxy-authorization", "access-control-request-method"} {
		md := metadata.New(name, "x")
		tk := begin(t, open(t, retrying, func(o *channel.Options) { o.Page = true }), Params{Metadata: md})
		tk.sends(10).asks("end")
		tk.over(status.Internal, status.ReasonInternal, 0, "the browser sets it")
		begin(t, open(t, retrying), Params{Metadata: md}).sends(10).starts().asks("open 1") // without a page it is as good as any
	}
	tk := begin(t, open(t, retrying), Params{Metadata: metadata.New("x", "line\nbreak")})
	tk.sends(10).asks("end")
	tk.over(status.Internal, status.ReasonInternal, 0, `"x"`)
}

func TestOptions(t *testing.T) {
	for url, want := range map[string]string{
		"https://api.test":            "",
		"http://localhost:8080/grpc/": "",
		"https://[::1]:8443":          "",
		"":                            "must be an absolute URL",
		"/grpc":                       "must be an absolute URL",
		"api.test":                    "must be an absolute URL",
		"ftp://api.test":              "must be an absolute URL",
		"https://":                    "has no host",
		"https:///path":               "has no host",
		"https://api.test?a=b":        "a query or a fragment",
		"https://api.test/#a":         "a query or a fragment",
		"https://me:secret@api.test":  "a user name",
		"https://api.test/a b":        "percent-encoded",
		"https://api.test/é":          "percent-encoded",
	} {
		o := channel.DefaultOptions()
		o.BaseURL = url
		problems := map[string]string{}
		o.Validate(func(path, reason string) { problems[path] += reason })
		if got := problems["baseUrl"]; (got == "") != (want == "") || !strings.Contains(got, want) || len(problems) > 1 {
			t.Errorf("%q: %v; want %q", url, problems, want)
		}
	}
	o := channel.Options{Endpoint: channel.Endpoint{BaseURL: "http://a"}, Metadata: metadata.New("host", "b")}
	var paths []string
	o.Validate(func(path, reason string) { paths = append(paths, path) })
	want := "maxRetryAttempts maxRetryBufferSize maxRetryBufferPerCallSize maxReceiveMessageBytes maxSendMessageBytes defaultTimeoutMs metadata"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("problems at %s; want %s", got, want)
	}
}
