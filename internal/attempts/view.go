package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
)

// Streams reports whether messages are sent as they come.
func (m *Machine) Streams() bool { return m.set.Streams }

// Over reports whether the call has ended.
func (m *Machine) Over() bool { return m.phase == ended }

// Live reports whether an attempt is under way, so that what it reports counts.
func (m *Machine) Live(id int) bool { return m.attempts[id].live }

// Committed returns the index of the attempt that the call is committed to, and whether
// there is one.
func (m *Machine) Committed() (id int, ok bool) { return m.commit, m.commit >= 0 }

// Headed reports whether the application has the committed attempt's header.
func (m *Machine) Headed() bool { return m.headed }

// Number is an attempt's number, from 1. A transparent restart has the number of the
// attempt that it replaces.
func (m *Machine) Number(id int) int { return m.attempts[id].record.Number }

// Reason is why no further attempt is made. It is set when the call commits or ends, and
// ReasonNone before.
func (m *Machine) Reason() status.CommitReason { return m.reason }

// Status is how the call ended; nil before that.
func (m *Machine) Status() *status.Status { return m.outcome }

// Attempts is how many attempts have begun, including transparent restarts.
func (m *Machine) Attempts() int { return len(m.attempts) }

// MayRepeat reports whether the policy allows more attempts than were made.
func (m *Machine) MayRepeat() bool { return m.started < m.set.MaxAttempts }

// MayRefresh reports whether an attempt with this code, had it not been committed, would
// have been sent again with fresh credentials.
func (m *Machine) MayRefresh(code status.Code) bool { return m.set.Credentials.Refreshes(code) }

// Answer is the index of the attempt whose status is the call's; -1 if the client made
// the status itself.
func (m *Machine) Answer() int { return m.answer }

// Deadline is the instant by which the call ends.
func (m *Machine) Deadline() plan.Duration { return m.set.Deadline }

// Begun is when the call began.
func (m *Machine) Begun() plan.Duration { return m.begun }

// Records returns the history of the attempts, in the order in which they began.
func (m *Machine) Records() []status.AttemptRecord {
	records := make([]status.AttemptRecord, len(m.attempts))
	for i := range m.attempts {
		records[i] = m.attempts[i].record
	}
	return records
}

// Record is the history of one attempt so far.
func (m *Machine) Record(id int) *status.AttemptRecord { return &m.attempts[id].record }

// WaitsForReady reports whether the call waits while there is no network.
func (m *Machine) WaitsForReady() bool { return m.set.WaitForReady }
