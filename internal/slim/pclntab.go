package slim

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The pclntab is what Go's runtime knows of the functions of a program. Its layout is in
// Go's src/runtime/symtab.go, runtime2.go (_func), symtabinl.go (inlinedCall) and
// internal/abi/symtab.go; cmd/link/internal/ld/pcln.go writes it.

// Offsets in runtime._func, which is the part of fixed length of a function's record.
const (
	funcName        = 4
	funcArgs        = 8
	funcDeferReturn = 12
	funcPCSP        = 16
	funcPCFile      = 20
	funcPCLn        = 24
	funcNPCData     = 28
	funcCU          = 32
	funcStartLine   = 36
	funcID          = 40
	funcNFuncData   = 43
	funcSize        = 44
)

// Offsets in runtime.inlinedCall.
const (
	inlinedName      = 4
	inlinedParentPC  = 8
	inlinedStartLine = 12
	inlinedSize      = 16
)

// Kinds of tables of PCs.
const (
	pcdataUnsafePoint = iota
	pcdataStackMapIndex
	pcdataInlTreeIndex
	pcdataKinds
)

// Kinds of FUNCDATA.
const (
	funcdataArgsPointerMaps = iota
	funcdataLocalsPointerMaps
	funcdataStackObjects
	funcdataInlTree
	funcdataOpenCodedDeferInfo
	funcdataArgInfo
	funcdataArgLiveInfo
	funcdataWrapInfo
	funcdataKinds
)

// identities are those by which the runtime knows some functions. They are checked by the
// functions' names, to see that they are what this package takes them for.
var identities = map[byte]string{8: "runtime.goexit", 10: "runtime.gopanic", 14: "runtime.mstart", 17: "runtime.main"}

// wrapperID is the identity of the wrappers that the compiler writes, which is the last one.
const wrapperID = 23

const (
	none       = 0xffffffff // the reference to a FUNCDATA that a function does not have; that to a missing table of PCs is 0
	pcs        = 1 << 16    // the PCs of a function begin at its index times pcs
	bucketPCs  = 4096       // the runtime looks a PC up in buckets of so many PCs
	buckets    = pcs / bucketPCs
	bucketSize = 20
	headerSize = 72
	moduleSize = 336 // as much of runtime.moduledata as is read here
)

// memory is a program's memory. Numbers in it are little-endian, like everything in wasm.
// An address that is outside it refuses the wasm.
type memory []byte

func (m memory) at(address, length int) []byte {
	check(address >= 0 && length >= 0 && address <= len(m)-length, "something in its function tables points outside its memory")
	return m[address : address+length]
}

func (m memory) byte(at int) byte             { return m.at(at, 1)[0] }
func (m memory) word(at int) uint32           { return binary.LittleEndian.Uint32(m.at(at, 4)) }
func (m memory) setWord(at int, value uint32) { binary.LittleEndian.PutUint32(m.at(at, 4), value) }

// pointer reads a number of 64 bits, which has to be one of those that are addresses here.
func (m memory) pointer(at int) int {
	value := binary.LittleEndian.Uint64(m.at(at, 8))
	return int(min(value, 1<<40))
}

// span is a part of the memory.
type span struct{ start, length, end int }

// module is where the parts of the function tables are.
type module struct {
	header                                     int
	names, cus, files, pctab, funcs, functions span
	buckets, funcdata, end                     int
}

// function is what the tables have of one function. pcdata, funcdata and inlined are the
// addresses of its references by kind, and of the calls that were inlined into it.
type function struct {
	at           int
	id           byte
	name         string
	pcdata       []int
	funcdata     []int
	lengths      []int // of its FUNCDATA by kind
	extent       int   // how many PCs it has
	inlined      []int
	inlinedNames []string
}

// findModule finds the module by its header and by the moduledata that points at it.
func findModule(m memory) module {
	var found []module
	for at := 0; at+headerSize <= len(m); at += 8 {
		// The magic number of Go 1.20 and later, a PC quantum of 1, pointers of 8 bytes.
		if m.word(at) == 0xfffffff1 && m.word(at+4) == 0x08010000 {
			found = append(found, moduleDatas(m, at)...)
		}
	}
	check(len(found) == 1, "it has "+decimal(len(found))+" tables of functions, where one is expected")
	return found[0]
}

// moduleDatas finds every runtime.moduledata that has the header's address, followed by
// slices of the tables that the header lists.
func moduleDatas(m memory, header int) []module {
	var found []module
	for at := 0; at+moduleSize <= len(m); at += 8 {
		if m.pointer(at) != header {
			continue
		}
		same := true
		for i := range 5 {
			same = same && m.pointer(at+8+24*i) == header+m.pointer(header+32+8*i)
		}
		if same {
			found = append(found, readModuleData(m, at))
		}
	}
	return found
}

