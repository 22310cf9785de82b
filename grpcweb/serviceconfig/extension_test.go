package serviceconfig

import (
	"strconv"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/hedge"
)

// SEMANTICS 8.0b: wherever an x-hedgerow object stands, a field that it does not have
// there is an error with its path.
func TestExtensionsRefuseUnknownFields(t *testing.T) {
	const x = `"x-hedgerow": {"delayPercentle": 1}`
	for path, config := range map[string]string{
		"":                                 "{" + x + "}",
		"methodConfig[0].":                 `{"methodConfig": [{` + x + `}]}`,
		"methodConfig[0].retryPolicy.":     withRetry(x),
		"methodConfig[0].hedgingPolicy.":   withHedging(x),
		"retryThrottling.":                 withThrottling(x),
		"methodConfig[0].hedgingPolicy..x": withHedging(`"x-hedgerow": 5`),
	} {
		if of, is := strings.CutSuffix(path, ".x"); is {
			refused(t, config, of+"x-hedgerow", "must be an object (found 5)")
		} else {
			refused(t, config, path+"x-hedgerow.delayPercentle", "is unknown", "(found 1)")
		}
	}
	refused(t, "{"+x+"}", "x-hedgerow.delayPercentle", "x-hedgerow may have retryBudget here")
	refused(t, withThrottling(x), "retryThrottling.x-hedgerow.delayPercentle", "x-hedgerow has no fields here")
	for _, fine := range []string{`{"x-hedgerow": {}}`, `{"x-hedgerow": null}`, `{"x-hedgerow": {"a": null}}`, `{"methodConfig": [{"x-other": {"a": 1}}]}`} {
		mustParse(t, fine)
	}
}

// Names that would break a line or hide in it are quoted.
func TestExtensionsQuoteNames(t *testing.T) {
	refused(t, `{"x-hedgerow": {"a\nb": 1}}`, `x-hedgerow."a\x0ab"`)
	refused(t, `{"x-hedgerow": {"": 1}}`, `x-hedgerow.""`)
	for _, name := range []string{"a", "z", "A", "Z", "0", "9", "a-b", "a_b"} {
		refused(t, `{"x-hedgerow": {"`+name+`": 1}}`, `x-hedgerow.`+name)
	}
	for _, name := range []string{"a b", "a.b", "a/b", "a:b", "a@b", "a[b", "a`b", "a{b", "a,b", "a^b"} {
		refused(t, `{"x-hedgerow": {"`+name+`": 1}}`, `x-hedgerow."`+name+`"`)
	}
	refused(t, `{"x-hedgerow": {"twice": 1, "twice": 2}}`, `x-hedgerow.twice`)
}

// SEMANTICS 8.2a: how long an attempt may be silent stands in the retry policy, where the
// standard has it, and in the x-hedgerow object of the hedging policy.
func TestPerAttemptRecvTimeout(t *testing.T) {
	retried := func(value string) string { return withRetry(`"perAttemptRecvTimeout": ` + value) }
	hedged := func(value string) string {
		return withHedging(`"x-hedgerow": {"perAttemptRecvTimeout": ` + value + `}`)
	}
	for _, c := range []struct {
		of   func(value string) string
		path string
	}{
		{retried, "methodConfig[0].retryPolicy.perAttemptRecvTimeout"},
		{hedged, "methodConfig[0].hedgingPolicy.x-hedgerow.perAttemptRecvTimeout"},
	} {
		for value, want := range map[string]plan.Duration{`"1s"`: plan.Second, `".25s"`: plan.Second / 4, "null": 0} {
			if got := mustParse(t, c.of(value)).Methods[0].RecvTimeout(); got != want {
				t.Errorf("%s = %s: %d", c.path, value, got)
			}
		}
		for _, bad := range []string{`"0s"`, `"-1s"`, `"1"`, "1", "{}"} {
			refused(t, c.of(bad), c.path, "must be", "found ")
		}
	}
	refused(t, withRetry(`"x-hedgerow": {"perAttemptRecvTimeout": "1s"}`), "methodConfig[0].retryPolicy.x-hedgerow.perAttemptRecvTimeout", "is unknown")
	if mustParse(t, withRetry("")).Methods[0].RecvTimeout() != 0 || new(Method).RecvTimeout() != 0 {
		t.Error("a method that does not say so gives silent attempts up")
	}
}

