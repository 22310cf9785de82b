package wire

import (
	"math"

	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// ParseTrailer reads the payload of a trailers frame: lines "name: value" that end in
// CRLF. It is as lenient as servers require: a line may end in LF alone, the last one
// need not end, names may have any case, and a line without a colon is ignored
// (SEMANTICS 5.2b).
func ParseTrailer(block string) metadata.MD {
	var md metadata.MD
	md.Grow(min(text.Count(block, '\n')+1, MaxFields))
	for block != "" {
		var line string
		line, block, _ = text.Cut(block, '\n')
		name, value, ok := text.Cut(line, ':')
		if name = text.Trim(name); ok && name != "" {
			ReceiveField(&md, name, text.Trim(value))
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

// MaxFields is how many fields a block of metadata that was received may have; each
// value of a list counts. The number is bounded because a field costs several hundred
// bytes in memory, but on the wire it may be only a comma, which compression makes
// smaller still.
const MaxFields = 1000

// ReceiveField is AppendField for metadata that was received. It stops at one field more
// than MaxFields, which the caller must refuse. Of a list of bytes that holds only commas
// one empty value is made, if the block may have as many as it could stand for.
func ReceiveField(md *metadata.MD, name, value string) {
	if isBinary(name) && md.Len()+text.Count(value, ',') < MaxFields && isBlank(value) {
		value = ""
	}
	appendField(md, name, value, MaxFields+1)
}

// AppendField adds a field that is given as it stands on the wire. Values of -bin names
// are decoded. Several of them in one field, joined by commas, become several fields:
// HTTP allows to join them, and fetch always does. A value that is not base64 is kept as
// it is, because in text mode some servers send raw bytes (SEMANTICS 5.2h).
func AppendField(md *metadata.MD, name, text string) {
	appendField(md, name, text, math.MaxInt32)
}

func appendField(md *metadata.MD, name, value string, most int) {
	if !isBinary(name) {
		if md.Len() < most {
			md.Append(name, value)
		}
		return
	}
	for more := true; more && md.Len() < most; {
		var part string
		part, value, more = text.Cut(value, ',')
		part = text.Trim(part)
		if raw, ok := DecodeBase64(part); ok {
			part = raw
		}
		md.Append(name, part)
	}
}

// isBlank reports whether a list has nothing between its commas.
func isBlank(list string) bool {
	for i := range len(list) {
		if c := list[i]; c != ',' && c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// isBinary does what metadata.IsBinary does, for a name in any case.
func isBinary(name string) bool {
	at := len(name) - len(metadata.BinarySuffix)
	return at >= 0 && LowerASCII(name[at:]) == metadata.BinarySuffix
}

// LowerASCII lower-cases A to Z, and no other letters of Unicode, whose tables would
// make the program in the npm package larger.
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

// FieldText returns a field's value as it stands on the wire.
func FieldText(name, value string) string {
	if metadata.IsBinary(name) {
		return EncodeBase64(value)
	}
	return value
}
