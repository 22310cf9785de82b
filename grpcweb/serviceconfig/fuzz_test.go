package serviceconfig

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hugeExponent is a number that math/big takes minutes for.
var hugeExponent = regexp.MustCompile(`[eE][+-]?0*[1-9][0-9]{3}`)

func FuzzServiceConfig(f *testing.F) {
	for _, text := range seeds {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if json.Valid([]byte(text)) {
			tree := parseReferenceTree(text)
			d := decoder{reader: reader{text: text}}
			d.top = d.document()
			if depthOf(tree) > maxDepth {
				if d.problem == nil {
					t.Fatal("nested deeper than the limit, and taken")
				}
				return
			}
			if d.problem != nil {
				t.Fatalf("encoding/json takes it, but %s", d.problem)
			}
			compareTrees(t, d.root(), tree)
			if !hugeExponent.MatchString(text) {
				compareConfigs(t, c, err, tree)
			}
		} else if err == nil || problemsOf(t, err)[0].Path != "" {
			t.Fatalf("encoding/json refuses it, but not as a syntax error: %v", err)
		}
		if err == nil {
			if again := c.Validate(); again != nil {
				t.Fatalf("Parse takes it, but %v", again)
			}
			c.Lookup("/pkg.Service/Method")
		}
	})
}

func depthOf(tree any) (depth int) {
	switch tree := tree.(type) {
	case []any:
		for _, item := range tree {
			depth = max(depth, depthOf(item))
		}
		return depth + 1
	case []pair:
		for _, member := range tree {
			depth = max(depth, depthOf(member.value))
		}
		return depth + 1
	}
	return 0
}

func compareTrees(t *testing.T, n node, want any) {
	t.Helper()
	items := n.list()
	ok := false
	switch want := want.(type) {
	case nil:
		ok = n.kind == null
	case bool:
		ok = n.kind == boolean && (n.raw() == "true") == want
	case json.Number:
		ok = n.kind == number && n.raw() == string(want)
	case string:
		ok = n.kind == str && n.says() == want
	case []any:
		if ok = n.kind == array && len(items) == len(want); ok {
			for i := range want {
				compareTrees(t, n.element(i), want[i])
			}
		}
	case []pair:
		if ok = n.kind == object && len(items) == len(want); ok {
			for i := range want {
				if n.decoder.keyOf(&items[i]) != want[i].key {
					t.Fatalf("key %q, want %q", n.decoder.keyOf(&items[i]), want[i].key)
				}
				compareTrees(t, n.element(i), want[i].value)
			}
		}
	}
	if !ok {
		t.Fatalf("read %q, want %#v", n.raw(), want)
	}
}

func compareConfigs(t *testing.T, got *Config, err error, tree any) {
	t.Helper()
	want, wantPaths := referenceConfig(tree)
	if err != nil {
		paths := map[string]bool{}
		for _, p := range problemsOf(t, err) {
			if paths[p.Path] {
				t.Errorf("two problems at %s:\n%v", p.Path, err)
			}
			if _, root := tree.([]pair); p.Path == "" && root || p.Reason == "" || strings.ContainsAny(p.Reason, "\n") {
				t.Errorf("a problem without a path or without one line of reason: %q", p)
			}
			paths[p.Path] = true
		}
		if !reflect.DeepEqual(paths, wantPaths) {
			t.Fatalf("problems\n%v\nwant them at %v", err, wantPaths)
		}
		return
	}
	if len(wantPaths) > 0 {
		t.Fatalf("accepted, want problems at %v", wantPaths)
	}
	plain := &Config{Methods: slices.Clone(got.Methods), Throttling: got.Throttling, Budget: got.Budget}
	for i := range plain.Methods {
		m := &plain.Methods[i]
		if len(m.Names) == 0 {
			m.Names = nil
		}
		if r := m.Retry; r != nil && i < len(want.Methods) && want.Methods[i].Retry != nil {
			near(t, r.BackoffMultiplier, want.Methods[i].Retry.BackoffMultiplier)
			same := *r
			same.BackoffMultiplier = want.Methods[i].Retry.BackoffMultiplier
			m.Retry = &same
		}
	}
	if len(plain.Methods) == 0 {
		plain.Methods = nil
	}
	if !reflect.DeepEqual(plain, want) {
		t.Fatalf("got %+v, want %+v", plain, want)
	}
}

