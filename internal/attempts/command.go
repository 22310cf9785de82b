package attempts

// The methods in this file are commands of package call, not events: package call reads
// the responses, so it decides when to read, to inflate and to warn. The machine only
// puts the action among its own, so that the driver gets all of them in order.

// Read asks the driver to read the next piece of an attempt's response body.
func (m *Machine) Read(id int) { m.act(Action{Op: Read, Attempt: id}) }

// Inflate asks the driver to inflate the attempt's current payload, stopping one byte
// after the limit.
func (m *Machine) Inflate(id int, limit int64) {
	m.act(Action{Op: Inflate, Attempt: id, Limit: limit})
}

// Warn asks the driver to tell the developer about something that is not an error.
func (m *Machine) Warn(id int, w Warning) { m.act(Action{Op: Warn, Attempt: id, Warning: w}) }

// Discard asks the driver to drop the rest of an attempt's response, because the
// attempt's status is known already.
func (m *Machine) Discard(id int) { m.act(Action{Op: Abort, Attempt: id}) }
