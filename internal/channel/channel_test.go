package channel

import (
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

const policies = `{"methodConfig": [
	{"name": [{"service": "a.Retried"}], "timeout": "3s", "retryPolicy": {"maxAttempts": 8, "initialBackoff": "1s", "maxBackoff": "5s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}},
	{"name": [{"service": "a.Hedged"}], "hedgingPolicy": {"maxAttempts": 3, "nonFatalStatusCodes": ["UNAVAILABLE"]}},
	{"name": [{}]}], "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}}`

func open(t *testing.T, config string, changes ...func(*Options)) *Channel {
	t.Helper()
	parsed, err := serviceconfig.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	o := valid(changes...)
	o.Config = parsed
	if all := problems(o); all != nil {
		t.Fatal(all)
	}
	return New(o)
}

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		method string
		limit  int64
		kind   status.AttemptKind
		most   int
	}{
		{"/a.Retried/M", 5, status.KindRetry, 5},
		{"/a.Retried/M", Unlimited, status.KindRetry, 8},
		{"/a.Retried/M", 1, status.KindFirst, 1},
		{"/a.Hedged/M", 5, status.KindHedge, 3},
		{"/a.Hedged/M", 2, status.KindHedge, 2},
		{"/a.Hedged/M", 1, status.KindFirst, 1},
		{"/a.Other/M", 5, status.KindFirst, 1},
	} {
		ch := open(t, policies, func(o *Options) { o.MaxRetryAttempts = c.limit })
		if p, _, most := ch.Plan(ch.Method(c.method)); p.Kind() != c.kind || most != c.most {
			t.Errorf("%s with at most %d attempts: %v, %d attempts", c.method, c.limit, p.Kind(), most)
		}
	}
}

// A policy that asks for more attempts than the channel allows is no mistake, but
// the developer is told (SEMANTICS 1.4 V2); who has switched retries off knows it.
func TestPolicyClamped(t *testing.T) {
	clamped := func(limit int64) string {
		text := ""
		for _, w := range open(t, policies, func(o *Options) { o.MaxRetryAttempts = limit }).Warnings() {
			text += w.Kind + ": " + w.Text + "\n"
		}
		return text
	}
	const retry = "policyClamped: methodConfig[0].retryPolicy.maxAttempts is 8, but the channel allows "
	if text := clamped(5); !strings.HasPrefix(text, retry+"5: ") || strings.Count(text, "\n") != 1 {
		t.Errorf("%q", text)
	}
	if text := clamped(2); !strings.Contains(text, retry+"2: ") || !strings.Contains(text, "methodConfig[1].hedgingPolicy.maxAttempts is 3") {
		t.Errorf("%q", text)
	}
	many := `{"methodConfig":[` + strings.Repeat(`{"hedgingPolicy":{"maxAttempts":9}},`, 999) + `{}]}`
	if got := len(open(t, many).Warnings()); got != 100 {
		t.Errorf("%d warnings of 999 policies", got)
	}
	for _, limit := range []int64{1, 8, Unlimited} {
		if text := clamped(limit); text != "" {
			t.Errorf("with at most %d attempts: %q", limit, text)
		}
	}
}

func TestMethods(t *testing.T) {
	ch := open(t, policies)
	if first, again := ch.Method("/a.Retried/M"), ch.Method("/a.Retried/M"); first != again {
		t.Error("a method is looked up a second time")
	}
	for _, path := range []string{"", "/", "a.S/M", "//M", "/a.S/", "/a.S/M/N", "/a.S//M", "/../M", "/a.S/.", "/a.S/M?x", "/a.S/M N", "/a.S/%41"} {
		refusal := ch.Method(path).Refusal
		if refusal == nil || refusal.Code != status.Internal || !strings.Contains(refusal.Message, `"/package.Service/Method"`) {
			t.Errorf("%q: %v", path, refusal)
		}
	}
	if m := open(t, "{}").Method("/a.S/M"); m.Config == nil || m.Config.MaxAttempts() != 1 || m.Config.PolicyField() != "" || m.Config.Repeats(status.Unavailable) {
		t.Errorf("a method that no config names: %+v", m)
	}
	for _, path := range []string{"/a.S/M", "/S/M", "/a.b-c_d/M~1"} {
		if m := ch.Method(path); m.Refusal != nil || m.Config == nil {
			t.Errorf("%q: %v", path, m.Refusal)
		}
	}
}

// What is told once for each method is not told for every call of a method that is
// beyond those that are remembered.
func TestMethodsBeyondTheBound(t *testing.T) {
	ch := open(t, policies)
	for i := range maxMethods {
		if m := ch.Method("/a.S/M" + strconv.Itoa(i)); m.Lost || m.Hidden {
			t.Fatal("a method that is remembered is not warned of")
		}
	}
	m := ch.Method("/a.Retried/Beyond")
	if !m.Lost || !m.Hidden || m.Config.Retry == nil || m.Refusal != nil {
		t.Errorf("%+v", m)
	}
}

func TestDeadline(t *testing.T) {
	three := 3 * plan.Second
	for _, c := range []struct {
		standard, timeout plan.Duration
		configured        *plan.Duration
		want              plan.Duration
	}{
		{plan.Never, plan.Never, nil, plan.Never},
		{2 * plan.Second, plan.Never, nil, 12 * plan.Second},
		{2 * plan.Second, 5 * plan.Second, nil, 15 * plan.Second}, // the caller's own goes before the default
		{plan.Never, 5 * plan.Second, &three, 13 * plan.Second},
		{plan.Never, plan.Second, &three, 11 * plan.Second},
		{plan.Never, -plan.Second, &three, 9 * plan.Second},
	} {
		ch := open(t, "{}", func(o *Options) { o.DefaultTimeout = c.standard })
		if got := ch.Deadline(10*plan.Second, c.timeout, c.configured); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestParts(t *testing.T) {
	shared := new(Origin)
	ch := open(t, policies, func(o *Options) { o.BaseURL, o.Origin = "https://api.test/grpc//", shared })
	if ch.Endpoint(0).BaseURL != "https://api.test/grpc" || ch.Endpoint(0).Origin != shared || ch.Quota().Used() != 0 || ch.Options().MaxRetryAttempts != 5 {
		t.Errorf("%+v", ch)
	}
	if now, full := ch.Throttle().Tokens(); now != 10 || full != 10 {
		t.Errorf("%v of %v tokens", now, full)
	}
	if ch := open(t, "{}"); ch.Throttle() != nil || ch.Endpoint(0).Origin == nil || ch.Endpoints() != nil {
		t.Error("a throttle that nothing asked for, or no origin")
	}
}
