package serviceconfig

import "unicode/utf8"

// kind is the type of a JSON value.
type kind uint8

const (
	absent kind = iota // no value: a field that is not there
	null
	boolean
	number
	str
	array
	object
)

// value is a JSON value: where it stands in the text. It holds no part of the text itself,
// and lists of values are not made by append. TinyGo's garbage collector looks for the
// beginning of a text, step by step, from every part of it that somebody holds, and in what
// append has made it takes each number for an address: with many of them, each collection
// takes seconds.
type value struct {
	kind     kind
	key      int     // of a member of an object: where it stands
	from, to int     // as written
	length   int     // of an array or an object: how many items it has
	items    []value // these, in order, once they have been listed
}

// equalFold folds ASCII only: the names of fields have nothing else.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// longest is how many bytes of a value a message shows.
const longest = 40

// found shows a value at the end of a message.
func (n *node) found() string {
	shown := ""
	switch n.kind {
	case array:
		shown = "an array"
	case object:
		shown = "an object"
	default:
		shown = shorten(n.raw())
	}
	return " (found " + shown + ")"
}

// shorten cuts a text that is longer than a message shows.
func shorten(s string) string {
	if len(s) <= longest {
		return s
	}
	end := longest
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
