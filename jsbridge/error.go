package jsbridge

// Error is what JavaScript threw, or rejected a promise with.
type Error struct {
	Name    string // such as "TypeError" or "AbortError"; "" if it was not an Error object
	Message string
}

// Error returns the name and the message, joined as JavaScript joins them.
func (e *Error) Error() string {
	switch {
	case e.Name == "":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}
