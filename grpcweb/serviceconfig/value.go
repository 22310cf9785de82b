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

// value is a JSON value and where it stands.
type value struct {
	kind  kind
	key   string  // of a member of an object
	raw   string  // as written
	at    int     // offset of raw in the text
	text  string  // of a str: what it says
	items []value // of an array or an object, in order
}

// member is an object's member of that name. The exact spelling goes before any
// other case, and of several members the last counts, as in encoding/json.
func (v *value) member(key string) *value {
	var m *value
	for i := range v.items {
		item := &v.items[i]
		if item.key == key || equalFold(item.key, key) && (m == nil || m.key != key) {
			m = item
		}
	}
	return m
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
func (v *value) found() string {
	shown := v.raw
	switch {
	case v.kind == array:
		shown = "an array"
	case v.kind == object:
		shown = "an object"
	default:
		shown = shorten(shown)
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
