// Package metadata holds the metadata of a call: an ordered multimap with
// lower-case names, in which names ending in "-bin" carry raw bytes.
//
// The package is part of the core: it imports nothing beyond the standard
// library's string handling, starts nothing and waits for nothing.
package metadata

import (
	"iter"
	"slices"
	"strings"
)

// BinarySuffix marks the names whose values are bytes. On the wire such values
// are base64; in an MD they are raw (PROTOCOL-HTTP2, Custom-Metadata).
const BinarySuffix = "-bin"

// MD is an ordered multimap from lower-case names to values. The zero MD is
// empty and ready to use. Names are lower-cased on the way in, so look-ups are
// case-insensitive. Values of names ending in "-bin" are raw bytes held in a
// string.
//
// An MD is a value, but a copy of it shares its memory, as a copy of a slice does.
// Set and Delete change one of them and leave the other as it was; before you
// append to both, Clone one. An MD is not safe for concurrent use while it is being
// changed.
type MD struct {
	fields []Field
}

// Field is one name and one value.
type Field struct {
	Name  string // lower case
	Value string // text, or raw bytes when Name ends in "-bin"
}

// New builds an MD from names and values in turn. It panics if a value is
// missing, since that is a mistake in the program's text.
func New(namesAndValues ...string) MD {
	if len(namesAndValues)%2 != 0 {
		panic("metadata.New: " + namesAndValues[len(namesAndValues)-1] + " has no value: give names and values in turn")
	}
	md := MD{fields: make([]Field, 0, len(namesAndValues)/2)}
	for i := 0; i < len(namesAndValues); i += 2 {
		md.Append(namesAndValues[i], namesAndValues[i+1])
	}
	return md
}

// IsBinary reports whether values of this name are bytes.
func IsBinary(name string) bool { return strings.HasSuffix(name, BinarySuffix) }

// Len is the number of fields, repeated names counted each.
func (md MD) Len() int { return len(md.fields) }

// Append adds a field after those that are there, also of the same name. (Inlined
// it would cost a browser five kilobytes.)
//
//go:noinline
func (md *MD) Append(name, value string) {
	md.fields = append(md.fields, Field{lower(name), value})
}

// Grow makes room for so many more fields.
func (md *MD) Grow(fields int) {
	md.fields = slices.Grow(md.fields, fields)
}

// AppendAll adds all of other's fields after those that are there.
func (md *MD) AppendAll(other MD) {
	md.fields = append(md.fields, other.fields...)
}

// Set replaces every field of the name by one. A replaced name keeps the place
// of its first field; a new one goes to the end.
func (md *MD) Set(name, value string) {
	name = lower(name)
	kept, placed := make([]Field, 0, len(md.fields)+1), false
	for _, f := range md.fields {
		switch {
		case f.Name != name:
			kept = append(kept, f)
		case !placed:
			kept, placed = append(kept, Field{name, value}), true
		}
	}
	if !placed {
		kept = append(kept, Field{name, value})
	}
	md.fields = kept
}

// Delete removes every field of the name.
func (md *MD) Delete(name string) {
	name = lower(name)
	var kept []Field
	for _, f := range md.fields {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	md.fields = kept
}

// Get is the name's first value, or "" where there is none.
func (md MD) Get(name string) string {
	value, _ := md.Lookup(name)
	return value
}

// Lookup is the name's first value, and whether there is one.
func (md MD) Lookup(name string) (string, bool) {
	name = lower(name)
	for _, f := range md.fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}

// Values are the name's values in order; nil where there are none.
func (md MD) Values(name string) []string {
	name = lower(name)
	var values []string
	for _, f := range md.fields {
		if f.Name == name {
			values = append(values, f.Value)
		}
	}
	return values
}

// All ranges over the fields in order.
func (md MD) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, f := range md.fields {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// At is the i-th field, for loops where a closure costs too much.
func (md MD) At(i int) Field { return md.fields[i] }

// Clone is a copy that shares nothing that can be changed.
func (md MD) Clone() MD {
	if len(md.fields) == 0 {
		return MD{}
	}
	return MD{fields: append([]Field(nil), md.fields...)}
}

// Validate says what is wrong with the first field that a request may not
// carry: a name outside [0-9a-z_.-], or text outside printable ASCII. It
// returns nil when all fields are fine (PROTOCOL-HTTP2, Custom-Metadata).
func (md MD) Validate() error {
	for _, f := range md.fields {
		if err := f.validate(); err != nil {
			return err
		}
	}
	return nil
}

// lower lower-cases ASCII only, and allocates only where there is something to
// change: names are nearly always lower case already.
func lower(name string) string {
	for i := 0; i < len(name); i++ {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return asciiLower(name)
		}
	}
	return name
}

func asciiLower(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
