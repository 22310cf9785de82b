// Package table is the ABI between the npm package's JavaScript and the Go
// program in its WebAssembly, as data: what is exported with which arguments,
// which actions come back with which words, and what the numbers in them mean.
//
// The table is the only source. From it, the command internal/abi/generate makes the
// constants and types of package abi, the exports of jsbridge/host, the TypeScript of
// wasm/npm/src/abi, and wasm/ABI.md. A test in internal/house fails if one of them is
// stale. No program links this package.
package table

// Type is how a value crosses the border between JavaScript and Go.
type Type string

// The types of arguments.
const (
	U32 Type = "u32"
	F64 Type = "f64"
	// Input is how many bytes of the input buffer the export gets. In Go, the argument
	// is these bytes.
	Input Type = "input"
)

// The types of what actions carry, in words of 32 bits.
const (
	Word    Type = "word"
	Signed  Type = "signed"  // a word that may be negative
	Flag    Type = "flag"    // 1 or 0
	Float   Type = "float"   // an f64: two words, the low one first
	Text    Type = "text"    // its offset in the text buffer, and its length in bytes
	Bytes   Type = "bytes"   // the same
	Fields  Type = "fields"  // their number, and a text in which each name and each value is followed by a NUL
	Choice  Type = "choice"  // a number of the Enum
	Record  Type = "record"  // the Struct, in place
	Records Type = "records" // the number of Structs, then the Structs
)

// Field is an argument of an export, or a part of an action.
type Field struct {
	Name   string // in TypeScript
	Type   Type
	Enum   *Enum
	Struct *Struct
	Says   string
}

// Export is a function that JavaScript calls.
type Export struct {
	Name  string
	Args  []Field
	Block *Struct // what comes before the text in the input; nil: nothing
	Says  string
}

// Action is something that JavaScript is to do.
type Action struct {
	Name   string
	Fields []Field
	Says   string
}

// Struct is a sequence of values that belong together.
type Struct struct {
	Name   string
	Fields []Field
	Says   string
}

// Enum gives names to numbers, which count from 0. If they are flags, the rows are the
// bits, from the lowest.
type Enum struct {
	Name  string
	Rows  []Row
	Flags bool
	Go    bool // generate Go constants, because no package of the core has them
	// Words is the name of the TypeScript array that maps a number to its word, and Type
	// the public TypeScript type of these words. Either may be "".
	Words, Type string
	Partial     bool // the TypeScript type has more words, which only JavaScript uses
	Says        string
}

// Row is one number of an Enum.
type Row struct {
	Name string // "": the number has no name, and is undefined in JavaScript
	Says string
}

// The sizes that both sides use.
const (
	InputSize    = 64 << 10 // the input buffer's size at first, and that of the longest slice to feed
	MaxText      = 4 << 20  // the longest text that JavaScript writes for one export, in UTF-16 units of at most three bytes
	MaxInput     = 16 << 20 // the most that the input buffer may hold: such a text, and what comes before it
	MaxFragments = 256      // the most that one feed finds
	Fatal        = 1<<32 - 1
	HeaderWords  = 3 // of an action
	LengthShift  = 8 // in an action's first word, above its number
)
