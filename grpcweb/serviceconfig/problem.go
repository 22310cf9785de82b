package serviceconfig

// Error is why a config was refused: every problem it has, not only the first
// (SEMANTICS 1.4a).
type Error struct {
	Problems []Problem // at least one, at most one a path; Parse gives them in the order of the text
}

// Problem is one thing that is wrong with a config.
type Problem struct {
	// Path leads to the value: methodConfig[0].retryPolicy.maxAttempts. It is
	// empty where the text as a whole is no config, as after a syntax error.
	Path string
	// Reason says what is expected there and, where there is a text, what was found.
	Reason string
}

// Error lists the problems, one a line.
func (e *Error) Error() string {
	text, line := "", ""
	for _, p := range e.Problems {
		text += line + "service config: " + p.String()
		line = "\n"
	}
	return text
}

// String is the path and the reason.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Reason
	}
	return p.Path + ": " + p.Reason
}
