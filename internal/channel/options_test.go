package channel

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
)

// valid are options that nothing is wrong with, but for what a test changes.
func valid(changes ...func(*Options)) Options {
	o := DefaultOptions()
	o.BaseURL, o.Random = "https://api.test", func() float64 { return 0.5 }
	for _, change := range changes {
		change(&o)
	}
	return o
}

// problems are what Validate reports, as "path: reason".
func problems(o Options) []string {
	var all Problems
	o.Validate(all.Add)
	var texts []string
	for _, p := range all {
		texts = append(texts, p.String())
	}
	return texts
}

func TestDefaults(t *testing.T) {
	o := DefaultOptions()
	if o.MaxRetryAttempts != 5 || o.MaxRetryBufferSize != 16_777_216 || o.MaxRetryBufferPerCallSize != 1_048_576 || // scenario 16
		o.MaxReceiveMessageBytes != 4_194_304 || o.MaxSendMessageBytes != Unlimited || o.DefaultTimeout != plan.Never {
		t.Errorf("%+v", o)
	}
	if o.Jitter != plan.FullJitter || o.FirstFrame || o.AttemptHeader != AttemptHeaderAuto || o.Text || o.SendGzip || o.AcceptGzip {
		t.Errorf("%+v", o)
	}
}

func TestValidate(t *testing.T) {
	if all := problems(valid()); all != nil {
		t.Errorf("valid options are refused: %q", all)
	}
	for want, change := range map[string]func(*Options){
		"baseUrl: ": func(o *Options) { o.BaseURL = "api.test" },
		`baseUrl: "https://%61pi.test" must not have a percent sign in its host`: func(o *Options) { o.BaseURL = "https://%61pi.test" },
		`baseUrl: "https://" has no host`:                                        func(o *Options) { o.BaseURL = "https://" },
		"must not have a query or a fragment":                                    func(o *Options) { o.BaseURL += "/?a" },
		"not have a query or a fragment":                                         func(o *Options) { o.BaseURL = "https://?a" },
		"not have a query or a fragment, ":                                       func(o *Options) { o.BaseURL = "https://#a" },
		"must not contain a user name or password":                               func(o *Options) { o.BaseURL = "https://a:b@api.test" },
		"not contain a user name or password":                                    func(o *Options) { o.BaseURL = "https://@api.test" },
		"must be percent-encoded":                                                func(o *Options) { o.BaseURL += "/a b" },
		"maxRetryAttempts: must be greater":                                      func(o *Options) { o.MaxRetryAttempts = 0 },
		"maxRetryBufferSize: must be greater":                                    func(o *Options) { o.MaxRetryBufferSize = -3 },
		"maxRetryBufferPerCallSize: must be":                                     func(o *Options) { o.MaxRetryBufferPerCallSize = 0 },
		"maxReceiveMessageBytes: must be":                                        func(o *Options) { o.MaxReceiveMessageBytes = 0 },
		"maxSendMessageBytes: must be greater":                                   func(o *Options) { o.MaxSendMessageBytes = 0 },
		"defaultTimeoutMs: must be greater":                                      func(o *Options) { o.DefaultTimeout = -1 },
		"metadata: ":                                                             func(o *Options) { o.Metadata.Append("grpc-timeout", "1S") },
		`requestStreaming: cannot be true`:                                       func(o *Options) { o.Text, o.RequestStreaming = true, true },
		"metadata: metadata \"cookie\": the nam":                                 func(o *Options) { o.Page, o.Metadata = true, metadata.New("cookie", "a") },
	} {
		if all := problems(valid(change)); len(all) != 1 || !strings.Contains(all[0], want) {
			t.Errorf("%q; want one that says %q", all, want)
		}
	}
	for _, fine := range []func(*Options){
		func(o *Options) { o.BaseURL = "http://[::1]:8080/grpc/" },
		func(o *Options) { o.BaseURL += "/~me" },
		func(o *Options) { o.Text = true },
		func(o *Options) { o.RequestStreaming = true },
		func(o *Options) { o.Metadata = metadata.New("cookie", "a") }, // without a page it is as good as any
	} {
		if all := problems(valid(fine)); all != nil {
			t.Errorf("refused: %q", all)
		}
	}
}

// What is wrong with the service config is told behind all else.
func TestConfigProblems(t *testing.T) {
	_, err := serviceconfig.Parse(`{"methodConfig":[{"name":[{}],"timeout":"-1s"},{"name":[{}]}]}`)
	all := problems(valid(func(o *Options) { o.MaxRetryAttempts, o.ConfigError = 0, err }))
	if len(all) != 3 || !strings.HasPrefix(all[0], "maxRetryAttempts: ") || !strings.HasPrefix(all[1], "methodConfig[0].timeout: ") {
		t.Errorf("%q", all)
	}
	all = problems(valid(func(o *Options) { o.ConfigError = metadata.New("a b", "").Validate() }))
	if len(all) != 1 || !strings.HasPrefix(all[0], "serviceConfig: ") {
		t.Errorf("%q", all)
	}
}
