package wire

// TextReader decodes a body in text mode (application/grpc-web-text). It is base64 in
// chunks of any size. Any group of four digits may be padded, and more may follow;
// line ends may stand only at the end of the body (SEMANTICS 5.2h). The zero TextReader
// is at the beginning of a body.
//
// Each byte is decoded as soon as its last digit has come. So there are never more
// decoded bytes than digits were read, and they can be written over the chunk.
type TextReader struct {
	bits   uint32
	digits int  // how many digits of the current group have come, 0 to 3
	equals int  // how many equals signs of the current group have come
	ended  bool // a line end has come: nothing but line ends may follow
}

// Decode decodes up to limit bytes of the chunk from offset at on, and writes them over
// the chunk from the same offset on. It returns how many bytes it decoded and the offset
// after what it read; ok is false at a character that is not base64. Padding after the
// last byte is read too, as far as the chunk has it.
func (r *TextReader) Decode(chunk []byte, at, limit int) (n, next int, ok bool) {
	for next = at; next < len(chunk); next++ {
		c := chunk[next]
		if c == '\r' || c == '\n' { // Some encoders end the last line too.
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

// pad reads an equals sign. One may follow three digits, and two may follow two.
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

// AppendText appends bytes as padded base64, which is how a request's body is sent in
// text mode.
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
