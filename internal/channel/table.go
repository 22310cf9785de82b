package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// The table of a channel's options, under the names that the TypeScript package
// gives them. Both drivers read options by it, so that the same values are taken
// and refused in the same words, and a test holds the documentation against it.
// An option that is not of one of these three kinds (the base URL, the service
// config, metadata, functions) is read by each driver itself.

// A Number is an option that limits something: a whole number above 0, or no limit.
type Number struct {
	Name    string
	Default int64 // in the unit of the name; Unlimited: none
	unit    int64 // what one of them is in the field
	field   func(*Options) *int64
}

// Numbers are the options that limit something.
var Numbers = [...]Number{
	{"maxRetryAttempts", 5, 1, func(o *Options) *int64 { return &o.MaxRetryAttempts }},
	{"maxRetryBufferSize", 16 << 20, 1, func(o *Options) *int64 { return &o.MaxRetryBufferSize }},
	{"maxRetryBufferPerCallSize", 1 << 20, 1, func(o *Options) *int64 { return &o.MaxRetryBufferPerCallSize }},
	{"maxReceiveMessageBytes", 4 << 20, 1, func(o *Options) *int64 { return &o.MaxReceiveMessageBytes }},
	{"maxSendMessageBytes", Unlimited, 1, func(o *Options) *int64 { return &o.MaxSendMessageBytes }},
	{"defaultTimeoutMs", Unlimited, int64(plan.Millisecond), func(o *Options) *int64 { return (*int64)(&o.DefaultTimeout) }},
}

// Set gives the option a value in the unit of its name. What is below 1 is refused
// by Validate.
func (n *Number) Set(o *Options, value int64) {
	if value > Unlimited/n.unit {
		*n.field(o) = Unlimited
	} else {
		*n.field(o) = value * n.unit
	}
}

// A Choice is an option that is one of a few words. The first is the default.
type Choice struct {
	Name  string
	Words []string
	set   func(o *Options, word int)
}

// Choices are the options that are one of a few words.
var Choices = [...]Choice{
	{"jitter", []string{"full", "plusMinus20"}, func(o *Options, w int) { o.Jitter = plan.Jitter(w) }},
	{"headerCommit", []string{"strict", "firstFrame"}, func(o *Options, w int) { o.FirstFrame = w == 1 }},
	{"attemptHeader", []string{"auto", "always", "never"}, func(o *Options, w int) { o.AttemptHeader = AttemptHeader(w) }},
	{"format", []string{"binary", "text"}, func(o *Options, w int) { o.Text = w == 1 }},
	{"sendCompression", []string{"identity", "gzip"}, func(o *Options, w int) { o.SendGzip = w == 1 }},
	{"acceptCompression", []string{"identity", "gzip"}, func(o *Options, w int) { o.AcceptGzip = w == 1 }},
}

// Choose makes the option its word of this index, or reports that there is none.
func (c *Choice) Choose(o *Options, word int, report func(path, reason string)) {
	if word < 0 || word >= len(c.Words) {
		report(c.Name, c.allowed())
		return
	}
	c.set(o, word)
}

// Read makes the option this word, or reports that it is not one of its words.
func (c *Choice) Read(o *Options, value string, report func(path, reason string)) {
	c.read(o, value, text.Quote(value), report)
}

func (c *Choice) read(o *Options, value, shown string, report func(path, reason string)) {
	for i, word := range c.Words {
		if word == value {
			c.set(o, i)
			return
		}
	}
	report(c.Name, c.allowed()+", not "+shown)
}

// allowed says which words there are. They stand here and need no escapes.
func (c *Choice) allowed() string {
	allowed := "must be "
	for i, word := range c.Words {
		if i > 0 {
			allowed += " or "
		}
		allowed += `"` + word + `"`
	}
	return allowed
}

// A Flag is an option that holds or does not. What sets it is any value.
type Flag struct {
	Name  string
	field func(*Options) *bool
}

// Flags are the options that hold or do not. Users know the first one; drivers tell
// the others.
var Flags = [...]Flag{
	{"requestStreaming", func(o *Options) *bool { return &o.RequestStreaming }},
	{"perAttempt", func(o *Options) *bool { return &o.PerAttempt }},
	{"page", func(o *Options) *bool { return &o.Page }},
	{"crossOrigin", func(o *Options) *bool { return &o.At(len(o.More)).CrossOrigin }},
}

// NumberOf finds a number that the table is known to have.
func NumberOf(name string) *Number {
	for i := range Numbers {
		if Numbers[i].Name == name {
			return &Numbers[i]
		}
	}
	panic("no number is called " + name)
}

// ChoiceOf finds a choice that the table is known to have.
func ChoiceOf(name string) *Choice {
	for i := range Choices {
		if Choices[i].Name == name {
			return &Choices[i]
		}
	}
	panic("no choice is called " + name)
}

// Read sets the option of this name, or reports what is wrong with its value. It returns
// whether the table has the option. A flag may have any value.
func (o *Options) Read(name, value string, report func(path, reason string)) (known bool) {
	for i := range Flags {
		if f := &Flags[i]; f.Name == name {
			*f.field(o) = true
			return true
		}
	}
	return o.ReadValue(name, value, report)
}

// ReadValue does the same for a number or a choice. The value is text as JavaScript shows
// it: a number, a word between quotes or without, or anything else, which is refused.
func (o *Options) ReadValue(name, value string, report func(path, reason string)) (known bool) {
	for i := range Numbers {
		if n := &Numbers[i]; n.Name == name {
			n.Set(o, readNumber(name, value, report))
			return true
		}
	}
	for i := range Choices {
		if c := &Choices[i]; c.Name == name {
			c.read(o, strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`), value, report)
			return true
		}
	}
	return false
}

// readNumber reads a whole number. Anything else is reported here; the 1 that
// stands in for it is one that Validate lets pass, so that it is told once.
func readNumber(name, value string, report func(path, reason string)) int64 {
	if value == "Infinity" {
		return Unlimited
	}
	n, ok := text.Number(value)
	if !ok || n == 0 {
		report(name, "must be a whole number greater than 0, or Infinity for no limit, not "+value)
		return 1
	}
	return n
}
