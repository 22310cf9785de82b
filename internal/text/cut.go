package text

import "strings"

// Cut, Count and Trim stand in for the functions of package strings, whose separators
// may be longer than a byte, and whose spaces may be any of Unicode's: for a browser
// that would be two kilobytes more.

// Cut divides text at the first separator; found is false, and before is all of the
// text, if there is none.
func Cut(s string, separator byte) (before, after string, found bool) {
	if at := strings.IndexByte(s, separator); at >= 0 {
		return s[:at], s[at+1:], true
	}
	return s, "", false
}

// Equal reports whether bytes are a text. TinyGo would make a string of the bytes to
// compare them.
func Equal(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if b[i] != s[i] {
			return false
		}
	}
	return true
}

// Count says how often a byte is in the text.
func Count(s string, c byte) int {
	n := 0
	for i := range len(s) {
		if s[i] == c {
			n++
		}
	}
	return n
}

// Trim takes ASCII's white space off both ends.
func Trim(s string) string {
	for s != "" && space(s[0]) {
		s = s[1:]
	}
	for s != "" && space(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// Clause takes the full stops off the end, for a sentence that goes on behind: some
// browsers end the texts of their errors with one.
func Clause(s string) string {
	for s != "" && s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
