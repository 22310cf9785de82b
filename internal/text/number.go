package text

// Number reads a whole number, of decimal digits only, up to 2⁶³−1; ok is false for any
// other text. It stands in for strconv.ParseInt, whose errors quote the text and so link
// the tables of Unicode that Quote avoids.
func Number(s string) (n int64, ok bool) {
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 || n > (1<<63-1-int64(digit))/10 {
			return 0, false
		}
		n = n*10 + int64(digit)
	}
	return n, true
}
