package serviceconfig

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/retry"
)

// This file is a second reader of service configs, written from SEMANTICS 1.4
// on top of encoding/json and math/big, for the fuzz test to compare with.

// pair is a member of an object; encoding/json's maps would lose the order.
type pair struct {
	key   string
	value any
}

// referenceTree reads one value: []pair, []any, string, json.Number, bool or nil.
func referenceTree(dec *json.Decoder) any {
	token, err := dec.Token()
	if err != nil {
		panic("json.Valid let it pass: " + err.Error())
	}
	switch token {
	case json.Delim('{'):
		members := []pair{}
		for dec.More() {
			key, _ := dec.Token()
			members = append(members, pair{key.(string), referenceTree(dec)})
		}
		_, _ = dec.Token()
		return members
	case json.Delim('['):
		items := []any{}
		for dec.More() {
			items = append(items, referenceTree(dec))
		}
		_, _ = dec.Token()
		return items
	}
	return token
}

func parseReferenceTree(text string) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return referenceTree(dec)
}

// reference collects the paths of what is wrong.
type reference struct{ problems map[string]bool }

func (ref *reference) wrong(path string) { ref.problems[path] = true }

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// get finds a field; null is none.
func get(o []pair, key string) any {
	var exact, folded any
	isExact := false
	for _, m := range o {
		if m.key == key {
			exact, isExact = m.value, true
		} else if asciiLower(m.key) == asciiLower(key) {
			folded = m.value
		}
	}
	if isExact {
		return exact
	}
	return folded
}

func referenceConfig(tree any) (*Config, map[string]bool) {
	ref := &reference{map[string]bool{}}
	c := &Config{}
	root, ok := tree.([]pair)
	if !ok {
		ref.wrong("")
		return c, ref.problems
	}
	seen := map[Name]bool{}
	for i, m := range ref.list(get(root, "methodConfig"), "methodConfig") {
		c.Methods = append(c.Methods, ref.method(m, "methodConfig["+strconv.Itoa(i)+"]", seen))
	}
	if o := ref.object(get(root, "retryThrottling"), "retryThrottling"); o != nil {
		tokens := ref.integer(get(o, "maxTokens"), "retryThrottling.maxTokens", true, 1, 1000)
		ratio := ref.number(get(o, "tokenRatio"), "retryThrottling.tokenRatio")
		c.Throttling = &Throttling{MaxTokens: int(tokens)}
		if ratio != nil {
			thousandths := new(big.Rat).Mul(ratio, big.NewRat(1000, 1))
			if thousandths.Cmp(big.NewRat(1, 1)) < 0 {
				ref.wrong("retryThrottling.tokenRatio")
			}
			c.Throttling.TokenRatioThousandth = int(ratBetween(thousandths, 0, 1_000_000))
		}
		ref.extension(o, "retryThrottling")
	}
	if b := ref.object(get(ref.extension(root, "", "retryBudget"), "retryBudget"), "x-hedgerow.retryBudget"); b != nil {
		c.Budget = ref.budget(b, "x-hedgerow.retryBudget")
	}
	return c, ref.problems
}

var namePattern = regexp.MustCompile(`^[-_A-Za-z0-9]+$`)

func (ref *reference) budget(o []pair, path string) *Budget {
	ref.onlyHas(o, path, "ratio", "minPerSecond")
	b := &Budget{}
	if f := ref.number(get(o, "ratio"), path+".ratio"); f != nil {
		if b.Ratio, _ = f.Float64(); f.Sign() < 0 || b.Ratio > 1 {
			ref.wrong(path + ".ratio")
		}
	}
	if v := get(o, "minPerSecond"); v != nil {
		if f := ref.number(v, path+".minPerSecond"); f != nil {
			if b.MinPerSecond, _ = f.Float64(); f.Sign() < 0 || b.MinPerSecond > 1000 {
				ref.wrong(path + ".minPerSecond")
			}
		}
	}
	return b
}

// extension finds the object of Hedgerow's own fields. It may have only the given ones.
func (ref *reference) extension(of []pair, path string, fields ...string) []pair {
	path = strings.TrimPrefix(path+".x-hedgerow", ".")
	o := ref.object(get(of, "x-hedgerow"), path)
	ref.onlyHas(o, path, fields...)
	return o
}

func (ref *reference) onlyHas(o []pair, path string, fields ...string) {
	for _, m := range o {
		known := slices.ContainsFunc(fields, func(f string) bool { return asciiLower(f) == asciiLower(m.key) })
		if !known && get(o, m.key) != nil {
			key := m.key
			if !namePattern.MatchString(key) {
				key = text.Quote(key)
			}
			ref.wrong(path + "." + key)
		}
	}
}

