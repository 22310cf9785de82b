package grpcweb

import "github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"

// ConfigError is why NewChannel made no channel: everything that is wrong with its
// options and its service config.
type ConfigError struct {
	Problems []serviceconfig.Problem // at least one, each with its path
}

// Error lists the problems, one a line where there are several.
func (e *ConfigError) Error() string {
	text := "the channel's options are not valid:"
	if len(e.Problems) == 1 {
		return text + " " + e.Problems[0].String()
	}
	for _, p := range e.Problems {
		text += "\n  " + p.String()
	}
	return text
}
