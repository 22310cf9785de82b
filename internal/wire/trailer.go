package wire

import (
	"math"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// ParseTrailer reads the payload of a trailers frame: lines "name: value" that
// end in CRLF. It reads what servers really send: LF alone, no end of the last
// line, names in any case; a line without a colon is passed over
// (SEMANTICS 5.2b).
func ParseTrailer(block string) metadata.MD {
	var md metadata.MD
	for block != "" {
		var line string
		line, block, _ = strings.Cut(block, "\n")
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); ok && name != "" {
			ReceiveField(&md, name, strings.TrimSpace(value))
		}
	}
	return md
}

// AppendTrailer writes metadata as the payload of a trailers frame.
func AppendTrailer(b []byte, md metadata.MD) []byte {
	for name, value := range md.All() {
		b = append(b, name...)
		b = append(b, ": "...)
		b = append(b, FieldText(name, value)...)
		b = append(b, "\r\n"...)
	}
	return b
}

// MaxFields is how many fields a block of metadata that came may hold, the values
// of a list counted each. A field costs over a hundred bytes several times over, and
// on the wire no more than a comma, which compression makes a thousandth of.
const MaxFields = 1000

// ReceiveField is AppendField for metadata that came. It stops at one field beyond
// MaxFields, which is for the caller to refuse.
func ReceiveField(md *metadata.MD, name, text string) {
	appendField(md, name, text, MaxFields+1)
}

// AppendField adds a field as it stands on the wire. Values of -bin names are
// decoded; several in one field, joined by commas, become several fields, as
// HTTP allows and fetch always does. A value that is no base64 is kept raw: in
// text mode some servers send it so (SEMANTICS 5.2h).
func AppendField(md *metadata.MD, name, text string) {
	appendField(md, name, text, math.MaxInt32)
}

func appendField(md *metadata.MD, name, text string, most int) {
	if !isBinary(name) {
		if md.Len() < most {
			md.Append(name, text)
		}
		return
	}
	for more := true; more && md.Len() < most; {
		var part string
		part, text, more = strings.Cut(text, ",")
		part = strings.TrimSpace(part)
		if raw, ok := DecodeBase64(part); ok {
			part = raw
		}
		md.Append(name, part)
	}
}

// isBinary is metadata.IsBinary for a name in any case.
func isBinary(name string) bool {
	at := len(name) - len(metadata.BinarySuffix)
	return at >= 0 && LowerASCII(name[at:]) == metadata.BinarySuffix
}

// LowerASCII lower-cases A to Z, and nothing of the rest of Unicode, whose
// tables would be a weight in the browser.
func LowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// FieldText is a field's value as it stands on the wire.
func FieldText(name, value string) string {
	if metadata.IsBinary(name) {
		return EncodeBase64(value)
	}
	return value
}