// near allows a multiplier the last two bits, and the numbers that are
// next to 0 their few ones.
func near(t *testing.T, got, want float64) {
	t.Helper()
	if got != want && !(math.Abs(got-want) <= math.Abs(want)*4e-16) && !(want < 1e-305 && got > 0 && got < 2e-305) {
		t.Fatalf("multiplier %v, want %v", got, want)
	}
}

var seeds = []string{
	`{}`, ``, ` `, `null`, `[]`, `{"methodConfig":null,"retryThrottling":null}`,
	withRetry(""), withHedging(""), withThrottling(""),
	`{"methodConfig":[{"name":[{"service":"a.B","method":"C"},{"service":"a.B"},{}],"timeout":"1.5s","waitForReady":true,"maxRequestMessageBytes":10,"maxResponseMessageBytes":0,` +
		`"retryPolicy":{"maxAttempts":5,"initialBackoff":"1s","maxBackoff":"5s","backoffMultiplier":1.5,"retryableStatusCodes":["UNAVAILABLE","Aborted",1]}}],` +
		`"retryThrottling":{"maxTokens":10,"tokenRatio":0.1}}`,
	`{"methodConfig":[{"name":[{"method":"M"},{},{"service":5},{},null,7],"retryPolicy":{"MaxAttempts":1,"initialBackoff":"5m","maxBackoff":3,"retryableStatusCodes":["NOPE",14,"14",17,0]},` +
		`"hedgingPolicy":{"maxAttempts":"x","hedgingDelay":"-1s","nonFatalStatusCodes":[0,null]}},null,5],"retryThrottling":{"maxTokens":2.5,"tokenRatio":0.0005}}`,
	`{"methodConfig":[{"timeout":"-1s","waitForReady":1,"maxRequestMessageBytes":"1024","maxResponseMessageBytes":-1,"retryPolicy":[],"hedgingPolicy":1}]}`,
	withRetry(`"maxAttempts": 5e0`), withRetry(`"backoffMultiplier": 1e300`), withThrottling(`"maxTokens": 10.0`), withHedging(`"hedgingDelay": ".01s", "nonFatalStatusCodes": []`),
	`{"x-hedgerow":{"":1,"a.b\n":2,"a":1,"A":null,"b":2,"b":3},"methodConfig":[{"x-hedgerow":{}},{"x-hedgerow":7}]}`, withHedging(`"X-Hedgerow": {"x": 1}`), withRetry(`"x-hedgerow": []`),
	`{"a":[1,-0,0.5e+10,1E-3,true,false,null,"\ud83d\ude00\ud83d\u00e9\/"],"a":{}}`, "\"\xff\"", `{"a":1,}`, `[01]`, `"\u12`, "\ufeff{}",
}

// TestAgainstReference compares configs that a fuzzer of bytes would not find:
// every field with good and bad values in chance order.
func TestAgainstReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for range 20_000 {
		text := randomConfig(random)
		c, err := Parse(text)
		compareConfigs(t, c, err, parseReferenceTree(text))
		if t.Failed() {
			t.Fatal(text)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d of the configs were good", accepted)
	}
}

