package wire

// This file stands in for encoding/base64, which would add encoding/binary, and with
// that reflection, to the program in the npm package.

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// EncodeBase64 encodes without padding, as values of -bin metadata are sent
// (PROTOCOL-HTTP2).
func EncodeBase64(raw string) string {
	b := make([]byte, 0, len(raw)/3*4+3)
	var bits, have uint
	for i := 0; i < len(raw); i++ {
		bits, have = bits<<8|uint(raw[i]), have+8
		for have >= 6 {
			have -= 6
			b = append(b, base64Digits[bits>>have&63])
		}
	}
	if have > 0 {
		b = append(b, base64Digits[bits<<(6-have)&63])
	}
	return string(b)
}

// DecodeBase64 decodes with or without padding, in the standard or the URL
// alphabet; ok is false if the text is not base64.
func DecodeBase64(text string) (raw string, ok bool) {
	if len(text)%4 == 0 {
		text = trimPadding(text)
	}
	if len(text)%4 == 1 {
		return "", false
	}
	b := make([]byte, 0, len(text)/4*3+2)
	var bits, have uint
	for i := 0; i < len(text); i++ {
		digit, ok := base64Digit(text[i])
		if !ok {
			return "", false
		}
		bits, have = bits<<6|uint(digit), have+6
		if have >= 8 {
			have -= 8
			b = append(b, byte(bits>>have))
		}
	}
	return string(b), true
}

// trimPadding removes up to two equals signs from the end.
func trimPadding(text string) string {
	for n := 0; n < 2 && text != "" && text[len(text)-1] == '='; n++ {
		text = text[:len(text)-1]
	}
	return text
}

func base64Digit(c byte) (byte, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return c - 'A', true
	case 'a' <= c && c <= 'z':
		return c - 'a' + 26, true
	case '0' <= c && c <= '9':
		return c - '0' + 52, true
	case c == '+' || c == '-':
		return 62, true
	case c == '/' || c == '_':
		return 63, true
	}
	return 0, false
}
