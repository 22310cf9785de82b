// Package slim removes from a Go program compiled to js/wasm what the running program never
// reads: the names, files and lines of functions, which only tracebacks print; what is read
// only on other platforms; the headers of thousands of small data segments. What garbage
// collection, growing stacks, panics and the scheduler read is unchanged, which is checked at
// the end. It knows Go 1.26 and refuses everything else.
//
// To support another version of Go, compare src/runtime/symtab.go and
// src/cmd/link/internal/ld/pcln.go of the two versions, and change the package accordingly.
package slim

import (
	"bytes"
	"errors"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

var known = regexp.MustCompile(`^go1\.26(\.\d+)?$`)

// ErrSlim is the error of a wasm that is slim already.
var ErrSlim = errors.New("it is slim already")

// A slim table of names begins with these. One that Go's linker wrote begins with the name of
// a function.
const (
	firstNames  = "\x00?\x00runtime.\x00"
	unknownName = 1
	runtimeName = 3
)

// Slim returns a slim copy of a linked wasm. It fails unless it understands everything in it:
// with ErrSlim if there is nothing to do.
func Slim(wasm []byte) (slimmed []byte, err error) {
	defer func() {
		switch why := recover().(type) {
		case nil:
		case refusal:
			err = errors.New(string(why))
		case runtime.Error:
			err = errors.New("its function tables are not what they should be: " + why.Error())
		default:
			panic(why)
		}
	}()
	sections := readSections(wasm)
	version := linker(sections)
	check(version != "", "it was linked by something other than Go")
	check(known.MatchString(version), "it was linked by "+version+", and only what Go 1.26 links is known")
	data := only(sections, dataSection, "it has no data section")
	count := reader{sections[only(sections, functionSection, "it has no function section")].payload}
	m := memory(readMemory(sections[data].payload))
	mod := findModule(m)
	if bytes.HasPrefix(m[mod.names.start:], []byte(firstNames)) {
		return nil, ErrSlim
	}
	slimMemory(m, mod, int(count.number()))
	sections[data].payload = writeMemory(m)
	return writeSections(sections), nil
}

func slimMemory(m memory, mod module, count int) {
	functions := readFunctions(m, mod, count)
	linked := map[string]bool{}
	for _, fn := range functions {
		linked[fn.name] = true
		for _, name := range fn.inlinedNames {
			linked[name] = true
		}
	}
	before := bytes.Clone(m)
	forgetLines(m, mod, functions)
	forgetInlining(m, functions, linked)
	forgetOthers(m, functions, linked)
	forgetBuckets(m, mod, functions)
	packNames(m, mod, functions)
	packTables(m, mod, functions)
	packFuncdata(m, mod, functions)
	checkKept(before, m, mod, functions)
}

// forgetLines removes the files and lines. A traceback shows a function without them at "?",
// line 0.
func forgetLines(m memory, mod module, functions []*function) {
	for _, fn := range functions {
		for _, field := range []int{funcPCFile, funcPCLn, funcCU, funcStartLine} {
			m.setWord(fn.at+field, 0)
		}
		for _, call := range fn.inlined {
			m.setWord(call+inlinedStartLine, 0)
		}
	}
	clear(m[mod.cus.start:mod.files.end])
}

// forgetInlining removes what was inlined where, if nothing counts frames by it. A program
// that calls runtime.Callers does. Otherwise only recover does: it counts the frames between
// itself and the panic, of which one, and no more, may be a function that is not a wrapper. A
// function that was inlined into a wrapper may be that one, so the tables of wrappers stay.
// One that was inlined into another function would be a second.
func forgetInlining(m memory, functions []*function, linked map[string]bool) {
	counted := linked["runtime.Callers"] || linked["runtime.Caller"]
	for _, fn := range functions {
		for _, call := range fn.inlined {
			m.setWord(call+inlinedName, 0)
		}
		if counted || fn.id == wrapperID {
			continue
		}
		if has(fn.pcdata, pcdataInlTreeIndex) {
			m.setWord(fn.pcdata[pcdataInlTreeIndex], 0)
		}
		if has(fn.funcdata, funcdataInlTree) {
			m.setWord(fn.funcdata[funcdataInlTree], none)
		}
	}
}

// forgetOthers removes where a signal may interrupt (wasm has no signals), how tracebacks
// print arguments, and how execution traces name a wrapper.
func forgetOthers(m memory, functions []*function, linked map[string]bool) {
	interrupted := linked["runtime.isAsyncSafePoint"] || linked["runtime.debugCallCheck"]
	for _, fn := range functions {
		if !interrupted && has(fn.pcdata, pcdataUnsafePoint) {
			m.setWord(fn.pcdata[pcdataUnsafePoint], 0)
		}
		for _, kind := range []int{funcdataArgInfo, funcdataArgLiveInfo, funcdataWrapInfo} {
			if has(fn.funcdata, kind) {
				m.setWord(fn.funcdata[kind], none)
			}
		}
	}
}

// forgetBuckets removes unused buckets. Every function has as many as 65536 PCs need, but
// hardly any has more PCs than one bucket holds.
func forgetBuckets(m memory, mod module, functions []*function) {
	for index, fn := range functions[:len(functions)-1] {
		used := max(1, (fn.extent+bucketPCs-1)/bucketPCs)
		clear(m[bucketAt(mod, index, used):bucketAt(mod, index, buckets)])
	}
}

// packNames removes all names but those that the runtime reads. It takes a goroutine for one
// of its own, which run and are counted differently, if its function's name begins with
// "runtime."; runtime.panicwrap splits the name of a method's wrapper; the garbage collector
// looks for two functions of reflect.
func packNames(m memory, mod module, functions []*function) {
	clear(m[mod.names.start:mod.names.end])
	next := mod.names.start + copy(m[mod.names.start:mod.names.end], firstNames)
	for _, fn := range functions {
		name := uint32(unknownName)
		switch {
		case fn.name == "reflect.makeFuncStub", fn.name == "reflect.methodValueCall",
			fn.id == wrapperID && strings.Contains(fn.name, ".(*"):
			check(next+len(fn.name) < mod.names.end, "the names that remain need more room than all names had")
			name = uint32(next - mod.names.start)
			next += copy(m[next:], fn.name) + 1
		case strings.HasPrefix(fn.name, "runtime."):
			name = runtimeName
		}
		m.setWord(fn.at+funcName, name)
	}
}

func decimal(n int) string { return strconv.Itoa(n) }
