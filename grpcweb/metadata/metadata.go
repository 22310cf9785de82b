// Package metadata holds the metadata of a call: an ordered multimap with
// lower-case names, in which names ending in "-bin" carry raw bytes.
//
// The package is part of the core, which starts no goroutine, never waits, and imports
// little of the standard library.
package metadata

import (
	"iter"
	"slices"
	"strings"
)

// BinarySuffix ends the names whose values are bytes. Such values are sent as base64; in
// an MD they are raw (PROTOCOL-HTTP2, Custom-Metadata).
const BinarySuffix = "-bin"

// MD is an ordered multimap from lower-case names to values. The zero MD is empty and
// ready to use. Names are converted to lower case, so they match in any case. Values of
// names that end in "-bin" are raw bytes, held in a string.
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

// New makes an MD of names and values in turn. It panics if the last name has no value,
// because that is a mistake in the program.
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

// Len returns the number of fields. A name with several values counts several times.
func (md MD) Len() int { return len(md.fields) }

// Append adds a field after all others, including those with the same name. (Inlined, it
// would add five kilobytes to the npm package's WebAssembly.)
//
//go:noinline
func (md *MD) Append(name, value string) {
	md.fields = append(md.fields, Field{lower(name), value})
}

// Grow makes room for so many more fields.
func (md *MD) Grow(fields int) {
	md.fields = slices.Grow(md.fields, fields)
}

// Reset removes all fields and keeps their room for others. Copies of md must not be
// in use any more.
func (md *MD) Reset() { md.fields = md.fields[:0] }

// AppendAll adds all fields of other after those that are there.
func (md *MD) AppendAll(other MD) {
	md.fields = append(md.fields, other.fields...)
}

// Set replaces all fields with the name by one, in the place of the first of them. If
// there are none, the field is added at the end.
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

// Delete removes all fields with the name.
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

// Get returns the first value of the name, or "" if there is none.
func (md MD) Get(name string) string {
	value, _ := md.Lookup(name)
	return value
}

// Lookup returns the first value of the name, and whether there is one.
func (md MD) Lookup(name string) (string, bool) {
	for i := range md.fields {
		if f := &md.fields[i]; f.is(name) {
			return f.Value, true
		}
	}
	return "", false
}

// is reports whether it is the field's name, in whatever case. Most names differ in their
// lengths already.
func (f *Field) is(name string) bool { return len(f.Name) == len(name) && f.Name == lower(name) }

// Values returns the values of the name in order; nil if there are none.
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

// At returns the i-th field. It is for loops in which the closure of All costs too much.
func (md MD) At(i int) Field { return md.fields[i] }

// Clone returns a copy that shares no memory with the original.
func (md MD) Clone() MD {
	if len(md.fields) == 0 {
		return MD{}
	}
	return MD{fields: append([]Field(nil), md.fields...)}
}

// Validate returns a *FieldError for the first field that a request must not carry: its
// name has characters other than [0-9a-z_.-], or its value is text that is not printable
// ASCII. It returns nil if all fields are valid (PROTOCOL-HTTP2, Custom-Metadata).
func (md MD) Validate() error {
	for _, f := range md.fields {
		if err := f.validate(); err != nil {
			return err
		}
	}
	return nil
}

// lower converts ASCII to lower case. It allocates only if there is something to change:
// nearly all names are in lower case already.
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
