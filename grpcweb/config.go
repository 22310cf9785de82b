package grpcweb

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
)

// ServiceConfig says which methods are retried or hedged. It is the typed form of the
// JSON that WithServiceConfigJSON reads. The same rules hold, and NewChannel reports
// problems under the same paths.
type ServiceConfig struct {
	MethodConfigs []MethodConfig
	// RetryThrottling turns retries and hedges off while many calls fail. Optional;
	// with nil they are never throttled.
	RetryThrottling *RetryThrottlingPolicy
	// RetryBudget bounds how many retries and hedges there are, by how many calls there
	// are. Optional; with nil they cost nothing. In JSON it stands in x-hedgerow.
	RetryBudget *RetryBudget
}

// MethodConfig is what holds for the methods that it names. A method uses the entry that
// names it, or else the one that names its service, or else the default. Entries are
// never merged.
type MethodConfig struct {
	// Names are the methods that the entry is for. A name may occur only once in a
	// config. An entry without names is never used.
	Names []MethodName
	// Timeout is how long a call may take. Optional; 0 means no limit. If the context's
	// deadline is earlier, that holds.
	Timeout time.Duration
	// WaitForReady is whether calls wait while there is no network, instead of failing.
	// Optional; with nil they do not. WithWaitForReady overrides it.
	WaitForReady *bool
	// MaxRequestMessageBytes and MaxResponseMessageBytes limit the length of messages.
	// If the channel's limits are lower, those hold. Optional; nil means no limit, 0
	// allows only empty messages.
	MaxRequestMessageBytes  *int64
	MaxResponseMessageBytes *int64
	// At most one of RetryPolicy and HedgingPolicy may be set. Without either, a call
	// makes one attempt.
	RetryPolicy   *RetryPolicy
	HedgingPolicy *HedgingPolicy
}

// MethodName names one method, all methods of a service, or, as DefaultMethodName, all
// methods.
type MethodName struct {
	Service string // with its package: "helloworld.Greeter"; "" only where Method is "" too
	Method  string // "": all methods of the service
}

// DefaultMethodName names all methods that no other name matches.
var DefaultMethodName = MethodName{}

// RetryThrottlingPolicy is a bucket of tokens that the calls of a channel share. It
// starts full. A failure that could be retried takes one token, and a success gives
// TokenRatio back. While the bucket is no more than half full, nothing is retried or
// hedged: a call ends with the status of the attempt that it made.
type RetryThrottlingPolicy struct {
	// MaxTokens is how many tokens the bucket holds when it is full. Required, 1 to
	// 1000.
	MaxTokens int
	// TokenRatio is how many tokens a success gives back. Required, 0.001 or more.
	// Digits after the third decimal are dropped.
	TokenRatio float64
}

// RetryBudget is what the retries and hedges of a channel are paid from, so that many
// clients together cannot storm a server that has just come back. It starts with one and
// holds at most five. Until a call succeeds it pays for at most two, whatever it holds,
// and beyond these only for what MinPerSecond has earned meanwhile. What it does for a
// fleet is in docs/fleet.md (SEMANTICS 8.7).
type RetryBudget struct {
	// Ratio is how much of a retry each call earns: with 0.1, ten calls pay for one.
	// From 0 to 1.
	Ratio float64
	// MinPerSecond is how many retries time earns in a second. Optional, default 0; at
	// most 1000.
	MinPerSecond float64
}

// convert makes the config that the core reads, and checks it. Its errors are those of
// the JSON reader.
func (c ServiceConfig) convert() (*serviceconfig.Config, error) {
	converted := &serviceconfig.Config{Methods: make([]serviceconfig.Method, len(c.MethodConfigs))}
	var problems []serviceconfig.Problem
	for i := range c.MethodConfigs {
		path := "methodConfig[" + strconv.Itoa(i) + "]"
		converted.Methods[i] = c.MethodConfigs[i].convert(func(field, reason string) {
			problems = append(problems, serviceconfig.Problem{Path: path + "." + field, Reason: reason})
		})
	}
	if t := c.RetryThrottling; t != nil {
		converted.Throttling = &serviceconfig.Throttling{
			MaxTokens: t.MaxTokens, TokenRatioThousandth: thousandths(t.TokenRatio),
		}
	}
	if b := c.RetryBudget; b != nil {
		converted.Budget = &serviceconfig.Budget{Ratio: b.Ratio, MinPerSecond: b.MinPerSecond}
	}
	return converted, merge(problems, converted.Validate())
}

// merge puts the problems of the conversion before those that break a rule.
func merge(problems []serviceconfig.Problem, err error) error {
	if len(problems) == 0 {
		return err
	}
	all := &serviceconfig.Error{Problems: problems}
	var of *serviceconfig.Error
	if errors.As(err, &of) {
		all.Problems, all.More = append(problems, of.Problems...), of.More
	}
	return all
}

func (m *MethodConfig) convert(report func(field, reason string)) serviceconfig.Method {
	converted := serviceconfig.Method{
		WaitForReady:            m.WaitForReady,
		MaxRequestMessageBytes:  m.MaxRequestMessageBytes,
		MaxResponseMessageBytes: m.MaxResponseMessageBytes,
	}
	for _, name := range m.Names {
		converted.Names = append(converted.Names, serviceconfig.Name(name))
	}
	converted.Timeout = optionalSpan(m.Timeout)
	if m.RetryPolicy != nil {
		converted.Retry = m.RetryPolicy.convert(report)
	}
	if m.HedgingPolicy != nil {
		converted.Hedging = m.HedgingPolicy.convert(report)
	}
	return converted
}

// thousandths reads the ratio by its decimal text, because as a float 1.001 × 1000 is less
// than 1001 (SEMANTICS 2.7f).
func thousandths(ratio float64) int {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(ratio, 'f', -1, 64), ".")
	n, err := strconv.Atoi(whole + (fraction + "000")[:3])
	if err != nil { // it is NaN, which is refused, or so large that one success fills the bucket
		if ratio > 0 {
			return 1000 * 1000
		}
		return 0
	}
	return n
}