func (ref *reference) method(v any, path string, seen map[Name]bool) Method {
	o := ref.object(v, path)
	if v == nil {
		ref.wrong(path)
	}
	m := Method{}
	ref.extension(o, path)
	for i, n := range ref.list(get(o, "name"), path+".name") {
		at := path + ".name[" + strconv.Itoa(i) + "]"
		if n == nil {
			ref.wrong(at)
		}
		if name, ok := ref.name(n, at); ok {
			if seen[name] {
				ref.wrong(at)
			}
			seen[name] = true
			m.Names = append(m.Names, name)
		}
	}
	m.Timeout = ref.duration(get(o, "timeout"), path+".timeout", 0)
	if w := get(o, "waitForReady"); w != nil {
		if b, ok := w.(bool); ok {
			m.WaitForReady = &b
		} else {
			ref.wrong(path + ".waitForReady")
		}
	}
	for field, target := range map[string]**int64{"maxRequestMessageBytes": &m.MaxRequestMessageBytes, "maxResponseMessageBytes": &m.MaxResponseMessageBytes} {
		if v := get(o, field); v != nil {
			n := min(ref.integer(v, path+"."+field, true, 0, math.MaxInt64), math.MaxUint32)
			*target = &n
		}
	}
	if r := ref.object(get(o, "retryPolicy"), path+".retryPolicy"); r != nil {
		m.Retry = ref.retry(r, path+".retryPolicy")
	}
	if h := ref.object(get(o, "hedgingPolicy"), path+".hedgingPolicy"); h != nil {
		m.Hedging = ref.hedging(h, path+".hedgingPolicy")
		if m.Retry != nil {
			ref.wrong(path + ".hedgingPolicy")
		}
	}
	return m
}

func (ref *reference) retry(o []pair, path string) *retry.Policy {
	ref.extension(o, path)
	timeout := ref.duration(get(o, "perAttemptRecvTimeout"), path+".perAttemptRecvTimeout", 1)
	p := &retry.Policy{PerAttemptRecvTimeout: timeout, MaxAttempts: int(min(ref.integer(get(o, "maxAttempts"), path+".maxAttempts", true, 2, math.MaxInt64), math.MaxInt32))}
	for field, target := range map[string]*plan.Duration{"initialBackoff": &p.InitialBackoff, "maxBackoff": &p.MaxBackoff} {
		if d := ref.duration(get(o, field), path+"."+field, 1); d != nil {
			*target = *d
		} else {
			ref.wrong(path + "." + field)
		}
	}
	if f := ref.number(get(o, "backoffMultiplier"), path+".backoffMultiplier"); f != nil {
		if f.Sign() <= 0 {
			ref.wrong(path + ".backoffMultiplier")
		}
		p.BackoffMultiplier, _ = f.Float64()
	}
	if get(o, "retryableStatusCodes") == nil {
		ref.wrong(path + ".retryableStatusCodes")
	}
	bad := len(ref.problems)
	p.RetryableStatusCodes = ref.codes(get(o, "retryableStatusCodes"), path+".retryableStatusCodes")
	if p.RetryableStatusCodes.Empty() && len(ref.problems) == bad {
		ref.wrong(path + ".retryableStatusCodes")
	}
	return p
}

func (ref *reference) hedging(o []pair, path string) *hedge.Policy {
	x := ref.extension(o, path, "perAttemptRecvTimeout", "delayPercentile", "minDelay", "maxDelay", "maxExtraLoad")
	timeout := ref.duration(get(x, "perAttemptRecvTimeout"), path+".x-hedgerow.perAttemptRecvTimeout", 1)
	p := &hedge.Policy{PerAttemptRecvTimeout: timeout, MaxAttempts: int(min(ref.integer(get(o, "maxAttempts"), path+".maxAttempts", true, 2, math.MaxInt64), math.MaxInt32))}
	if d := ref.duration(get(o, "hedgingDelay"), path+".hedgingDelay", 0); d != nil {
		p.HedgingDelay = *d
	}
	p.NonFatalStatusCodes = ref.codes(get(o, "nonFatalStatusCodes"), path+".nonFatalStatusCodes")
	p.Tuning = ref.tuning(x, path+".x-hedgerow")
	return p
}

