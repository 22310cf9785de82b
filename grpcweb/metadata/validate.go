package metadata

import (
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// FieldError says what is wrong with a field that a request must not carry.
type FieldError struct {
	Name   string
	Reason string
}

func (e *FieldError) Error() string {
	return "metadata " + text.Quote(e.Name) + ": " + e.Reason
}

func (f Field) validate() error {
	if f.Name == "" {
		return &FieldError{f.Name, "a name must not be empty"}
	}
	for i := 0; i < len(f.Name); i++ {
		if !nameByte(f.Name[i]) {
			return &FieldError{f.Name, "the name contains " + text.Char(rune(f.Name[i])) +
				"; only digits, the letters a to z, and _ . - are allowed"}
		}
	}
	if IsBinary(f.Name) {
		return nil
	}
	for i := 0; i < len(f.Value); i++ {
		if c := f.Value[i]; c < ' ' || c > '~' {
			return &FieldError{f.Name, "the value contains the byte " + hex(c) + " at position " + text.Decimal(i) +
				"; text must be printable ASCII: send other values under a name that ends in -bin"}
		}
	}
	return nil
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return "0x" + string([]byte{digits[c>>4], digits[c&15]})
}