// randomConfig is good in about one case of five.
func randomConfig(random *rand.Rand) string {
	whole := []string{"2", "5.0", "1e1", "3", "4", "999", "70e-1", "2", "1", "0", "-2", "2.5", `"3"`, "99999999999999999999", "1e30", "null", "[]"}
	span := []string{`"1s"`, `".01s"`, `"5s"`, `"0.000000001s"`, `"315576000000s"`, `"2.5s"`, `"3s"`, `"0s"`, `"-1s"`, `"5m"`, `"0.0000000001s"`, "1", "null"}
	float := []string{"1.5", "2", "0.1", "1e-3", "0.5466", "1.0019999", "1234567890123456789012345678.25", "1e30", "0", "-1", "0.0005", `"2"`, "null"}
	codes := []string{`["UNAVAILABLE"]`, `["Aborted",14,1.0]`, `[14,14]`, "[16]", "[8]", "[9,10]", "[]", "[0]", `["OK",17]`, `["NOPE"]`, `["14",null]`, "14", "null", "{}"}
	flag := []string{"true", "false", "null", "true", "false", `"true"`, "1"}
	name := []string{`{"service":"a"}`, `{"service":"a","method":"m"}`, `{"service":"b","method":"m"}`, `{"service":"c","x":1}`, "{}", `{"service":null}`, `{"method":"m"}`, `{"service":1,"method":""}`, `{"service":"a","method":2}`, "null", "7"}

	// pick takes one of the first, good ones nearly always.
	pick := func(values []string) string {
		if random.IntN(25) == 0 {
			return values[random.IntN(len(values))]
		}
		return values[random.IntN(5)]
	}
	list := func(most int, item func() string) string {
		items := make([]string, random.IntN(most+1))
		for i := range items {
			items[i] = item()
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	fields := func(keysAndValues ...func() string) string {
		var members []string
		for i := 0; i < len(keysAndValues); i += 2 {
			if random.IntN(40) != 0 {
				members = append(members, keysAndValues[i]()+":"+keysAndValues[i+1]())
			}
		}
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return "{" + strings.Join(members, ", ") + "}"
	}
	key := func(k string) func() string {
		return func() string {
			if random.IntN(40) == 0 {
				k = strings.ToUpper(k)
			}
			return `"` + k + `"`
		}
	}
	from := func(values []string) func() string { return func() string { return pick(values) } }
	oneOf := func(object func() string) func() string {
		return func() string { return pick([]string{object(), "null", object(), "null", "null", "[]", "3"}) }
	}
	retryPolicy := func() string {
		return fields(key("maxAttempts"), from(whole), key("initialBackoff"), from(span), key("maxBackoff"), from(span),
			key("backoffMultiplier"), from(float), key("retryableStatusCodes"), from(codes), key("perAttemptRecvTimeout"), from(append(span[:5:5], append([]string{"null"}, span...)...)))
	}
	hedgingPolicy := func() string {
		return fields(key("maxAttempts"), from(whole), key("hedgingDelay"), from(span), key("nonFatalStatusCodes"), from(codes), key("x-hedgerow"), oneOf(func() string {
			return fields(key("perAttemptRecvTimeout"), from(span), key("delayPercentile"), from(float), key("minDelay"), from(span),
				key("maxDelay"), from(span), key("maxExtraLoad"), from(float))
		}))
	}
	method := func() string {
		return fields(key("name"), func() string { return list(2, from(name)) }, key("timeout"), from(span), key("waitForReady"), from(flag),
			key("maxRequestMessageBytes"), from(whole), key("maxResponseMessageBytes"), from(whole),
			key("retryPolicy"), oneOf(retryPolicy), key("hedgingPolicy"), oneOf(hedgingPolicy))
	}
	throttling := func() string { return fields(key("maxTokens"), from(whole), key("tokenRatio"), from(float)) }
	budget := func() string { return fields(key("ratio"), from(float), key("minPerSecond"), from(float)) }
	extension := func() string { return fields(key("retryBudget"), oneOf(budget)) }
	return fields(key("methodConfig"), func() string { return list(3, method) }, key("retryThrottling"), oneOf(throttling), key("x-hedgerow"), oneOf(extension))
}
