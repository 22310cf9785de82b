package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// RefreshFailed is what the status says of a call that waited for a refresh that failed; a
// colon and the reason follow.
const RefreshFailed = "the credentials could not be refreshed"

// RefreshInside refuses a call that the function for refreshing makes while it runs, and
// that would wait for it (SEMANTICS 8.3g).
const RefreshInside = "a call from within refresh must set credentialsRefresh: false, or it would wait for itself"

// refreshOption is the name of the option for refreshing credentials.
const refreshOption = "credentialsRefresh"

// RefreshOn has credentials refreshed when an attempt is refused with one of these codes;
// with none, UNAUTHENTICATED.
func (o *Options) RefreshOn(codes []status.Code, report func(path, reason string)) {
	if len(codes) == 0 {
		codes = []status.Code{status.Unauthenticated}
	}
	for i, code := range codes {
		if code == status.OK || code > status.MaxCode {
			report(refreshOption+".codes["+text.Decimal(i)+"]", `must be a status code other than OK: a name such as "UNAUTHENTICATED", or a number from 1 to 16`)
		} else {
			o.RefreshCodes = o.RefreshCodes.With(code)
		}
	}
}

// ReadRefresh does the same with codes as JavaScript shows them, one a line: a name between
// quotes, or a number.
func (o *Options) ReadRefresh(lines string, report func(path, reason string)) {
	var codes []status.Code
	for lines != "" {
		line, rest, _ := text.Cut(lines, '\n')
		code := status.OK // which is refused
		if name, quoted := strings.CutPrefix(line, `"`); quoted {
			if named, ok := status.ParseCode(strings.TrimSuffix(name, `"`)); ok {
				code = named
			}
		} else if n, ok := text.Number(line); ok && n <= int64(status.MaxCode) {
			code = status.Code(n)
		}
		codes = append(codes, code)
		lines = rest
	}
	o.RefreshOn(codes, report)
}

// Credentials is what the channel's calls know of refreshes; nil: there are none.
func (ch *Channel) Credentials() *attempts.Credentials { return ch.credentials }

// Refreshed reports that a refresh has ended: cause is why it failed, or nil. It returns
// false if nobody waited for it any more. Otherwise the driver tells all calls.
func (ch *Channel) Refreshed(cause error) bool {
	var failure *status.Status
	if cause != nil {
		failure = status.New(status.Unauthenticated, RefreshFailed+": "+cause.Error())
		failure.Cause = cause
	}
	return ch.credentials.Refreshed(failure)
}
