package serviceconfig

import (
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/hedge"
	"github.com/hedgerow-web/hedgerow/retry"
)

// Validate reports all problems of the config in one *Error, with the paths
// that they would have in JSON, or nil. It also prepares Lookup: call it again
// after a change.
func (c *Config) Validate() error {
	if c == nil {
		return nil
	}
	c.index = nameIndex{}
	names := 0
	for i := range c.Methods {
		names += len(c.Methods[i].Names)
	}
	if p := tooMany(names, len(c.Methods)); p != nil {
		return &Error{Problems: []Problem{*p}}
	}
	var e Error
	c.check(func(path, reason string) {
		if e.More = len(e.Problems) == maxProblems; !e.More {
			e.Problems = append(e.Problems, Problem{path, reason})
		}
	})
	if e.Problems != nil {
		c.index = nameIndex{}
		return &e
	}
	return nil
}

// maxNames is how many names a config may give in all, and how many entries it may have:
// more than any company has methods, and little enough to be checked while a page loads.
const maxNames = 10_000

func tooMany(names, entries int) *Problem {
	taken := ": at most " + text.Decimal(maxNames) + " are taken"
	switch {
	case names > maxNames:
		return &Problem{"methodConfig", "gives " + text.Decimal(names) + " names" + taken +
			"; an entry that names a service without a method holds for all of its methods"}
	case entries > maxNames:
		return &Problem{"methodConfig", "has " + text.Decimal(entries) + " entries" + taken}
	}
	return nil
}

// entry is the place of an entry of methodConfig.
type entry int

func (i entry) path() string { return element("methodConfig", int(i)) }

// name is the place of one of its names.
func (i entry) name(of int) string { return element(i.path()+".name", of) }

// reporter takes the path of a value that breaks a rule, and the rule.
type reporter func(path, reason string)

// under is the reporter for the fields of the object at path.
func (report reporter) under(path string) reporter {
	return func(field, reason string) { report(path+"."+field, reason) }
}

// check holds the config against every rule about values. That fields are
// there and have the right JSON type is the decoder's matter, before this.
func (c *Config) check(report reporter) {
	for i := range c.Methods {
		at := entry(i)
		c.Methods[i].check(func(field, reason string) { report(at.path()+"."+field, reason) })
		c.checkNames(at, report)
	}
	// Also without any methodConfig (SEMANTICS 1.4 V22).
	if c.Throttling != nil {
		c.Throttling.check(report.under("retryThrottling"))
	}
	if c.Budget != nil {
		c.Budget.check(report.under(extensionKey + ".retryBudget"))
	}
}

func (m *Method) check(report reporter) {
	if m.Timeout != nil && *m.Timeout < 0 { // V24
		report("timeout", "must not be negative")
	}
	checkSize("maxRequestMessageBytes", m.MaxRequestMessageBytes, report)
	checkSize("maxResponseMessageBytes", m.MaxResponseMessageBytes, report)
	checkPolicies(m.Retry, m.Hedging, report)
}

func checkSize(field string, size *int64, report reporter) {
	if size != nil && *size < 0 {
		report(field, "must not be negative")
	}
}

// checkPolicies leaves the rules of each policy to the policy.
func checkPolicies(r *retry.Policy, h *hedge.Policy, report reporter) {
	if r != nil {
		r.Validate(report.under("retryPolicy"))
	}
	if h != nil {
		h.Validate(report.under("hedgingPolicy"))
	}
	if r != nil && h != nil { // V17
		report("hedgingPolicy", "must not stand beside a retryPolicy: keep one of the two, or give each an entry and names of its own")
	}
}

// checkNames refuses a method of no service, and a name that an entry, this
// one or an earlier one, has already (SEMANTICS 1.3d, 1.3e). All others it adds to the index.
func (c *Config) checkNames(of entry, report reporter) {
	for i, name := range c.Methods[of].Names {
		key := name.key()
		switch first := c.index.keys.Find(key); {
		case name.Service == "" && name.Method != "":
			report(of.name(i)+".service", "is required where a method is named: the service with its package, such as \"helloworld.Greeter\"")
		case first >= 0:
			report(of.name(i), "repeats "+c.placeOf(key, c.index.entries[first])+" ("+name.describe()+"): a name may stand in a config only once")
		default:
			c.index.keys.Add(key)
			c.index.entries = append(c.index.entries, int32(of))
		}
	}
}

// placeOf is the path of the first name of an entry that has the key.
func (c *Config) placeOf(key string, of int32) string {
	i := 0
	for c.Methods[of].Names[i].key() != key {
		i++
	}
	return entry(of).name(i)
}

func (n Name) describe() string {
	switch {
	case n.Service == "":
		return "the default for all methods"
	case n.Method == "":
		return "all methods of " + n.Service
	default:
		return n.Service + "/" + n.Method
	}
}

func (t *Throttling) check(report reporter) {
	if t.MaxTokens < 1 || t.MaxTokens > 1000 { // V19
		report("maxTokens", "must be from 1 to 1000")
	}
	if t.TokenRatioThousandth < 1 { // V20, V21
		report("tokenRatio", "must be 0.001 or more: digits past the third decimal are dropped")
	}
}

// check follows SEMANTICS 8.7a.
func (b *Budget) check(report reporter) {
	if !(b.Ratio >= 0 && b.Ratio <= 1) {
		report("ratio", "must be from 0 to 1, such as 0.1 for one retry in ten calls")
	}
	if !(b.MinPerSecond >= 0 && b.MinPerSecond <= 1000) {
		report("minPerSecond", "must be from 0 to 1000")
	}
}

// element is the path of an array's i-th element.
func element(path string, i int) string { return path + "[" + text.Decimal(i) + "]" }
