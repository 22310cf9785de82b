package status

import "github.com/hedgerow-web/hedgerow/internal/text"

// Code is a gRPC status code, 0 to 16 (gRPC doc/statuscodes.md).
type Code uint32

// The codes. There are no others: any other number that a server sends is read as
// Unknown.
const (
	OK                 Code = 0
	Canceled           Code = 1
	Unknown            Code = 2
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	ResourceExhausted  Code = 8
	FailedPrecondition Code = 9
	Aborted            Code = 10
	OutOfRange         Code = 11
	Unimplemented      Code = 12
	Internal           Code = 13
	Unavailable        Code = 14
	DataLoss           Code = 15
	Unauthenticated    Code = 16
)

// MaxCode is the highest code there is.
const MaxCode = Unauthenticated

// NoCode stands for a code where there is none, as of an attempt that was aborted.
const NoCode Code = 1<<32 - 1

// names are spelled as service configs spell them (SEMANTICS 1.4 V10).
var names = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// String is the code's name as a service config spells it: "UNAVAILABLE".
func (c Code) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	if c == NoCode {
		return "none"
	}
	return "CODE(" + text.Decimal(c) + ")"
}

// ParseCode finds a code by its name, in upper or lower case: "UNAVAILABLE", "Aborted".
// Digits are not a name (SEMANTICS 1.4 V9, V10, V12).
func ParseCode(name string) (Code, bool) {
	for i, n := range names {
		if equalFold(n, name) {
			return Code(i), true
		}
	}
	return 0, false
}

// equalFold compares an upper-case ASCII name with text in any case. The standard
// library's function folds all of Unicode, where "ſ" equals "S".
func equalFold(upper, s string) bool {
	if len(upper) != len(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// CodeSet is a set of codes. The zero CodeSet is empty.
type CodeSet uint32

// Codes makes a set of codes. Codes that do not exist are left out.
func Codes(codes ...Code) CodeSet {
	var set CodeSet
	for _, c := range codes {
		set = set.With(c)
	}
	return set
}

// With returns the set with one more code.
func (s CodeSet) With(c Code) CodeSet {
	if c > MaxCode {
		return s
	}
	return s | 1<<c
}

// Has reports whether the code is in the set.
func (s CodeSet) Has(c Code) bool { return c <= MaxCode && s&(1<<c) != 0 }

// Empty reports whether no code is in the set.
func (s CodeSet) Empty() bool { return s == 0 }