func (ref *reference) tuning(x []pair, path string) *hedge.Tuning {
	t := hedge.Tuning{MaxExtraLoad: 0.05}
	percentile, load := get(x, "delayPercentile"), get(x, "maxExtraLoad")
	least, most := get(x, "minDelay"), get(x, "maxDelay")
	if percentile == nil && load == nil && least == nil && most == nil {
		return nil
	}
	if percentile != nil {
		if f := ref.number(percentile, path+".delayPercentile"); f != nil {
			if t.DelayPercentile, _ = f.Float64(); f.Sign() < 0 || t.DelayPercentile >= 100 {
				ref.wrong(path + ".delayPercentile")
			}
		}
	}
	if load != nil {
		if f := ref.number(load, path+".maxExtraLoad"); f != nil {
			if t.MaxExtraLoad, _ = f.Float64(); t.MaxExtraLoad <= 0 || t.MaxExtraLoad > 1 {
				ref.wrong(path + ".maxExtraLoad")
			}
		}
	}
	if d := ref.duration(least, path+".minDelay", 0); d != nil {
		t.MinDelay = *d
	}
	if d := ref.duration(most, path+".maxDelay", 0); d != nil {
		if t.MaxDelay = *d; t.MaxDelay > 0 && t.MaxDelay < t.MinDelay && !ref.problems[path+".maxDelay"] && !ref.problems[path+".minDelay"] {
			ref.wrong(path + ".maxDelay")
		}
	}
	return &t
}

func (ref *reference) name(v any, path string) (Name, bool) {
	o := ref.object(v, path)
	if o == nil {
		return Name{}, false
	}
	service, serviceOK := ref.text(get(o, "service"), path+".service")
	method, methodOK := ref.text(get(o, "method"), path+".method")
	if serviceOK && service == "" && (!methodOK || method != "") {
		ref.wrong(path + ".service")
		return Name{}, false
	}
	return Name{service, method}, serviceOK && methodOK
}

func (ref *reference) text(v any, path string) (string, bool) {
	s, ok := v.(string)
	if !ok && v != nil {
		ref.wrong(path)
		return "", false
	}
	return s, true
}

func (ref *reference) object(v any, path string) []pair {
	o, ok := v.([]pair)
	if !ok && v != nil {
		ref.wrong(path)
	}
	return o
}

func (ref *reference) list(v any, path string) []any {
	l, ok := v.([]any)
	if !ok && v != nil {
		ref.wrong(path)
	}
	return l
}

func (ref *reference) number(v any, path string) *big.Rat {
	n, ok := v.(json.Number)
	if !ok {
		ref.wrong(path)
		return nil
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		panic("math/big does not read " + string(n))
	}
	return r
}

func (ref *reference) integer(v any, path string, required bool, lowest, highest int64) int64 {
	if v == nil && !required {
		return 0
	}
	r := ref.number(v, path)
	if r == nil {
		return 0
	}
	if !r.IsInt() || r.Cmp(big.NewRat(lowest, 1)) < 0 || highest < math.MaxInt64 && r.Cmp(big.NewRat(highest, 1)) > 0 {
		ref.wrong(path)
	}
	return ratBetween(r, lowest, highest)
}

func (ref *reference) duration(v any, path string, lowest plan.Duration) *plan.Duration {
	if v == nil {
		return nil
	}
	s, _ := v.(string)
	d, ok := referenceDuration(s)
	if !ok || d < lowest {
		ref.wrong(path)
	}
	return &d
}

func (ref *reference) codes(v any, path string) status.CodeSet {
	var set status.CodeSet
	for i, item := range ref.list(v, path) {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch item := item.(type) {
		case string:
			code, ok := status.ParseCode(item)
			if !ok {
				ref.wrong(at)
			}
			set = set.With(code)
		case json.Number:
			set = set.With(status.Code(ref.integer(item, at, true, 0, int64(status.MaxCode))))
		default:
			ref.wrong(at)
		}
		if set.Has(status.OK) && !ref.problems[at] {
			ref.wrong(path)
		}
		if ref.problems[at] {
			set &^= status.Codes(status.OK)
		}
	}
	return set
}

var durationPattern = regexp.MustCompile(`^-?([0-9]+\.?[0-9]{0,9}|\.[0-9]{1,9})s$`)

func referenceDuration(text string) (plan.Duration, bool) {
	if !durationPattern.MatchString(text) {
		return 0, false
	}
	r, _ := new(big.Rat).SetString(strings.TrimSuffix(strings.Replace(text, ".s", ".0s", 1), "s"))
	if new(big.Rat).Abs(r).Cmp(big.NewRat(315_576_000_000, 1)) > 0 {
		return 0, false
	}
	return plan.Duration(ratBetween(r.Mul(r, big.NewRat(1e9, 1)), math.MinInt64, math.MaxInt64)), true
}
