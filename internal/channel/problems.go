package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"
)

// ConfigError is why no channel was made: everything that is wrong with its
// options and its service config, each with its path.
type ConfigError struct {
	Problems []serviceconfig.Problem
}

// Error lists the problems, one a line where there are several.
func (e *ConfigError) Error() string {
	if len(e.Problems) == 1 {
		return "the channel's options are not valid: " + e.Problems[0].String()
	}
	var b strings.Builder
	b.WriteString("the channel's options are not valid:")
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// Add notes a problem.
func (e *ConfigError) Add(path, reason string) {
	e.Problems = append(e.Problems, serviceconfig.Problem{Path: path, Reason: reason})
}

// AddError notes the problems of a service config; nil adds none.
func (e *ConfigError) AddError(err error) {
	// No errors.As: what it reflects with would cost a browser 10 KB.
	switch err := err.(type) {
	case *serviceconfig.Error:
		e.Problems = append(e.Problems, err.Problems...)
	case error:
		e.Add("serviceConfig", err.Error())
	}
}

// Err is the error, or nil where there is no problem.
func (e *ConfigError) Err() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}
