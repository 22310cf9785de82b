package grpcweb

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// ServiceConfig says which methods are retried or hedged. It is the typed form
// of the JSON that WithServiceConfigJSON reads; the same rules hold, and
// NewChannel tells of mistakes under the same paths.
type ServiceConfig struct {
	MethodConfigs []MethodConfig
	// RetryThrottling slows retries and hedges down while many calls fail.
	// Optional; nil: they are never throttled.
	RetryThrottling *RetryThrottlingPolicy
}

// MethodConfig is what holds for the methods that it names. For each method the
// entry that names it holds, or else the one that names its service, or else
// the default; they are never merged.
type MethodConfig struct {
	// Names are what the entry holds for. A name may stand in a config only
	// once. An entry without names is never used.
	Names []MethodName
	// Timeout is the time that a call has. Optional; 0: no limit of its own.
	// The context's deadline holds where it is earlier.
	Timeout time.Duration
	// WaitForReady is whether calls wait while there is no network, instead of
	// failing. Optional; nil: they do not. WithWaitForReady goes before it.
	WaitForReady *bool
	// MaxRequestMessageBytes and MaxResponseMessageBytes limit messages, in
	// bytes; the channel's limits hold where they are lower. Optional; nil: no
	// limit of its own; 0: only empty messages.
	MaxRequestMessageBytes  *int64
	MaxResponseMessageBytes *int64
	// RetryPolicy or HedgingPolicy, not both. Optional; nil: one attempt.
	RetryPolicy   *RetryPolicy
	HedgingPolicy *HedgingPolicy
}

// MethodName names one method, or all methods of a service, or, as
// DefaultMethodName, all methods.
type MethodName struct {
	Service string // with its package: "helloworld.Greeter"; "" only where Method is "" too
	Method  string // "": all methods of the service
}

// DefaultMethodName names every method that nothing else names.
var DefaultMethodName = MethodName{}

// RetryThrottlingPolicy is a bucket of tokens that the calls of a channel share.
// It starts full. A failure that could be retried takes one token; a success
// gives TokenRatio back. While the bucket is no more than half full, nothing is
// retried or hedged: calls end with the status of the attempt they made.
type RetryThrottlingPolicy struct {
	// MaxTokens is what the bucket holds. Required, 1 to 1000.
	MaxTokens int
	// TokenRatio is what a success gives back. Required, 0.001 or more; digits
	// past the third decimal are dropped.
	TokenRatio float64
}

// convert makes the config that the core reads, and checks it. The errors are
// those of the JSON reader.
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
	return converted, merge(problems, converted.Validate())
}

// merge puts what the conversion found before what the rules found.
func merge(problems []serviceconfig.Problem, err error) error {
	if len(problems) == 0 {
		return err
	}
	var of *serviceconfig.Error
	if errors.As(err, &of) {
		problems = append(problems, of.Problems...)
	}
	return &serviceconfig.Error{Problems: problems}
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
	if m.Timeout != 0 {
		timeout := plan.Duration(m.Timeout)
		converted.Timeout = &timeout
	}
	if m.RetryPolicy != nil {
		converted.Retry = m.RetryPolicy.convert(report)
	}
	if m.HedgingPolicy != nil {
		converted.Hedging = m.HedgingPolicy.convert(report)
	}
	return converted
}

// thousandths reads the ratio by its decimal text: as a float, 1.001 × 1000 is
// less than 1001 (SEMANTICS 2.7f).
func thousandths(ratio float64) int {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(ratio, 'f', -1, 64), ".")
	n, err := strconv.Atoi(whole + (fraction + "000")[:3])
	if err != nil { // NaN, or out of every range: refused, or as good as full after one success
		if ratio > 0 {
			return 1000 * 1000
		}
		return 0
	}
	return n
}
