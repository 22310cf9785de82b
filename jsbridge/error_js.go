package jsbridge

import "github.com/hack-pad/safejs"

// Error is what JavaScript has thrown, or rejected a promise with.
type Error struct {
	Name    string // "TypeError", "AbortError"; "" if it was no Error object
	Message string
}

// Error is the name and the message, as JavaScript itself writes them.
func (e *Error) Error() string {
	switch {
	case e.Name == "":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}

func errorOf(v safejs.Value) *Error {
	e := &Error{Name: text(v, "name"), Message: text(v, "message")}
	if e.Name == "" && e.Message == "" {
		e.Message, _ = v.String()
		return e
	}
	// Node tells what went wrong in the cause alone: "fetch failed" is all it says above.
	if cause, err := v.Get("cause"); err == nil {
		if inner := errorText(cause); inner != "" {
			e.Message += ": " + inner
		}
	}
	return e
}

// errorText is an error's message, or its code where it has no message.
func errorText(v safejs.Value) string {
	if message := text(v, "message"); message != "" {
		return message
	}
	return text(v, "code")
}

// text is a property that is a string; "" if it is none.
func text(v safejs.Value, name string) string {
	if v.Type() != safejs.TypeObject {
		return ""
	}
	property, err := v.Get(name)
	if err != nil || property.Type() != safejs.TypeString {
		return ""
	}
	s, _ := property.String()
	return s
}
