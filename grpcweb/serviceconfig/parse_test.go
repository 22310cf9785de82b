package serviceconfig

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// TestServiceConfig is the scenarios 1 to 18, as far as reading and
// looking up decides them. Clamping, 2 and 3, is the channel's.
func TestServiceConfig(t *testing.T) {
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"01_max_attempts_bad_values", testMaxAttempts},
		{"02_03_max_attempts_above_any_cap_are_no_error", testMaxAttemptsHigh},
		{"04_backoff_bad_values", testBackoff},
		{"05_retryable_codes_missing_or_empty", testCodesMissing},
		{"06_codes_by_name_and_number", testCodes},
		{"07_codes_bad_values", testCodesBad},
		{"08_durations", testDurations},
		{"09_both_policies", testBothPolicies},
		{"10_names_of_the_default", testDefaultNames},
		{"11_names_repeated", testRepeatedNames},
		{"12_most_specific_entry_whole", testMostSpecific},
		{"13_hedging_defaults", testHedgingDefaults},
		{"14_hedging_delay_negative", testHedgingDelayNegative},
		{"15_throttling", testThrottling},
		{"16_all_problems_at_once", testAllProblems},
		{"17_timeout", testTimeout},
		{"18_message_sizes", testSizes},
	} {
		t.Run(scenario.name, scenario.run)
	}
}

func testMaxAttempts(t *testing.T) {
	for _, bad := range []string{"1", "0", "-2", `"FOO"`, "2.5", `"3"`, "true", "[3]", "-1e400", "1e-400"} {
		refused(t, withRetry(`"maxAttempts": `+bad), "methodConfig[0].retryPolicy.maxAttempts", "must be", "found ")
		refused(t, withHedging(`"maxAttempts": `+bad), "methodConfig[0].hedgingPolicy.maxAttempts", "must be", "found ")
	}
	for _, missing := range []string{"-maxAttempts", `"maxAttempts": null`} {
		refused(t, withRetry(missing), "methodConfig[0].retryPolicy.maxAttempts", "is required")
		refused(t, withHedging(missing), "methodConfig[0].hedgingPolicy.maxAttempts", "is required")
	}
	for text, want := range map[string]int{"2": 2, "5.0": 5, "5e0": 5, "50e-1": 5, "0.5e1": 5} {
		if got := mustParse(t, withRetry(`"maxAttempts": `+text)).Methods[0].Retry.MaxAttempts; got != want {
			t.Errorf("maxAttempts %s is %d, want %d", text, got, want)
		}
	}
}

func testMaxAttemptsHigh(t *testing.T) {
	for text, want := range map[string]int{"9": 9, "10": 10, "4294967297": 1<<31 - 1, "99999999999999999999": 1<<31 - 1, "1e400": 1<<31 - 1} {
		if got := mustParse(t, withRetry(`"maxAttempts": `+text)).Methods[0].Retry.MaxAttempts; got != want {
			t.Errorf("retry: maxAttempts %s is %d, want %d", text, got, want)
		}
		if got := mustParse(t, withHedging(`"maxAttempts": `+text)).Methods[0].Hedging.MaxAttempts; got != want {
			t.Errorf("hedging: maxAttempts %s is %d, want %d", text, got, want)
		}
	}
}

