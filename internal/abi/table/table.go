// Package table is the ABI between the npm package's JavaScript and the Go
// program in its WebAssembly, as data: what is exported with which arguments,
// which actions come back with which words, and what the numbers in them mean.
//
// Nothing else says so a second time. The command internal/abi/generate makes of
// it the constants and types of package abi, the exports of jsbridge/host, the
// TypeScript of wasm/npm/src/abi and wasm/ABI.md; a test of internal/house fails
// where one of them is stale. No program links this package.
package table

// Type is what a value is on its way between JavaScript and Go.
type Type string

// The types of arguments. Exports take them as WebAssembly has them.
const (
	U32 Type = "u32"
	F64 Type = "f64"
	// Input is how many bytes of the input buffer are meant for the export. Its Go
	// side gets the bytes.
	Input Type = "input"
)

// The types of what actions carry, in words of 32 bits.
const (
	Word    Type = "word"
	Signed  Type = "signed"  // a word that may be negative
	Flag    Type = "flag"    // 1 or 0
	Float   Type = "float"   // an f64: two words, the low one first
	Text    Type = "text"    // where it lies in the text buffer, and how many bytes it has
	Bytes   Type = "bytes"   // likewise
	Fields  Type = "fields"  // how many, and a text in which each name and each value is ended by a NUL
	Choice  Type = "choice"  // a number that the Enum explains
	Record  Type = "record"  // the Struct, in place
	Records Type = "records" // how many, and so many of the Struct
)

// Field is an argument of an export, or a part of an action.
type Field struct {
	Name   string // as JavaScript writes it
	Type   Type
	Enum   *Enum
	Struct *Struct
	Says   string
}

// Export is a function that JavaScript calls.
type Export struct {
	Name  string
	Args  []Field
	Block *Struct // what lies before the text in the input; nil: nothing does
	Says  string
}

// Action is something that JavaScript is to do.
type Action struct {
	Name   string
	Fields []Field
	Says   string
}

// Struct is a row of values that belong together.
type Struct struct {
	Name   string
	Fields []Field
	Says   string
}

// Enum is a set of numbers, counted from 0, that have names; of flags, the bits.
type Enum struct {
	Name  string
	Rows  []Row
	Flags bool
	Go    bool // Go has no constants of its own for it
	// Words is the name of the TypeScript array that leads from a number to its
	// word, and Type the public TypeScript type of those words; "": there is none.
	Words, Type string
	Partial     bool // JavaScript has further words of that type, of its own
	Says        string
}

// Row is one number of an Enum.
type Row struct {
	Name string // "": none, which JavaScript has as undefined
	Says string
}

// Sizes that both sides count with.
const (
	InputSize    = 64 << 10 // of the input buffer at first, and of the longest slice that is fed
	MaxFragments = 256      // of one feed
	Fatal        = 1<<32 - 1
	HeaderWords  = 3 // of an action
	LengthShift  = 8 // in an action's first word, above its number
)
