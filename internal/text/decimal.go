package text

// Decimal writes a whole number. It stands in for strconv.Itoa and FormatInt, which know
// other bases too and would cost a browser a kilobyte.
func Decimal[N ~int | ~int64 | ~uint32](n N) string { return decimal(int64(n)) }

func decimal(n int64) string {
	var digits [20]byte // a sign, and the 19 digits of 2⁶³
	at := len(digits)
	rest := uint64(n)
	if n < 0 {
		rest = -rest
	}
	for {
		at--
		digits[at] = byte('0' + rest%10)
		if rest /= 10; rest == 0 {
			break
		}
	}
	if n < 0 {
		at--
		digits[at] = '-'
	}
	return string(digits[at:])
}
