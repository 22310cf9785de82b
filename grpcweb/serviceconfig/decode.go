package serviceconfig

import (
	"math"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// maxProblems is how many problems are listed. A program that makes a config may
// repeat one mistake in every entry.
const maxProblems = 100

// decoder knows the document that the config is read from, and collects what is
// wrong with it.
type decoder struct {
	reader
	top      value // the document
	problems []located
	more     bool // there are problems beyond maxProblems
}

type located struct {
	at int // offset of the value in the text
	Problem
}

// full reports whether no further problem would be listed, so that there is no need
// to look for one.
func (d *decoder) full() bool { return d.more }

// report keeps the problems in the order of the text. A field that is missing
// stands where its object begins.
func (d *decoder) report(at int, p Problem) {
	if len(d.problems) == maxProblems {
		d.more = true
		return
	}
	d.problems = append(d.problems, located{at, p})
	for i := len(d.problems) - 1; i > 0 && d.problems[i-1].at > at; i-- {
		d.problems[i-1], d.problems[i] = d.problems[i], d.problems[i-1]
	}
}

func (d *decoder) error() error {
	e := &Error{More: d.more}
	for _, p := range d.problems {
		e.Problems = append(e.Problems, p.Problem)
	}
	return e
}

// node is a value, and what leads to it: a field of its parent, or, where the key is
// empty, an element. The path is written only where there is something to say of it.
type node struct {
	*value
	at      int // where the value stands, or the object that lacks it
	decoder *decoder
	parent  *node
	key     string
	index   int
	needed  bool
}

// nothing is the value of a field that is not there.
var nothing = new(value)

func (d *decoder) root() node {
	return node{value: &d.top, at: d.top.from, decoder: d}
}

// raw is the value as it is written.
func (n *node) raw() string { return n.decoder.text[n.from:n.to] }

// says is what a string says.
func (n *node) says() string { return n.decoder.said(n.from) }

// list lists what is in an array or an object.
func (n *node) list() []value {
	if n.items == nil && n.kind >= array {
		n.items = n.decoder.reader.list(n.value)
	}
	return n.items
}

// member is an object's member of that name. The exact spelling goes before any
// other case, and of several members the last counts, as in encoding/json.
func (n *node) member(key string) *value {
	var m *value
	exact := false
	for i, items := 0, n.list(); i < len(items); i++ {
		switch name := n.decoder.keyOf(&items[i]); {
		case name == key:
			m, exact = &items[i], true
		case !exact && equalFold(name, key):
			m = &items[i]
		}
	}
	return m
}

// find is the node at a path. A policy may report a field that nothing was read
// for, and that nobody wrote.
func (d *decoder) find(path string) node {
	n := d.root()
	for path != "" {
		end := 1 // a step is "name", ".name" or "[7]"
		for end < len(path) && path[end] != '.' && path[end] != '[' {
			end++
		}
		parent, step := n, path[:end]
		if path = path[end:]; step[0] == '[' {
			i, _ := text.Number(step[1 : end-1])
			n = parent.element(int(i))
		} else {
			n = parent.field(strings.TrimPrefix(step, "."))
		}
	}
	return n
}

// path leads to the node: methodConfig[0].timeout.
func (n *node) path() string {
	switch {
	case n.parent == nil:
		return ""
	case n.key == "":
		return element(n.parent.path(), n.index)
	case n.parent.parent == nil:
		return n.key
	}
	return n.parent.path() + "." + n.key
}

// field is a field of an object. Null is the same as none (SEMANTICS 1.1a).
func (n *node) field(key string) node {
	f := node{value: nothing, at: n.at, decoder: n.decoder, parent: n, key: key}
	if v := n.member(key); v != nil && v.kind != null {
		f.value, f.at = v, v.from
	}
	return f
}

// required is a field that has to be there.
func (n *node) required(key string) node {
	f := n.field(key)
	f.needed = true
	return f
}

// element is the i-th element of an array.
func (n *node) element(i int) node {
	e := node{value: nothing, at: n.at, decoder: n.decoder, parent: n, index: i}
	if items := n.list(); i < len(items) {
		e.value, e.at = &items[i], items[i].from
	}
	return e
}

// each reads the elements of an array that may be absent. What was listed of an element is
// let go once it has been read.
func each[T any](n node, read func(node) T) []T {
	if !n.is(array, wantArray) {
		return nil
	}
	all := make([]T, len(n.list()))
	for i := range all {
		if n.decoder.full() {
			break
		}
		e := n.element(i)
		all[i] = read(e)
		e.items = nil
	}
	return all
}

// optional reads a value that may be absent.
func optional[T any](n node, read func(n node, standIn T) T) *T {
	if n.kind == absent {
		return nil
	}
	var zero T
	v := read(n, zero)
	return &v
}

// is reports whether a value is there and of the right type; if it should be
// and is not, that is a problem (SEMANTICS 1.4 V23).
func (n node) is(k kind, want string) bool {
	switch {
	case n.kind == absent && n.needed:
		n.report("is required: " + want)
	case n.kind != absent && n.kind != k:
		n.wrong(want)
	}
	return n.kind == k
}

// The methods below read a value of one type each, or return the stand-in.

func (n node) boolean(standIn bool) bool {
	if !n.is(boolean, wantBoolean) {
		return standIn
	}
	return n.raw() == "true"
}

// part reads half a name; none is "" (SEMANTICS 1.1b). The path of the name stands in
// for what cannot be read: it repeats no other name. It is a copy, for the same reason as
// values hold no part of the text.
func (n node) part() string {
	switch {
	case n.kind == absent:
		return ""
	case !n.is(str, wantString):
		return n.parent.path()
	}
	return strings.Clone(n.says())
}

func (n node) duration(standIn plan.Duration) plan.Duration {
	if !n.is(str, wantDuration) {
		return standIn
	}
	d, err := ParseDuration(n.says())
	if err != nil {
		n.breaks(err.Error())
		return standIn
	}
	return d
}

// span reads a duration that may be absent, and must be longer than 0 if it is not.
func (n node) span() *plan.Duration {
	return optional(n, func(n node, _ plan.Duration) plan.Duration { return n.duration(anySpan) })
}

func (n node) float(standIn float64) float64 {
	if !n.is(number, wantNumber) {
		return standIn
	}
	return decimalOf(n.raw()).float() // a policy can take ±Inf
}

func (n node) ratio(standIn int) int {
	if !n.is(number, wantNumber) {
		return standIn
	}
	return ratioOf(n.raw())
}

// count reads a whole number that stays one where an int has 32 bits.
func (n node) count(standIn int) int {
	return int(max(min(n.whole(int64(standIn)), math.MaxInt32), math.MinInt32))
}

// size reads a number of bytes. The length of a frame has 32 bits, so that a
// higher limit is none.
func (n node) size(standIn int64) int64 {
	return min(n.whole(standIn), math.MaxUint32)
}

func (n node) whole(standIn int64) int64 {
	if !n.is(number, wantWhole) {
		return standIn
	}
	i, whole := decimalOf(n.raw()).scaled(0)
	if !whole {
		n.wrong(wantWhole)
		return standIn
	}
	return i
}

func (n node) codes(standIn status.CodeSet) status.CodeSet {
	if !n.is(array, wantCodes) {
		return standIn
	}
	return status.Codes(each(n, node.code)...)
}

// code reads a number or a name, and no number in quotes (SEMANTICS 1.4 V9, V10, V12).
func (n node) code() status.Code {
	if n.kind == str {
		if code, ok := status.ParseCode(n.says()); ok {
			return code
		}
	}
	if n.kind == number {
		i, whole := decimalOf(n.raw()).scaled(0)
		if whole && 0 <= i && i <= int64(status.MaxCode) {
			return status.Code(i)
		}
	}
	n.wrong(wantCode)
	return anyCode
}

// wrong reports that a value is not what it is to be.
func (n node) wrong(want string) { n.report("must be " + want + n.found()) }

// breaks reports the rule that a value breaks, and shows the value if it is one
// that a line can hold.
func (n node) breaks(rule string) {
	if absent < n.kind && n.kind < array {
		rule += n.found()
	}
	n.report(rule)
}

func (n node) report(reason string) {
	n.decoder.report(n.at, Problem{n.path(), reason})
}
