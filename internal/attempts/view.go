package attempts

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Streams reports whether messages are sent as they come.
func (m *Machine) Streams() bool { return m.set.Streams }

// Over reports whether the call has ended.
func (m *Machine) Over() bool { return m.phase == ended }

// Live reports whether what an attempt says still counts.
func (m *Machine) Live(id int) bool { return m.attempts[id].live }

// Committed is the attempt that the call is committed to, and whether there is one.
func (m *Machine) Committed() (id int, ok bool) { return m.commit, m.commit >= 0 }

// Headed reports whether the application was given the committed attempt's header.
func (m *Machine) Headed() bool { return m.headed }

// Number is an attempt's number, from 1; a transparent restart repeats it.
func (m *Machine) Number(id int) int { return m.attempts[id].record.Number }

// Reason is why no further attempt is made; ReasonNone while one may be.
func (m *Machine) Reason() status.CommitReason { return m.reason }

// Status is how the call ended; nil before that.
func (m *Machine) Status() *status.Status { return m.outcome }

// Attempts is how many were made so far, transparent restarts counted.
func (m *Machine) Attempts() int { return len(m.attempts) }

// MayRepeat reports whether the policy allows more attempts than were made.
func (m *Machine) MayRepeat() bool { return m.started < m.set.MaxAttempts }

// Answer is the attempt whose status is the call's; -1 if that is the client's own.
func (m *Machine) Answer() int { return m.answer }

// Deadline is the instant by which the call ends.
func (m *Machine) Deadline() plan.Duration { return m.set.Deadline }

// Begun is when the call began.
func (m *Machine) Begun() plan.Duration { return m.begun }

// Records is the history of the attempts, in the order in which they began.
func (m *Machine) Records() []status.AttemptRecord {
	records := make([]status.AttemptRecord, len(m.attempts))
	for i := range m.attempts {
		records[i] = m.attempts[i].record
	}
	return records
}

// WaitsForReady reports whether the call waits where there is no network.
func (m *Machine) WaitsForReady() bool { return m.set.WaitForReady }
