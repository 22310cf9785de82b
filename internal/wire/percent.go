package wire

import "unicode/utf8"

// DecodePercent undoes the percent-encoding of grpc-message. An invalid escape is left
// as it is, because a malformed message is never an error (SEMANTICS 5.2c). The result
// is raw bytes, which need not be valid UTF-8.
func DecodePercent(s string) string {
	i := 0
	for i < len(s) && s[i] != '%' {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for ; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			high, ok1 := unhex(s[i+1])
			low, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				b = append(b, high<<4|low)
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// EncodePercent encodes a message for grpc-message: printable ASCII other than '%' is
// left as it is, and all other bytes are escaped.
func EncodePercent(s string) string {
	const digits = "0123456789ABCDEF"
	var b []byte
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= ' ' && c <= '~' && c != '%' {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// UnLatin1 restores UTF-8 that was read as Latin-1: browsers read each byte of a header
// value as a character of its own. A text that cannot be the result of that is returned
// as it is.
func UnLatin1(s string) string {
	var b []byte
	for i, c := range s {
		if c > 0xff {
			return s
		}
		if b == nil && c > 0x7f {
			b = append(make([]byte, 0, len(s)), s[:i]...)
		}
		if b != nil {
			b = append(b, byte(c))
		}
	}
	if b == nil || !utf8.Valid(b) {
		return s
	}
	return string(b)
}