// SEMANTICS 8.5a, 8.5b: any field of the tuning asks for a delay that is learned.
func TestTuning(t *testing.T) {
	tuned := func(fields string) string { return withHedging(`"x-hedgerow": {` + fields + `}`) }
	for fields, want := range map[string]hedge.Tuning{
		`"delayPercentile": 95`: {DelayPercentile: 95, MaxExtraLoad: 0.05},
		`"maxExtraLoad": 0.1`:   {MaxExtraLoad: 0.1},
		`"minDelay": "0.01s"`:   {MinDelay: 10 * plan.Millisecond, MaxExtraLoad: 0.05},
		`"delayPercentile": 99.5, "minDelay": "0s", "maxDelay": "1s", "maxExtraLoad": 1`: {DelayPercentile: 99.5, MaxDelay: plan.Second, MaxExtraLoad: 1},
	} {
		if got := mustParse(t, tuned(fields)).Methods[0].Hedging.Tuning; got == nil || *got != want {
			t.Errorf("%s: %+v", fields, got)
		}
	}
	for _, none := range []string{"", `"delayPercentile": null`, `"perAttemptRecvTimeout": "1s"`} {
		if got := mustParse(t, tuned(none)); got.Methods[0].Hedging.Tuning != nil || got.Methods[0].Tuned() {
			t.Errorf("%s asks for a delay that is learned", none)
		}
	}
	const path = "methodConfig[0].hedgingPolicy.x-hedgerow."
	for bad, field := range map[string]string{
		`"delayPercentile": 100`: "delayPercentile", `"delayPercentile": -1`: "delayPercentile", `"delayPercentile": "95"`: "delayPercentile",
		`"maxExtraLoad": 0`: "maxExtraLoad", `"maxExtraLoad": 1.5`: "maxExtraLoad", `"minDelay": "-1s"`: "minDelay", `"minDelay": 1`: "minDelay",
		`"maxDelay": "-1s"`: "maxDelay", `"minDelay": "2s", "maxDelay": "1s"`: "maxDelay",
	} {
		refused(t, tuned(bad), path+field, "must")
	}
}

// SEMANTICS 8.7a.
func TestRetryBudget(t *testing.T) {
	budget := func(fields string) string { return `{"x-hedgerow": {"retryBudget": ` + fields + `}}` }
	for fields, want := range map[string]Budget{
		`{"ratio": 0.1}`: {Ratio: 0.1}, `{"ratio": 0, "minPerSecond": 0.5}`: {MinPerSecond: 0.5}, `{"ratio": 1, "minPerSecond": 1000}`: {Ratio: 1, MinPerSecond: 1000},
	} {
		if got := mustParse(t, budget(fields)).Budget; got == nil || *got != want {
			t.Errorf("%s: %+v", fields, got)
		}
	}
	if mustParse(t, budget("null")).Budget != nil || mustParse(t, `{"x-hedgerow": {}}`).Budget != nil {
		t.Error("there is a budget that nobody asked for")
	}
	const path = "x-hedgerow.retryBudget"
	for bad, field := range map[string]string{
		`{}`: ".ratio", `{"ratio": -0.1}`: ".ratio", `{"ratio": 1.1}`: ".ratio", `{"ratio": "0.1"}`: ".ratio", `{"ratio": 0.1, "minPerSecond": -1}`: ".minPerSecond",
		`{"ratio": 0.1, "minPerSecond": 1001}`: ".minPerSecond", `{"ratio": 0.1, "perSecond": 1}`: ".perSecond", `5`: "",
	} {
		refused(t, budget(bad), path+field)
	}
}

// Fields of x-hedgerow are compared with one another, so there may not be any number of them.
func TestManyExtensionFields(t *testing.T) {
	fields := func(n int, value string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = `"k` + strconv.Itoa(i) + `":` + value
		}
		return `{"x-hedgerow":{` + strings.Join(all, ",") + `}}`
	}
	mustParse(t, fields(100, "null"))
	for _, n := range []int{101, 100_000} {
		for _, value := range []string{"null", "1"} {
			refused(t, fields(n, value), "x-hedgerow", "must be an object of at most 100 fields")
		}
	}
}
