package jsbridge

import (
	"errors"
	"sync"

	"github.com/hack-pad/safejs"
)

// caught is an exception of JavaScript's that anybody may read. What safejs returns for one
// asks the thrown value for its message, which panics if that is null, text or a number. If
// the message itself throws, that would even end the program.
func caught(err error) error {
	said, is := saidBy(safejs.Safe, err)
	switch {
	case !is:
		return err
	case said == "":
		said = "JavaScript threw something that is no Error"
	}
	return errors.New(said)
}

// thrown is the exception itself, as syscall/js has it: V is its type of values.
type thrown[V any] interface {
	error
	Call(method string, args ...any) V
}

// saidBy is what an exception says of itself, if an error is one.
func saidBy[V any](safe func(V) safejs.Value, err error) (said string, is bool) {
	var e thrown[V]
	if is = errors.As(err, &e); !is {
		return "", false
	}
	defer func() { _ = recover() }() // it cannot be asked
	said, _ = safe(e.Call("toString")).String()
	return said, true
}

// property is a property of an object. A getter that throws would end the program where it
// is read by Get; JavaScript's own function returns the exception.
func property(v safejs.Value, name string) (safejs.Value, error) {
	get, err := reflectGet()
	if err != nil {
		return v, err
	}
	key, err := nameOf(name)
	if err != nil {
		return v, err
	}
	return get.Invoke(v, key)
}

// names are those of the properties that were read, as JavaScript has them: to hand one over
// each time would cost as much as the reading. The program's text names them all.
var names struct {
	mu    sync.Mutex
	known map[string]safejs.Value
}

func nameOf(name string) (safejs.Value, error) {
	names.mu.Lock()
	defer names.mu.Unlock()
	if known, ok := names.known[name]; ok {
		return known, nil
	}
	value, err := safejs.ValueOf(name)
	if names.known == nil {
		names.known = map[string]safejs.Value{}
	}
	names.known[name] = value
	return value, err
}

// setProperty is property's counterpart.
func setProperty(v safejs.Value, name string, value any) error {
	set, err := reflectSet()
	if err == nil {
		_, err = set.Invoke(v, name, value)
	}
	return err
}

func errorOf(v safejs.Value) *Error {
	e := &Error{Name: text(v, "name"), Message: text(v, "message")}
	if e.Name == "" && e.Message == "" {
		e.Message, _ = v.String()
		return e
	}
	// In Node the message of a failed fetch is always "fetch failed"; only its cause says
	// what went wrong.
	if cause, err := property(v, "cause"); err == nil {
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
	said, err := property(v, name)
	if err != nil || said.Type() != safejs.TypeString {
		return ""
	}
	s, _ := said.String()
	return s
}
