package serviceconfig

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hedgerow-web/hedgerow/internal/text"
)

// maxDepth is far more than any config needs. A text that is nested deeper is a mistake, and
// is not read on.
const maxDepth = 100

// reader reads the grammar's rules, each in a method of the rule's name. After
// the first mistake it stands at the end of the text, where every rule ends.
type reader struct {
	text    string
	at      int
	problem *Problem // the first
	open    []value  // the arrays and objects that the reader is in, the outermost first

	names, entries int // of the config, so far
}

// document reads a JSON text (RFC 8259). It takes and refuses exactly what
// encoding/json does, down to maxDepth, which would cost a browser a hundred
// kilobytes, and like it turns what is not UTF-8 into U+FFFD.
//
// It looks at all of the text but keeps nothing of it: what is in an array or an object is
// listed when it is asked for, and what nobody asks for costs no memory.
func (r *reader) document() value {
	v := r.value(absent)
	r.space()
	if r.problem == nil && r.at < len(r.text) {
		r.expected("the end of the text")
	}
	if r.problem == nil {
		r.problem = tooMany(r.names, r.entries)
	}
	return v
}

// list returns what is in an array or an object of a document that was read without a
// mistake.
func (r *reader) list(v *value) []value {
	items := make([]value, v.length)
	r.at = v.from + 1
	for i := range items {
		items[i] = r.value(v.kind)
		r.space()
		r.take(',')
	}
	return items
}

// said is what the string says that stands there.
func (r *reader) said(there int) string {
	at := r.at
	r.at = there
	said := r.string(true)
	r.at = at
	return said
}

// keyOf is the key of a member of an object, else "".
func (r *reader) keyOf(v *value) string {
	if v.key == 0 {
		return ""
	}
	return r.said(v.key)
}

// value reads a value with all that is in it, and its key, if it is in an object. It keeps
// the arrays and objects that it is in by itself and does not call itself for each: the
// stack of a WebAssembly instance is small, and one that overflows takes the instance of
// all channels with it.
func (r *reader) value(in kind) value {
	for {
		around := in
		if last := len(r.open) - 1; last >= 0 {
			around = r.open[last].kind
		}
		v := r.item(around)
		if v.kind == array || v.kind == object {
			if r.open = append(r.open, v); len(r.open) > maxDepth {
				r.fail("lists and objects are nested more than " + text.Decimal(maxDepth) + " deep")
				r.problem.Path = r.path()
			}
			if r.space(); !r.word(closing(v.kind)) {
				continue
			}
			v = r.closed()
		}
		for ; ; v = r.closed() {
			last := len(r.open) - 1
			if last < 0 {
				return v
			}
			r.count()
			r.open[last].length++
			if r.another(closing(r.open[last].kind)) {
				break
			}
		}
	}
}

// closed takes the innermost array or object, whose closing bracket was read, out of those
// that are open.
func (r *reader) closed() value {
	last := len(r.open) - 1
	v := r.open[last]
	v.to = r.at
	r.open = r.open[:last]
	return v
}

// count counts an item of the innermost of the arrays and objects that are open, if it is
// an entry of methodConfig or a name in one (SEMANTICS 1.4b).
func (r *reader) count() {
	if len(r.open) < 2 || len(r.open) > 4 || !equalFold(r.keyOf(&r.open[1]), "methodConfig") {
		return
	}
	switch {
	case len(r.open) == 2:
		r.entries++
	case len(r.open) == 4 && equalFold(r.keyOf(&r.open[3]), "name"):
		r.names++
	}
}

// item reads the next item of an array or object, its key first; or the document. If that is
// an array or an object too, it reads only the opening bracket.
func (r *reader) item(in kind) value {
	var v value
	if in == object {
		v.key = r.key()
	}
	r.space()
	v.from = r.at
	switch c := r.peek(); {
	case r.take('{'):
		v.kind = object
	case r.take('['):
		v.kind = array
	case c == '"':
		v.kind = str
		r.string(false)
	case c == '-' || isDigit(c):
		v.kind = number
		r.number()
	case r.word("true") || r.word("false"):
		v.kind = boolean
	case r.word("null"):
		v.kind = null
	default:
		r.expected("a value")
	}
	v.to = r.at
	return v
}

func closing(k kind) string {
	if k == object {
		return "}"
	}
	return "]"
}

// another reads what follows an item, and reports whether one more does.
func (r *reader) another(end string) bool {
	r.space()
	if r.take(',') {
		return true
	}
	if !r.word(end) {
		r.expected("',' or '" + end + "'")
	}
	return false
}

// key passes a key and the colon, and returns where the key stands.
func (r *reader) key() int {
	r.space()
	at := r.at
	if r.peek() != '"' {
		r.expected("a key in double quotes")
		return at
	}
	r.string(false)
	r.space()
	if !r.take(':') {
		r.expected("':' after the key")
	}
	return at
}

