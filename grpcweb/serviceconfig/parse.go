package serviceconfig

import (
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Parse reads a service config from JSON. It ignores fields that it does not
// know, except within x-hedgerow objects, and takes the names of those it does in
// any case, the exact one first.
// Where anything is wrong it returns no config, but an *Error with all the
// problems, in the order of the text.
//
// A whole number may be written in any way that JSON has: 5, 5.0 or 5e0. Of
// the same field given twice the last counts. Null is the same as no field.
func Parse(json string) (*Config, error) {
	if text.Trim(json) == "" { // V25
		return nil, &Error{Problems: []Problem{{Reason: "the text is empty: write {} for a config without policies"}}}
	}
	d := decoder{reader: reader{text: json}}
	if d.top = d.document(); d.problem != nil {
		return nil, &Error{Problems: []Problem{*d.problem}}
	}
	c := d.root().config()
	c.check(func(path, reason string) {
		if !d.full() {
			d.find(path).breaks(reason)
		}
	})
	if d.problems != nil {
		return nil, d.error()
	}
	return c, nil
}

// What the fields are to be.
const (
	wantArray    = "an array"
	wantBoolean  = "true or false"
	wantCode     = `a status code: a name such as "UNAVAILABLE", or a number from 1 to 16 without quotes`
	wantCodes    = `an array of status codes, such as ["UNAVAILABLE"]`
	wantDuration = `a duration in seconds, such as "1.5s"`
	wantNumber   = "a number"
	wantObject   = "an object"
	wantString   = "a string"
	wantWhole    = "a whole number"
)

// Stand-ins for values that are not there or cannot be read. They break no rule,
// so that check has nothing to add to what the reading has reported.
const (
	anyCount = 2
	anySpan  = plan.Second
	anyRatio = 1
	anyCode  = status.Unavailable
)

func (n node) config() *Config {
	c := new(Config)
	if !n.is(object, wantObject) {
		return c
	}
	c.Methods = each(n.field("methodConfig"), node.method)
	c.Throttling = n.field("retryThrottling").throttling()
	x := n.extension("retryBudget")
	c.Budget = x.field("retryBudget").budget()
	return c
}

func (n node) method() Method {
	if !n.is(object, wantObject) {
		return Method{}
	}
	n.extension()
	return Method{
		Names:                   each(n.field("name"), node.name),
		Timeout:                 optional(n.field("timeout"), node.duration),
		WaitForReady:            optional(n.field("waitForReady"), node.boolean),
		MaxRequestMessageBytes:  optional(n.field("maxRequestMessageBytes"), node.size),
		MaxResponseMessageBytes: optional(n.field("maxResponseMessageBytes"), node.size),
		Retry:                   n.field("retryPolicy").retryPolicy(),
		Hedging:                 n.field("hedgingPolicy").hedgingPolicy(),
	}
}

// name has its own path stand in for what cannot be read: it repeats no other name.
func (n node) name() Name {
	if !n.is(object, wantObject) {
		return Name{Service: n.path()}
	}
	return Name{
		Service: n.field("service").part(),
		Method:  n.field("method").part(),
	}
}

func (n node) retryPolicy() *retry.Policy {
	if !n.is(object, wantObject) {
		return nil
	}
	n.extension()
	return &retry.Policy{
		MaxAttempts:           n.required("maxAttempts").count(anyCount),
		InitialBackoff:        n.required("initialBackoff").duration(anySpan),
		MaxBackoff:            n.required("maxBackoff").duration(anySpan),
		BackoffMultiplier:     n.required("backoffMultiplier").float(1),
		RetryableStatusCodes:  n.required("retryableStatusCodes").codes(status.Codes(anyCode)),
		PerAttemptRecvTimeout: n.field("perAttemptRecvTimeout").span(),
	}
}

func (n node) hedgingPolicy() *hedge.Policy {
	if !n.is(object, wantObject) {
		return nil
	}
	x := n.extension(append([]string{"perAttemptRecvTimeout"}, tuningFields[:]...)...)
	return &hedge.Policy{
		MaxAttempts:           n.required("maxAttempts").count(anyCount),
		HedgingDelay:          n.field("hedgingDelay").duration(0),     // V15
		NonFatalStatusCodes:   n.field("nonFatalStatusCodes").codes(0), // V16
		PerAttemptRecvTimeout: x.field("perAttemptRecvTimeout").span(),
		Tuning:                x.tuning(),
	}
}

var tuningFields = [...]string{"delayPercentile", "minDelay", "maxDelay", "maxExtraLoad"}

// tuning reads what asks for a delay that is learned: any of its fields (SEMANTICS 8.5a).
func (n node) tuning() *hedge.Tuning {
	asked := false
	for _, f := range tuningFields {
		asked = asked || n.field(f).kind != absent
	}
	if !asked {
		return nil
	}
	t := &hedge.Tuning{
		DelayPercentile: n.field("delayPercentile").float(0),
		MinDelay:        n.field("minDelay").duration(0),
		MaxDelay:        n.field("maxDelay").duration(0),
		MaxExtraLoad:    hedge.DefaultMaxExtraLoad,
	}
	if load := n.field("maxExtraLoad"); load.kind != absent {
		t.MaxExtraLoad = load.float(hedge.DefaultMaxExtraLoad)
	}
	return t
}

func (n node) budget() *Budget {
	if !n.is(object, wantObject) {
		return nil
	}
	n.refuseOthers([]string{"ratio", "minPerSecond"})
	return &Budget{Ratio: n.required("ratio").float(0), MinPerSecond: n.field("minPerSecond").float(0)}
}

func (n node) throttling() *Throttling {
	if !n.is(object, wantObject) {
		return nil
	}
	n.extension()
	return &Throttling{
		MaxTokens:            n.required("maxTokens").count(anyCount),
		TokenRatioThousandth: n.required("tokenRatio").ratio(anyRatio),
	}
}
