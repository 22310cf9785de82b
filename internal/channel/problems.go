package channel

import "github.com/hedgerow-web/hedgerow/grpcweb/serviceconfig"

// Problems are all that is wrong with a channel's options and its service config.
type Problems []serviceconfig.Problem

// Add notes a problem.
func (p *Problems) Add(path, reason string) {
	*p = append(*p, serviceconfig.Problem{Path: path, Reason: reason})
}
