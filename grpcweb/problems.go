package grpcweb

import "github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"

// ConfigError is the error of NewChannel: everything that is wrong with the options and
// the service config.
type ConfigError struct {
	Problems []serviceconfig.Problem // at least one, each with its path
}

// Error lists the problems, each on a line of its own if there are several.
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