// path leads to the innermost of the arrays and objects, or as far towards it as is worth
// reading: methodConfig[0].retryPolicy….
func (r *reader) path() string {
	path := ""
	for i := 1; i < len(r.open); i++ {
		if len(path) > longest {
			return strings.TrimSuffix(path, "…") + "…"
		}
		if around := r.open[i-1]; around.kind == array {
			path = element(path, around.length)
			continue
		}
		if i > 1 {
			path += "."
		}
		path += shorten(r.keyOf(&r.open[i]))
	}
	return path
}

func (r *reader) number() {
	r.take('-')
	if !r.take('0') { // after a leading 0 comes no other digit
		r.digits()
	}
	if r.take('.') {
		r.digits()
	}
	if r.take('e') || r.take('E') {
		_ = r.take('+') || r.take('-')
		r.digits()
	}
}

func (r *reader) digits() {
	if !isDigit(r.peek()) {
		r.expected("a digit")
	}
	for isDigit(r.peek()) {
		r.at++
	}
}

// string reads a string from its opening quote on, and returns what it says, if that is to
// be kept.
func (r *reader) string(keep bool) string {
	r.at++
	if said, plain := r.plain(); plain {
		return said
	}
	var kept []byte
	for !r.take('"') {
		char, size := utf8.DecodeRuneInString(r.text[r.at:])
		switch {
		case char == '\\':
			char = r.escape()
		case char < ' ' || size == 0:
			r.expected("the string's closing quote, or a character of it (control characters are written \\u00XX)")
			return ""
		default:
			r.at += size
		}
		if keep {
			kept = utf8.AppendRune(kept, char)
		}
	}
	return string(kept)
}

// plain passes a string that says what it is written as, which nearly every one does:
// it is a part of the text, and need not be copied.
func (r *reader) plain() (said string, is bool) {
	for end := r.at; end < len(r.text); end++ {
		switch c := r.text[end]; {
		case c == '"':
			said, r.at = r.text[r.at:end], end+1
			return said, true
		case c == '\\' || c < ' ' || c >= utf8.RuneSelf:
			return "", false
		}
	}
	return "", false
}

// escape reads an escape from its backslash on.
func (r *reader) escape() rune {
	r.at++
	if r.take('u') {
		return r.unicode()
	}
	i := strings.IndexByte(`"\/bfnrt`, r.peek())
	if i < 0 {
		r.expected(`one of " \ / b f n r t u after the backslash`)
		return 0
	}
	r.at++
	return rune("\"\\/\b\f\n\r\t"[i])
}

// unicode reads the digits of an escape or, of a surrogate pair, of both. Half
// a pair stays a surrogate, which utf8.AppendRune makes U+FFFD.
func (r *reader) unicode() rune {
	char := r.hex4()
	end := r.at
	if utf16.IsSurrogate(char) && r.word(`\u`) {
		if pair := utf16.DecodeRune(char, r.hex4()); pair != utf8.RuneError {
			return pair
		}
		if r.problem == nil {
			r.at = end // the second one stands for itself
		}
	}
	return char
}

func (r *reader) hex4() rune {
	const digits = "0123456789abcdef" + "ABCDEF"
	var n int
	for range 4 {
		digit := strings.IndexByte(digits, r.peek())
		if digit < 0 {
			r.expected(`four hexadecimal digits after \u`)
			return 0
		}
		if digit > 15 {
			digit -= 6
		}
		n = n<<4 | digit
		r.at++
	}
	return rune(n)
}

func (r *reader) space() {
	for c := r.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = r.peek() {
		r.at++
	}
}

// peek is the byte that comes next. At the end it is 0, which stands nowhere in
// the grammar.
func (r *reader) peek() byte {
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

// take passes a byte if it comes next.
func (r *reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// word passes a word if it comes next.
func (r *reader) word(w string) bool {
	if !strings.HasPrefix(r.text[r.at:], w) {
		return false
	}
	r.at += len(w)
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// expected is a mistake where the reader stands.
func (r *reader) expected(what string) {
	r.fail("expected " + what + ", found " + r.next())
}

// next names the character that comes next.
func (r *reader) next() string {
	if r.at == len(r.text) {
		return "the end of the text"
	}
	char, _ := utf8.DecodeRuneInString(r.text[r.at:])
	return text.Char(char)
}

// fail keeps the first mistake and where it is, counted in lines and characters from 1.
func (r *reader) fail(reason string) {
	if r.problem == nil {
		before := r.text[:r.at]
		line := 1 + text.Count(before, '\n')
		column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
		r.problem = &Problem{Reason: "line " + text.Decimal(line) + ", column " + text.Decimal(column) + ": " + reason}
	}
	r.at = len(r.text)
}