func testBackoff(t *testing.T) {
	for _, field := range []string{"initialBackoff", "maxBackoff"} {
		path := "methodConfig[0].retryPolicy." + field
		for _, bad := range []string{`"0s"`, `"-1s"`, `"5m"`, `"1"`, "1", "{}"} {
			refused(t, withRetry(`"`+field+`": `+bad), path, "must be")
		}
		refused(t, withRetry("-"+field), path, "is required", `"1.5s"`)
	}
	path := "methodConfig[0].retryPolicy.backoffMultiplier"
	for _, bad := range []string{"0", "-1.5", "0e5", `"2"`, "false"} {
		refused(t, withRetry(`"backoffMultiplier": `+bad), path, "must be", "found "+bad)
	}
	refused(t, withRetry("-backoffMultiplier"), path, "is required")

	c := mustParse(t, withRetry(`"initialBackoff": "5s", "maxBackoff": "1s", "backoffMultiplier": 0.5`)) // V6, V7
	want := retry.Policy{MaxAttempts: 3, InitialBackoff: 5 * plan.Second, MaxBackoff: plan.Second, BackoffMultiplier: 0.5, RetryableStatusCodes: status.Codes(status.Unavailable)}
	if got := *c.Methods[0].Retry; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func testCodesMissing(t *testing.T) {
	path := "methodConfig[0].retryPolicy.retryableStatusCodes"
	refused(t, withRetry("-retryableStatusCodes"), path, "is required", `["UNAVAILABLE"]`)
	refused(t, withRetry(`"retryableStatusCodes": null`), path, "is required")
	refused(t, withRetry(`"retryableStatusCodes": []`), path, "at least one")
	if _, err := Parse(withRetry(`"retryableStatusCodes": []`)); strings.Contains(err.Error(), "found") {
		t.Errorf("a list is shown as if it were of the wrong type: %v", err)
	}
	refused(t, withRetry(`"retryableStatusCodes": "UNAVAILABLE"`), path, "must be an array", `found "UNAVAILABLE"`)
	refused(t, withRetry(`"retryableStatusCodes": {}`), path, "must be an array", "found an object")
}

func testCodes(t *testing.T) {
	c := mustParse(t, withRetry(`"retryableStatusCodes": ["UNAVAILABLE","Aborted",1, 14, 1.0, "cancelled"]`)) // V13
	if got, want := c.Methods[0].Retry.RetryableStatusCodes, status.Codes(14, 10, 1); got != want {
		t.Errorf("got %b, want %b", got, want)
	}
}

func testCodesBad(t *testing.T) {
	for _, bad := range []string{"17", "-1", `"NOPE"`, `"14"`, "1.5", "1e400", "null", "true", "[14]", `"CANCELED"`} {
		refused(t, withRetry(`"retryableStatusCodes": [14, `+bad+`]`), "methodConfig[0].retryPolicy.retryableStatusCodes[1]", "a status code", "found ")
		refused(t, withHedging(`"nonFatalStatusCodes": [`+bad+`]`), "methodConfig[0].hedgingPolicy.nonFatalStatusCodes[0]", "a status code")
	}
	for _, ok := range []string{"0", `"OK"`, `"ok"`, "-0", "0.0"} { // V11
		refused(t, withRetry(`"retryableStatusCodes": [14, `+ok+`]`), "methodConfig[0].retryPolicy.retryableStatusCodes", "OK")
		refused(t, withHedging(`"nonFatalStatusCodes": [`+ok+`]`), "methodConfig[0].hedgingPolicy.nonFatalStatusCodes", "OK")
	}
}

func testBothPolicies(t *testing.T) {
	both := `{"name": [{"service": "s"}], "retryPolicy": ` + retryJSON("") + `, "hedgingPolicy": {"maxAttempts": 2}}`
	refused(t, `{"methodConfig": [`+both+`]}`, "methodConfig[0].hedgingPolicy", "retryPolicy", "keep one")

	c := mustParse(t, `{"methodConfig": [{"name": [{"service": "a"}], "retryPolicy": `+retryJSON("")+`, "hedgingPolicy": null},
		{"name": [{"service": "b"}], "hedgingPolicy": {"maxAttempts": 2}}]}`) // V18
	if c.Methods[0].Retry == nil || c.Methods[0].Hedging != nil || c.Methods[1].Retry != nil || c.Methods[1].Hedging == nil {
		t.Errorf("got %+v", c.Methods)
	}
}

func testDefaultNames(t *testing.T) {
	for _, name := range []string{`{}`, `{"service":null}`, `{"service":""}`, `{"service": "", "method": ""}`, `{"other": 1}`} {
		c := mustParse(t, `{"methodConfig": [{"name": [`+name+`]}]}`)
		if c.Lookup("/any.Service/Method") != &c.Methods[0] {
			t.Errorf("%s is not the default", name)
		}
	}
	refused(t, `{"methodConfig": [{"name": [{"method":"M"}]}]}`, "methodConfig[0].name[0].service", "is required")
	refused(t, `{"methodConfig": [{"name": [{"service": null, "method":"M"}]}]}`, "methodConfig[0].name[0].service", "is required")
}

func testRepeatedNames(t *testing.T) {
	refused(t, `{"methodConfig": [{"name": [{"service":"s"},{"service":"s", "method": ""}]}]}`,
		"methodConfig[0].name[1]", "repeats methodConfig[0].name[0]", "all methods of s")
	refused(t, `{"methodConfig": [{"name": [{"service":"s"}]}, {"name": [{"service":"s", "method": "m"}]}, {"name": [{"service":"x"}, {"service":"s", "method": "m"}]}]}`,
		"methodConfig[2].name[1]", "repeats methodConfig[1].name[0]", "s/m")
	refused(t, `{"methodConfig": [{"name": [{}]}, {"name": [{"service":null}]}]}`,
		"methodConfig[1].name[0]", "repeats methodConfig[0].name[0]", "the default")
	// A name that cannot be read repeats none.
	refused(t, `{"methodConfig": [{"name": [{"service": 5}, {}]}]}`, "methodConfig[0].name[0].service", "must be a string")
	refused(t, `{"methodConfig": [{"name": [{}, null]}]}`, "methodConfig[0].name[1]", "must be an object")
	refused(t, `{"methodConfig": [{"name": [{"service": "s", "method": []}, {"service": "s"}]}]}`, "methodConfig[0].name[0].method", "must be a string")
	// Names are case-sensitive.
	mustParse(t, `{"methodConfig": [{"name": [{"service":"s"},{"service":"S"}]}]}`)
}

func testMostSpecific(t *testing.T) {
	c := mustParse(t, `{"methodConfig": [
		{"name": [{}], "timeout": "1s", "waitForReady": true},
		{"name": [{"service": "pkg.S"}], "timeout": "2s"},
		{"name": [{"service": "pkg.S", "method": "M"}, {"service": "pkg.T", "method": "N"}], "hedgingPolicy": {"maxAttempts": 2}},
		{"timeout": "4s"}, {"name": [], "timeout": "5s"}, {"name": null}]}`)
	for method, want := range map[string]int{"/pkg.S/M": 2, "/pkg.T/N": 2, "/pkg.S/m": 1, "/pkg.S/Other": 1, "/pkg.S/": 1, "/pkg.T/M": 0, "/PKG.S/M": 0, "/S/M": 0, "": 0} {
		if got := c.Lookup(method); got != &c.Methods[want] {
			t.Errorf("%s: got %+v, want entry %d", method, got, want)
		}
	}
	if m := c.Lookup("/pkg.S/M"); m.Timeout != nil || m.WaitForReady != nil {
		t.Errorf("fields of other entries were merged in: %+v", m)
	}
	if m := mustParse(t, `{"methodConfig": [{"name": [{"service": "s"}]}]}`).Lookup("/other/M"); m != nil {
		t.Errorf("got %+v for a method without an entry", m)
	}
}

func testHedgingDefaults(t *testing.T) {
	for _, text := range []string{withHedging(""), withHedging(`"hedgingDelay": null, "nonFatalStatusCodes": null`), withHedging(`"hedgingDelay": "-0s", "nonFatalStatusCodes": []`)} {
		if got, want := *mustParse(t, text).Methods[0].Hedging, (hedge.Policy{MaxAttempts: 3}); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
	got := *mustParse(t, withHedging(`"hedgingDelay": "0.5s", "nonFatalStatusCodes": ["internal"]`)).Methods[0].Hedging
	if want := (hedge.Policy{MaxAttempts: 3, HedgingDelay: plan.Second / 2, NonFatalStatusCodes: status.Codes(status.Internal)}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func testHedgingDelayNegative(t *testing.T) {
	refused(t, withHedging(`"hedgingDelay": "-1s"`), "methodConfig[0].hedgingPolicy.hedgingDelay", "must not be negative", `found "-1s"`)
	refused(t, withHedging(`"hedgingDelay": 1`), "methodConfig[0].hedgingPolicy.hedgingDelay", "must be a duration", "found 1")
}

func testThrottling(t *testing.T) {
	for _, bad := range []string{"0", "-2", "1001", "1000.5", "0.5", `"10"`, "1e400"} {
		refused(t, withThrottling(`"maxTokens": `+bad), "retryThrottling.maxTokens", "must be", "found "+bad)
	}
	for _, bad := range []string{"0", "-1", "0.0005", "-0.0005", "1e-400", "-1e400", `"0.1"`} {
		refused(t, withThrottling(`"tokenRatio": `+bad), "retryThrottling.tokenRatio", "must be", "found "+bad)
	}
	refused(t, withThrottling("-maxTokens"), "retryThrottling.maxTokens", "is required")
	refused(t, withThrottling("-tokenRatio"), "retryThrottling.tokenRatio", "is required")
	refused(t, `{"retryThrottling": []}`, "retryThrottling", "must be an object", "found an array")

	for text, want := range map[string]int{"0.5466": 546, "0.001": 1, "0.0019999": 1, "1.001": 1001, "1.6": 1600, "5e-1": 500, "1e3": 1000000, "1e400": 1000000} {
		c := mustParse(t, withThrottling(`"maxTokens": 1e1, "tokenRatio": `+text))
		if got := *c.Throttling; got != (Throttling{10, want}) {
			t.Errorf("tokenRatio %s: got %+v, want %d", text, got, want)
		}
	}
	for _, text := range []string{"1", "10.0", "1000"} {
		mustParse(t, withThrottling(`"maxTokens": `+text))
	}
	if c := mustParse(t, `{"retryThrottling": null}`); c.Throttling != nil {
		t.Errorf("got %+v for null", c.Throttling)
	}
}

func testAllProblems(t *testing.T) {
	_, err := Parse(`{
		"retryThrottling": {"tokenRatio": 0, "maxTokens": 0},
		"methodConfig": [
			{"name": [{"method": "M"}, {}, 7], "timeout": "-1s", "waitForReady": "yes", "maxRequestMessageBytes": "1024", "maxResponseMessageBytes": -1,
			 "retryPolicy": {"maxAttempts": 1, "retryableStatusCodes": ["NOPE", "UNAVAILABLE", 99]},
			 "hedgingPolicy": {"hedgingDelay": "-1s"}},
			5,
			{"name": [{}], "retryPolicy": [], "hedgingPolicy": 1},
			{"name": {}, "timeout": 1}
		]}`)
	want := []string{
		"retryThrottling.tokenRatio",
		"retryThrottling.maxTokens",
		"methodConfig[0].name[0].service",
		"methodConfig[0].name[2]",
		"methodConfig[0].timeout",
		"methodConfig[0].waitForReady",
		"methodConfig[0].maxRequestMessageBytes",
		"methodConfig[0].maxResponseMessageBytes",
		"methodConfig[0].retryPolicy.initialBackoff",
		"methodConfig[0].retryPolicy.maxBackoff",
		"methodConfig[0].retryPolicy.backoffMultiplier",
		"methodConfig[0].retryPolicy.maxAttempts",
		"methodConfig[0].retryPolicy.retryableStatusCodes[0]",
		"methodConfig[0].retryPolicy.retryableStatusCodes[2]",
		"methodConfig[0].hedgingPolicy.maxAttempts",
		"methodConfig[0].hedgingPolicy",
		"methodConfig[0].hedgingPolicy.hedgingDelay",
		"methodConfig[1]",
		"methodConfig[2].name[0]",
		"methodConfig[2].retryPolicy",
		"methodConfig[2].hedgingPolicy",
		"methodConfig[3].name",
		"methodConfig[3].timeout",
	}
	var got []string
	for _, p := range problemsOf(t, err) {
		got = append(got, p.Path)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) || !strings.HasPrefix(lines[0], "service config: retryThrottling.tokenRatio: must be 0.001 or more") {
		t.Errorf("the problems are not one a line:\n%v", err)
	}
}

func testTimeout(t *testing.T) {
	c := mustParse(t, `{"methodConfig": [{"timeout": "1s", "waitForReady": false}, {"timeout": "0s"}, {"timeout": null}]}`)
	if got := *c.Methods[0].Timeout; got != plan.Second {
		t.Errorf("got %d", got)
	}
	if *c.Methods[0].WaitForReady || *c.Methods[1].Timeout != 0 || c.Methods[2].Timeout != nil || c.Methods[2].WaitForReady != nil {
		t.Errorf("got %+v", c.Methods)
	}
	for _, bad := range []string{`"-0.000000001s"`, "1", `"1"`} { // V24, V23
		refused(t, `{"methodConfig": [{"timeout": `+bad+`}]}`, "methodConfig[0].timeout", "must ", "found "+bad)
	}
}

func testSizes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-0": 0, "10": 10, "4194304": 4 << 20, "1e3": 1000, "4294967296": 1<<32 - 1, "1e400": 1<<32 - 1} {
		c := mustParse(t, `{"methodConfig": [{"maxRequestMessageBytes": `+text+`, "maxResponseMessageBytes": `+text+`}]}`)
		if m := c.Methods[0]; *m.MaxRequestMessageBytes != want || *m.MaxResponseMessageBytes != want {
			t.Errorf("%s: got %d and %d, want %d", text, *m.MaxRequestMessageBytes, *m.MaxResponseMessageBytes, want)
		}
	}
	for _, field := range []string{"maxRequestMessageBytes", "maxResponseMessageBytes"} {
		for _, bad := range []string{`"1024"`, "-1", "1.5", "-1e400"} { // V23
			refused(t, fmt.Sprintf(`{"methodConfig": [{%q: %s}]}`, field, bad), "methodConfig[0]."+field, "must ", "found "+bad)
		}
	}
}
