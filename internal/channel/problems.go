package channel

import "github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"

// Problems are all that is wrong with a channel's options and its service config.
type Problems []serviceconfig.Problem

// Add notes a problem.
func (p *Problems) Add(path, reason string) {
	*p = append(*p, serviceconfig.Problem{Path: path, Reason: reason})
}

// AddError notes the problems of a service config; nil adds none.
func (p *Problems) AddError(err error) {
	// No errors.As: what it reflects with would cost a browser 10 KB.
	switch err := err.(type) {
	case *serviceconfig.Error:
		*p = append(*p, err.Problems...)
	case error:
		p.Add("serviceConfig", err.Error())
	}
}
