package wire

// TextReader decodes a body in text mode (application/grpc-web-text): base64 in
// chunks of any size, padded at the end of any group of four digits, with more
// behind it, and ends of lines at the end of all (SEMANTICS 5.2h). The zero
// TextReader stands before the first digit.
//
// A byte is there as soon as its last digit is, so that a decoded byte never
// needs more room than the digit it comes with: it is written over the chunk.
type TextReader struct {
	bits   uint32
	digits int  // of the present group, 0 to 3
	equals int  // paddings of the present group that have come
	ended  bool // a line has: nothing but ends of lines may follow
}

// Decode decodes up to limit bytes of the chunk, from offset at, and writes them
// there. It answers with how many they are and the offset behind what it has
// read; ok is false at a character that is no base64. Padding behind the last
// byte is read too, as far as it is there.
func (r *TextReader) Decode(chunk []byte, at, limit int) (n, next int, ok bool) {
	for next = at; next < len(chunk); next++ {
		c := chunk[next]
		if c == '\r' || c == '\n' { // some encoders write the last line as one
			r.ended = true
			continue
		}
		if c == '=' {
			if !r.pad() {
				return n, next, false
			}
			continue
		}
		if n == limit {
			break
		}
		digit, known := base64Digit(c)
		if !known || r.equals > 0 || r.ended {
			return n, next, false
		}
		r.bits = r.bits<<6 | uint32(digit)
		if r.digits > 0 {
			chunk[at+n] = byte(r.bits >> (6 - 2*r.digits))
			n++
		}
		r.digits = (r.digits + 1) & 3
	}
	return n, next, true
}

// pad takes an equals sign: one behind three digits, two behind two.
func (r *TextReader) pad() bool {
	if r.digits < 2 || r.ended {
		return false
	}
	if r.equals++; r.digits+r.equals == 4 {
		*r = TextReader{}
	}
	return true
}

// Inside reports whether a body that ended here would end inside a byte.
func (r *TextReader) Inside() bool { return r.digits == 1 }

// AppendText appends bytes in base64, padded: a request's body in text mode.
func AppendText(b, raw []byte) []byte {
	for len(raw) >= 3 {
		b = append(b, base64Digits[raw[0]>>2], base64Digits[raw[0]&3<<4|raw[1]>>4], base64Digits[raw[1]&15<<2|raw[2]>>6], base64Digits[raw[2]&63])
		raw = raw[3:]
	}
	switch len(raw) {
	case 1:
		b = append(b, base64Digits[raw[0]>>2], base64Digits[raw[0]&3<<4], '=', '=')
	case 2:
		b = append(b, base64Digits[raw[0]>>2], base64Digits[raw[0]&3<<4|raw[1]>>4], base64Digits[raw[1]&15<<2], '=')
	}
	return b
}
