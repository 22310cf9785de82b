package serviceconfig

// Error is why a config was refused: every problem it has, not only the first
// (SEMANTICS 1.4a).
type Error struct {
	Problems []Problem // at least one, at most 100, one a path; Parse gives them in the order of the text
	More     bool      // there are others, which are not listed
}

// Problem is one thing that is wrong with a config.
type Problem struct {
	// Path leads to the value: methodConfig[0].retryPolicy.maxAttempts. It is
	// empty where the text as a whole is no config, as after a syntax error, and
	// ends in … where it would be very long.
	Path string
	// Reason says what is expected there and, where there is a text, what was found.
	Reason string
}

// Error lists the problems, one a line.
func (e *Error) Error() string {
	var text []byte
	for i, p := range e.Problems {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(append(text, "service config: "...), p.String()...)
	}
	if e.More {
		text = append(text, "\nservice config: there are more problems, which are not listed"...)
	}
	return string(text)
}

// String is the path and the reason.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Reason
	}
	return p.Path + ": " + p.Reason
}
