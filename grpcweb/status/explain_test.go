package status

import (
	"strings"
	"testing"

	"github.com/hedgerow-web/hedgerow/internal/explain"
)

// Every reason why a call can fail is explained, and every sentence is said of some call.
func TestExplain(t *testing.T) {
	const ms = 1_000_000
	attempt := func(kind AttemptKind, code int, from, to int64) AttemptRecord {
		return AttemptRecord{Kind: kind, Code: code, StartedAt: from * ms, EndedAt: to * ms}
	}
	said := map[string]bool{}
	for reason := ReasonResponseHeaders; reason.String() != "unknown"; reason++ {
		s := &Status{Code: Unavailable, Message: "no.", CommitReason: reason, Attempts: []AttemptRecord{attempt(KindFirst, int(Unavailable), 0, 30)}}
		got := s.Explain()
		if !strings.HasPrefix(got, "1 attempt in 30 ms: UNAVAILABLE. ") || !strings.HasSuffix(got, ".") || strings.Contains(got, "..") || strings.Contains(got, "{") {
			t.Errorf("%v: %q", reason, got)
		}
		said[s.stopped()] = true
	}
	for want, s := range map[string]*Status{
		"Nothing was sent: the channel is closed.": {Message: "the channel is closed", CommitReason: ReasonCanceled},
		"1 attempt in 30 ms: UNAVAILABLE. The":     {Code: Unavailable, CommitReason: ReasonFatalStatus, Attempts: []AttemptRecord{attempt(KindFirst, int(Unavailable), 500, 530)}},
		"2 attempts in 20 ms: UNAUTHENTICATED, NOT_FOUND. The method's service config": {Code: NotFound, CommitReason: ReasonFatalStatus, Attempts: []AttemptRecord{
			attempt(KindFirst, int(Unauthenticated), 0, 10), attempt(KindRefresh, int(NotFound), 10, 20),
		}},
		"3 attempts in 1.2 s: UNAVAILABLE, aborted, UNAVAILABLE. No response came": {Code: Unavailable, CommitReason: ReasonThrottled, Attempts: []AttemptRecord{
			attempt(KindFirst, int(Unavailable), 0, 100), attempt(KindHedge, None, 300, 500),
			{Kind: KindHedge, Code: int(Unavailable), StartedAt: 200 * ms, EndedAt: 1234 * ms, Message: "attempt 3" + explain.SilentMark + "1 s"},
		}},
		"2 attempts in 20 ms: UNAUTHENTICATED, aborted. The server refused the credentials, and they": {Code: Unauthenticated, CommitReason: ReasonFatalStatus, Attempts: []AttemptRecord{
			attempt(KindFirst, int(Unauthenticated), 0, 10), attempt(KindRefresh, None, 10, 20),
		}},
		"2 attempts in 20 ms: UNAUTHENTICATED, UNAUTHENTICATED. The server refused the fresh": {Code: Unauthenticated, CommitReason: ReasonFatalStatus, Attempts: []AttemptRecord{
			attempt(KindFirst, int(Unauthenticated), 0, 10), attempt(KindRefresh, int(Unauthenticated), 10, 20),
		}},
	} {
		if got := s.Explain(); !strings.HasPrefix(got, want) {
			t.Errorf("%q; want %q", got, want)
		}
		said[s.stopped()] = true
	}
	said[explain.Silent] = true
	for _, s := range explain.Sentences {
		if !said[s.Reason] {
			t.Errorf("nothing says the sentence of %q", s.Reason)
		}
	}
}
