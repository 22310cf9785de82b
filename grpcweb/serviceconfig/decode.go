package serviceconfig

import (
	"math"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// decoder knows every value that the config was read from, and collects what
// is wrong with them.
type decoder struct {
	nodes    map[string]node // by path
	problems []located
}

type located struct {
	at int // offset of the value in the text
	Problem
}

// report keeps the problems in the order of the text. A field that is missing
// stands where its object begins.
func (d *decoder) report(at int, p Problem) {
	d.problems = append(d.problems, located{at, p})
	for i := len(d.problems) - 1; i > 0 && d.problems[i-1].at > at; i-- {
		d.problems[i-1], d.problems[i] = d.problems[i], d.problems[i-1]
	}
}

func (d *decoder) error() error {
	e := new(Error)
	for _, p := range d.problems {
		e.Problems = append(e.Problems, p.Problem)
	}
	return e
}

// node is a value and the path that leads to it.
type node struct {
	*value
	path    string
	needed  bool
	decoder *decoder
}

func (d *decoder) node(path string, v *value) node {
	n := node{value: v, path: path, decoder: d}
	if d.nodes == nil {
		d.nodes = make(map[string]node)
	}
	d.nodes[path] = n
	return n
}

// find is the node at a path. A policy may report a field that nothing was read
// for; it stands at the beginning.
func (d *decoder) find(path string) node {
	n, ok := d.nodes[path]
	if !ok {
		n = node{value: new(value), path: path, decoder: d}
	}
	return n
}

// field is a field of an object. Null is the same as none (SEMANTICS 1.1a).
func (n node) field(key string) node {
	v := n.member(key)
	if v == nil || v.kind == null {
		v = &value{at: n.at}
	}
	path := key
	if n.path != "" {
		path = n.path + "." + key
	}
	return n.decoder.node(path, v)
}

// required is a field that has to be there.
func (n node) required(key string) node {
	n = n.field(key)
	n.needed = true
	return n
}

// each reads the elements of an array that may be absent.
func each[T any](n node, read func(node) T) []T {
	if !n.is(array, wantArray) {
		return nil
	}
	all := make([]T, len(n.items))
	for i := range n.items {
		all[i] = read(n.decoder.node(element(n.path, i), &n.items[i]))
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
	return n.raw == "true"
}

// part reads half a name; none is "" (SEMANTICS 1.1b).
func (n node) part(standIn string) string {
	if n.kind != absent && !n.is(str, wantString) {
		return standIn
	}
	return n.text
}

func (n node) duration(standIn plan.Duration) plan.Duration {
	if !n.is(str, wantDuration) {
		return standIn
	}
	d, err := ParseDuration(n.text)
	if err != nil {
		n.breaks(err.Error())
		return standIn
	}
	return d
}

func (n node) float(standIn float64) float64 {
	if !n.is(number, wantNumber) {
		return standIn
	}
	return decimalOf(n.raw).float() // a policy can take ±Inf
}

func (n node) ratio(standIn int) int {
	if !n.is(number, wantNumber) {
		return standIn
	}
	return ratioOf(n.raw)
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
	i, whole := decimalOf(n.raw).scaled(0)
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
		if code, ok := status.ParseCode(n.text); ok {
			return code
		}
	}
	if n.kind == number {
		i, whole := decimalOf(n.raw).scaled(0)
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
	n.decoder.report(n.at, Problem{n.path, reason})
}