func readModuleData(m memory, at int) module {
	slice := func(offset, size int) span {
		start, length, capacity := m.pointer(at+offset), m.pointer(at+offset+8), m.pointer(at+offset+16)
		check(length == capacity && length > 0 && length < maxMemory, "a slice in its moduledata is not one")
		return span{start, length, start + length*size}
	}
	mod := module{
		header: m.pointer(at), names: slice(8, 1), cus: slice(32, 4), files: slice(56, 1), pctab: slice(80, 1), funcs: slice(104, 1),
		functions: slice(128, 8), buckets: m.pointer(at + 152), funcdata: m.pointer(at + 320), end: m.pointer(at + 328),
	}
	order := []int{
		mod.header + headerSize, mod.names.start, mod.names.end, mod.cus.start, mod.cus.end, mod.files.start, mod.files.end,
		mod.pctab.start, mod.pctab.end, mod.funcs.start, mod.funcs.end, mod.funcdata, mod.buckets, mod.end, len(m),
	}
	check(slices.IsSorted(order), "the parts of its function tables are not in the expected order")
	check(mod.functions.start == mod.funcs.start, "its function table does not begin where it should")
	check(m.pointer(at+176) == 0, "its code does not begin at PC 0")
	check(m.pointer(at+160) == int(m.word(mod.functions.start))*pcs, "its first PC is not that of its first function")
	return mod
}

// readFunctions reads all functions of the module and what belongs to them. The linker
// leaves no gaps, so if this code misunderstood the layout, a check would fail.
func readFunctions(m memory, mod module, count int) []*function {
	check(mod.functions.length == count+1 && m.pointer(mod.header+8) == count, "its table of functions does not list each function")
	functions := make([]*function, count)
	end := mod.functions.end - 4 // The last entry has no second half.
	for i := range functions {
		fn := readFunction(m, mod, i, align(end, 8))
		functions[i] = fn
		end = fn.at + funcSize + 4*(len(fn.pcdata)+len(fn.funcdata))
	}
	check(align(end, 8) == align(mod.funcs.end, 8), "its functions do not end where their table does")
	checkIdentities(functions)
	checkTables(m, mod, functions)
	checkBuckets(m, mod, count)
	readInlined(m, mod, functions)
	return functions
}

// readFunction reads the record of one function.
func readFunction(m memory, mod module, index, at int) *function {
	entry := mod.functions.start + 8*index
	check(mod.funcs.start+int(m.word(entry+4)) == at, "its functions do not directly follow each other")
	check(m.word(at) == m.word(entry) && m.word(entry+8) == m.word(entry)+1, "its functions are not numbered in order")
	npcdata, nfuncdata := int(m.word(at+funcNPCData)), int(m.byte(at+funcNFuncData))
	check(npcdata <= pcdataKinds && nfuncdata <= funcdataKinds, "a function has kinds of tables that Go 1.26 does not have")
	references := at + funcSize
	check(references+4*(npcdata+nfuncdata) <= mod.funcs.end, "a function's record ends after the table of functions")
	fn := &function{at: at, id: m.byte(at + funcID), name: nameAt(m, mod, m.word(at+funcName))}
	for kind := range npcdata {
		fn.pcdata = append(fn.pcdata, references+4*kind)
	}
	for kind := range nfuncdata {
		fn.funcdata = append(fn.funcdata, references+4*(npcdata+kind))
	}
	for _, reference := range fn.tables() {
		fn.extent = max(fn.extent, readTable(m, mod, m.word(reference)).extent)
	}
	return fn
}

// tables returns the addresses of a function's references to tables of PCs.
func (fn *function) tables() []int {
	return append([]int{fn.at + funcPCSP, fn.at + funcPCFile, fn.at + funcPCLn}, fn.pcdata...)
}

// has reports whether a list of references has one of a kind.
func has(references []int, kind int) bool { return kind < len(references) }

func nameAt(m memory, mod module, offset uint32) string {
	at := mod.names.start + int(offset)
	check(at < mod.names.end && (offset == 0 || m.byte(at-1) == 0), "a function's name is not in the table of names")
	length := bytes.IndexByte(m[at:], 0)
	check(length >= 0, "a function's name does not end")
	return string(m[at : at+length])
}

// step is a value that a table of PCs has for so many PCs.
type step struct{ value, length int }

// table is a table of PCs.
type table struct {
	steps       []step
	extent, max int
	end         int // the offset behind it
}

