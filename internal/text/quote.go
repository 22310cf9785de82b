// Package text writes values into messages for people, and takes text apart. Where the
// standard library can do that too, it weighs more in the program in the npm package.
package text

const hex = "0123456789abcdef"

// Quote puts text between quotes and escapes ASCII's control characters. It stands in for
// strconv.Quote, which also knows which characters of Unicode can be printed, from tables
// that would add several kilobytes to the program in the npm package.
func Quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// Char puts a character between single quotes. All but printable ASCII is escaped, so
// that a character which cannot be seen can be recognized.
func Char(c rune) string {
	switch {
	case c == '\'' || c == '\\':
		return `'\` + string(c) + `'`
	case c == '\n':
		return `'\n'`
	case ' ' <= c && c <= '~':
		return "'" + string(c) + "'"
	case c > 0xffff:
		return `'\U` + hexadecimal(c, 8) + "'"
	}
	return `'\u` + hexadecimal(c, 4) + "'"
}

func hexadecimal(n rune, digits int) string {
	text := make([]byte, digits)
	for i := range text {
		text[i] = hex[n>>(4*(digits-1-i))&15]
	}
	return string(text)
}
