package slim

import (
	"bytes"
	"reflect"
)

// piece is a table in use: the address of a reference to it, its offset, and its length.
type piece struct{ at, offset, length int }

// packTables moves the tables of PCs that are still in use next to each other. Offset 0
// stands for no table.
func packTables(m memory, mod module, functions []*function) {
	var pieces []piece
	for _, fn := range functions {
		for _, at := range fn.tables() {
			if offset := m.word(at); offset != 0 {
				pieces = append(pieces, piece{at, int(offset), readTable(m, mod, offset).end - int(offset)})
			}
		}
	}
	pack(m, mod.pctab.start, mod.pctab.end, pieces, 1, 1)
}

// packFuncdata moves the FUNCDATA that is still in use next to each other. It is aligned,
// because StackObjects begins with a number of 8 bytes.
func packFuncdata(m memory, mod module, functions []*function) {
	var pieces []piece
	for _, fn := range functions {
		for kind, at := range fn.funcdata {
			if offset := m.word(at); offset != none {
				pieces = append(pieces, piece{at, int(offset), fn.lengths[kind]})
			}
		}
	}
	pack(m, mod.funcdata, mod.buckets, pieces, 0, 8)
}

// pack puts the pieces one after the other, in the order of their first reference, fills the
// rest with zeros, and updates the references.
func pack(m memory, start, end int, pieces []piece, next, alignment int) {
	old := bytes.Clone(m[start:end])
	moved := map[int]int{}
	clear(m[start:end])
	for _, p := range pieces {
		if _, done := moved[p.offset]; !done {
			check(start+next+p.length <= end, "the tables that remain need more room than all tables had")
			copy(m[start+next:], old[p.offset:p.offset+p.length])
			moved[p.offset] = next
			next = align(next+p.length, alignment)
		}
		m.setWord(p.at, uint32(moved[p.offset]))
	}
}

// checkKept checks that what the running program reads is unchanged. It is found in the way
// in which the runtime finds it.
func checkKept(before, after memory, mod module, functions []*function) {
	same := bytes.Equal(before[:mod.names.start], after[:mod.names.start]) && bytes.Equal(before[mod.end:], after[mod.end:])
	check(same, "something outside the function tables would change")
	for index, fn := range functions {
		inlined := has(fn.funcdata, funcdataInlTree) && after.word(fn.funcdata[funcdataInlTree]) != none
		was, is := essenceOf(before, mod, fn, index, inlined), essenceOf(after, mod, fn, index, inlined)
		check(reflect.DeepEqual(was, is), "something that the runtime reads of "+fn.name+" would change")
	}
}

// essence is what the runtime reads of a function.
type essence struct {
	entry, fields    []uint32
	bucket           uint32
	frame, stackMaps []step
	data             [4][]byte
	inlined          []step
	calls            []uint32
}

func essenceOf(m memory, mod module, fn *function, index int, inlined bool) essence {
	steps := func(kind int) []step {
		if !has(fn.pcdata, kind) {
			return nil
		}
		return readTable(m, mod, m.word(fn.pcdata[kind])).steps
	}
	data := func(kind int) []byte {
		if !has(fn.funcdata, kind) || m.word(fn.funcdata[kind]) == none {
			return nil
		}
		return m.at(mod.funcdata+int(m.word(fn.funcdata[kind])), fn.lengths[kind])
	}
	entry := mod.functions.start + 8*index
	e := essence{
		entry:     []uint32{m.word(entry), m.word(entry + 4)},
		bucket:    m.word(bucketAt(mod, index, 0)),
		frame:     readTable(m, mod, m.word(fn.at+funcPCSP)).steps,
		stackMaps: steps(pcdataStackMapIndex),
	}
	for _, field := range []int{0, funcArgs, funcDeferReturn, funcNPCData, funcID} {
		e.fields = append(e.fields, m.word(fn.at+field))
	}
	for i, kind := range []int{funcdataArgsPointerMaps, funcdataLocalsPointerMaps, funcdataStackObjects, funcdataOpenCodedDeferInfo} {
		e.data[i] = data(kind)
	}
	if inlined {
		e.inlined = steps(pcdataInlTreeIndex)
		tree := memory(data(funcdataInlTree))
		for i := range fn.inlined {
			e.calls = append(e.calls, tree.word(inlinedSize*i), tree.word(inlinedSize*i+inlinedParentPC))
		}
	}
	return e
}
