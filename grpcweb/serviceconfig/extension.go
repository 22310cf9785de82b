package serviceconfig

import "github.com/hedgerow-web/hedgerow/internal/text"

// extensionKey is the field that holds Hedgerow's own settings. Other gRPC clients
// ignore it, as they ignore all fields that they do not know, so one config can serve
// them all.
const extensionKey = "x-hedgerow"

// extension is the object of Hedgerow's own settings in an object of the standard, with
// the fields that it may have there. Nobody else reads it, so any other field is a
// mistake, and would otherwise go unnoticed (SEMANTICS 8.0b).
func (n *node) extension(fields ...string) node {
	x := n.field(extensionKey)
	if x.is(object, wantObject) {
		x.refuseOthers(fields)
	}
	return x
}

// refuseOthers reports the fields of an object that are none of these. A field that is
// null, or repeats one that was reported, is left out. Each field is compared with all
// others, so only as many are looked at as problems would be listed.
func (n *node) refuseOthers(fields []string) {
	if n.length > maxProblems {
		n.wrong("an object of at most 100 fields")
		return
	}
	items := n.list()
	for i := range items {
		key := n.decoder.keyOf(&items[i])
		f := n.field(key)
		if f.kind == absent || knows(fields, key) || n.hasBefore(i, key) {
			continue
		}
		if !isName(key) {
			f.key = text.Quote(key)
		}
		if len(fields) == 0 {
			f.breaks("is unknown: " + extensionKey + " has no fields here")
		} else {
			f.breaks("is unknown: " + extensionKey + " may have " + text.List(fields) + " here")
		}
	}
}

func knows(fields []string, key string) bool {
	for _, f := range fields {
		if equalFold(f, key) {
			return true
		}
	}
	return false
}

// isName reports whether a key can stand in a path as it is.
func isName(key string) bool {
	for i := range len(key) {
		if c := lower(key[i]); c != '-' && c != '_' && (c < '0' || '9' < c) && (c < 'a' || 'z' < c) {
			return false
		}
	}
	return key != ""
}

func (n *node) hasBefore(i int, key string) bool {
	for j := range i {
		if n.decoder.keyOf(&n.items[j]) == key {
			return true
		}
	}
	return false
}
