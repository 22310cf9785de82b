package status

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/explain"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Explain says in a few plain sentences what was tried, why it stopped, and what would have
// changed it: "3 attempts in 1.2 s: UNAVAILABLE, UNAVAILABLE, UNAVAILABLE. The next one was
// throttled: …". It is meant for logs and for developers; its wording may change.
func (s *Status) Explain() string {
	says := explain.Of(s.stopped())
	says = strings.Replace(says, "{code}", s.Code.String(), 1)
	says = strings.Replace(says, "{message}", strings.TrimSuffix(s.Message, "."), 1)
	if len(s.Attempts) == 0 {
		return says
	}
	said := text.Decimal(len(s.Attempts)) + " attempts in "
	if len(s.Attempts) == 1 {
		said = "1 attempt in "
	}
	if last := s.Attempts[len(s.Attempts)-1]; strings.Contains(last.Message, explain.SilentMark) {
		says = explain.Of(explain.Silent) + " " + says
	}
	return said + text.Span(s.took()) + ": " + s.ends() + ". " + says
}

// took is how long the attempts took together, as people say it: in milliseconds, or in
// tenths of seconds.
func (s *Status) took() int64 {
	end := int64(0)
	for _, a := range s.Attempts {
		end = max(end, a.EndedAt)
	}
	const unit = 1_000_000
	took := (end - s.Attempts[0].StartedAt + unit/2) / unit
	if took >= 1000 {
		took = (took + 50) / 100 * 100
	}
	return took * unit
}

// ends says how each attempt ended.
func (s *Status) ends() string {
	ends := make([]string, len(s.Attempts))
	for i, a := range s.Attempts {
		if ends[i] = "aborted"; a.Code != None {
			ends[i] = Code(a.Code).String()
		}
		if a.Endpoint != "" {
			ends[i] += " from " + a.Endpoint
		}
	}
	return text.List(ends)
}

// stopped is why the call stopped, in package explain's words.
func (s *Status) stopped() string {
	if len(s.Attempts) == 0 {
		return explain.Nothing
	}
	last := s.Attempts[len(s.Attempts)-1]
	switch {
	case last.Kind == KindRefresh && last.Code == None && s.Code == Unauthenticated:
		return explain.Unrefreshed
	case last.Kind == KindRefresh && last.Code == int(Unauthenticated) && s.CommitReason == ReasonFatalStatus:
		return explain.Refused
	}
	return s.CommitReason.String()
}
