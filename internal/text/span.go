package text

// Span writes a span of nanoseconds for people to read: "250 ms", "1 s", "1.5 s". What is
// finer than a microsecond, or in spans of a second or more finer than a millisecond, is
// left out. (Formatting a float would add 10 KB to the WebAssembly.)
func Span(nanoseconds int64) string {
	if nanoseconds < 1e9 {
		return fraction(nanoseconds/1e3) + " ms"
	}
	return fraction(nanoseconds/1e6) + " s"
}

// fraction writes thousandths as a decimal number without zeros at its end.
func fraction(thousandths int64) string {
	said := Decimal(thousandths / 1000)
	rest := thousandths % 1000
	if rest <= 0 {
		return said
	}
	digits := Decimal(1000 + rest)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return said + "." + digits
}