// readTable reads a table of PCs. It is a list of pairs: how much the value changes, and for
// how many PCs the new value holds. A change of 0 ends the list. Offset 0 stands for no
// table.
func readTable(m memory, mod module, offset uint32) table {
	t := table{max: -1}
	if offset == 0 {
		return t
	}
	at := mod.pctab.start + int(offset)
	number := func() int {
		value := 0
		for shift := 0; shift < 35; shift += 7 {
			check(at < mod.pctab.end, "a table of PCs does not end")
			b := m.byte(at)
			at++
			value |= int(b&0x7f) << shift
			if b < 0x80 {
				return value
			}
		}
		panic(refusal("a table of PCs has a number that is too large"))
	}
	value := -1
	for change := number(); change != 0 || len(t.steps) == 0; change = number() {
		if change%2 == 1 {
			value -= (change + 1) / 2
		} else {
			value += change / 2
		}
		length := number()
		t.extent += length
		t.max = max(t.max, value)
		t.steps = append(t.steps, step{value, length})
	}
	check(t.extent <= pcs, "a table of PCs covers more than a function")
	t.end = at - mod.pctab.start
	return t
}

// checkIdentities checks the identities by the functions' names. If Go had changed the
// identities, or the layout, other names would be found.
func checkIdentities(functions []*function) {
	found := map[byte][]string{}
	for _, fn := range functions {
		check(fn.id <= wrapperID, "a function has an identity that Go 1.26 does not have")
		found[fn.id] = append(found[fn.id], fn.name)
	}
	for id, name := range identities {
		check(len(found[id]) == 1 && found[id][0] == name, name+" does not have its identity of Go 1.26")
	}
}

func checkTables(m memory, mod module, functions []*function) {
	var offsets []uint32
	for _, fn := range functions {
		for _, reference := range fn.tables() {
			if offset := m.word(reference); offset != 0 {
				offsets = append(offsets, offset)
			}
		}
	}
	slices.Sort(offsets)
	end := 1
	for _, offset := range slices.Compact(offsets) {
		check(int(offset) == end, "its tables of PCs do not directly follow each other")
		end = readTable(m, mod, offset).end
	}
	check(align(end, 8) == mod.pctab.length, "its tables of PCs do not end where they should")
}

// checkBuckets checks that all buckets of a function lead to that function.
func checkBuckets(m memory, mod module, count int) {
	var zeros [bucketSize - 4]byte
	for index := range count - 1 {
		for bucket := range buckets {
			at := bucketAt(mod, index, bucket)
			leads := int(m.word(at)) == index && bytes.Equal(m.at(at+4, bucketSize-4), zeros[:])
			check(leads, "its table of buckets is not that of Go 1.26")
		}
	}
}

func bucketAt(mod module, index, bucket int) int {
	return mod.buckets + bucketSize*(index*buckets+bucket)
}

// readInlined gives each function the lengths of its FUNCDATA, each of which ends where the
// next one begins, and the calls that were inlined into it.
func readInlined(m memory, mod module, functions []*function) {
	ends := funcdataEnds(m, mod, functions)
	for _, fn := range functions {
		for _, reference := range fn.funcdata {
			length := 0
			if offset := m.word(reference); offset != none {
				length = ends[int(offset)] - int(offset)
			}
			fn.lengths = append(fn.lengths, length)
		}
		if has(fn.funcdata, funcdataInlTree) && fn.lengths[funcdataInlTree] > 0 {
			tree := mod.funcdata + int(m.word(fn.funcdata[funcdataInlTree]))
			for i := range fn.lengths[funcdataInlTree] / inlinedSize {
				at := tree + inlinedSize*i
				known := m.word(at) <= wrapperID && int(m.word(at+inlinedParentPC)) < fn.extent
				check(known, "an inlined call does not have the layout of Go 1.26")
				fn.inlined = append(fn.inlined, at)
				fn.inlinedNames = append(fn.inlinedNames, nameAt(m, mod, m.word(at+inlinedName)))
			}
		}
		index := uint32(0)
		if has(fn.pcdata, pcdataInlTreeIndex) {
			index = m.word(fn.pcdata[pcdataInlTreeIndex])
		}
		check(readTable(m, mod, index).max < len(fn.inlined), "a table refers to an inlined call that is not listed")
	}
}

// funcdataEnds returns where each FUNCDATA ends, by its offset.
func funcdataEnds(m memory, mod module, functions []*function) map[int]int {
	offsets := []int{mod.buckets - mod.funcdata}
	for _, fn := range functions {
		for _, reference := range fn.funcdata {
			if offset := m.word(reference); offset != none {
				offsets = append(offsets, int(offset))
			}
		}
	}
	slices.Sort(offsets)
	offsets = slices.Compact(offsets)
	check(len(offsets) == 1 || offsets[0] == 0, "its FUNCDATA does not begin where it should")
	check(offsets[len(offsets)-1] == mod.buckets-mod.funcdata, "its FUNCDATA does not end where it should")
	ends := map[int]int{}
	for i, offset := range offsets[:len(offsets)-1] {
		ends[offset] = offsets[i+1]
	}
	return ends
}

func align(at, to int) int { return (at + to - 1) / to * to }
