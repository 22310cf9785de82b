package jsbridge

import "github.com/hack-pad/safejs"

func errorOf(v safejs.Value) *Error {
	e := &Error{Name: text(v, "name"), Message: text(v, "message")}
	if e.Name == "" && e.Message == "" {
		e.Message, _ = v.String()
		return e
	}
	// In Node the message of a failed fetch is always "fetch failed"; only its cause says
	// what went wrong.
	if cause, err := v.Get("cause"); err == nil {
		if inner := errorText(cause); inner != "" {
			e.Message += ": " + inner
		}
	}
	return e
}

// errorText returns an error's message, or its code if it has no message.
func errorText(v safejs.Value) string {
	if message := text(v, "message"); message != "" {
		return message
	}
	return text(v, "code")
}

// text returns a property that is a string, and "" for any other.
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
