package slim

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// The identities of sections.
const (
	customSection   = 0
	functionSection = 3
	dataSection     = 11
)

// gap is how many zeros in a row make a new segment take less room than the zeros do. Go's
// linker begins a new segment after 8 zeros, and each segment adds to the compressed size.
const gap = 256

// maxMemory is beyond every address that a program for wasm has at its start.
const maxMemory = 1 << 30

// refusal is why a wasm cannot be slimmed. Readers panic with it, and Slim returns it.
type refusal string

// check refuses the wasm unless something holds. The whole package uses this, so that it
// stops at everything that it does not understand.
func check(holds bool, what string) {
	if !holds {
		panic(refusal(what))
	}
}

// section is a section of a wasm.
type section struct {
	id      byte
	payload []byte
}

// reader reads bytes in order, and refuses the wasm at their end.
type reader struct{ rest []byte }

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) take(length uint32) []byte {
	check(uint64(length) <= uint64(len(r.rest)), "it ends too early")
	taken := r.rest[:length]
	r.rest = r.rest[length:]
	return taken
}

// number reads an unsigned LEB128 number of at most 32 bits.
func (r *reader) number() uint32 {
	value := uint64(0)
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			check(value < 1<<32, "it has a number of more than 32 bits")
			return uint32(value)
		}
	}
	panic(refusal("it has a number of more than 32 bits"))
}

func (r *reader) text() string { return string(r.take(r.number())) }

// readSections splits a wasm into its sections.
func readSections(wasm []byte) []section {
	const header = "\x00asm\x01\x00\x00\x00"
	check(bytes.HasPrefix(wasm, []byte(header)), "it is not a WebAssembly module")
	var sections []section
	for r := (reader{wasm[len(header):]}); len(r.rest) > 0; {
		id := r.byte()
		sections = append(sections, section{id, r.take(r.number())})
	}
	return sections
}

func writeSections(sections []section) []byte {
	wasm := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range sections {
		wasm = append(wasm, s.id)
		wasm = binary.AppendUvarint(wasm, uint64(len(s.payload)))
		wasm = append(wasm, s.payload...)
	}
	return wasm
}

// only returns the index of the one section of a kind.
func only(sections []section, id byte, missing string) int {
	found := -1
	for i, s := range sections {
		if s.id == id {
			check(found < 0, missing)
			found = i
		}
	}
	check(found >= 0, missing)
	return found
}

// linker returns the version of Go that linked the wasm, from the section "producers"; "" if it
// was not Go.
func linker(sections []section) string {
	for _, s := range sections {
		r := reader{s.payload}
		if s.id != customSection || r.text() != "producers" {
			continue
		}
		version := ""
		for range r.number() {
			r.text() // such as "language"
			for range r.number() {
				name := r.text()
				if value := r.text(); name == "Go" {
					version = value
				}
			}
		}
		return version
	}
	return ""
}

// readMemory returns the memory that a data section fills, from address 0 to the last byte
// that the segments set.
func readMemory(payload []byte) []byte {
	type segment struct {
		address uint32
		bytes   []byte
	}
	r := reader{payload}
	var segments []segment
	for range r.number() {
		check(r.number() == 0 && r.byte() == 0x41, "a data segment does not say where it goes")
		address := r.number() // It is written as a signed number; a negative one would be read as one that is too large.
		check(r.byte() == 0x0b, "the address of a data segment is not a constant")
		segments = append(segments, segment{address, r.take(r.number())})
	}
	check(len(r.rest) == 0, "its data section goes on after its segments")
	slices.SortStableFunc(segments, func(a, b segment) int { return cmp.Compare(a.address, b.address) })
	end := uint32(0)
	for _, s := range segments {
		check(s.address >= end && s.address < maxMemory, "its data segments overlap")
		end = s.address + uint32(len(s.bytes))
	}
	memory := make([]byte, end)
	for _, s := range segments {
		copy(memory[s.address:], s.bytes)
	}
	return memory
}

// writeMemory returns the data section that fills a memory of zeros with these bytes.
func writeMemory(memory []byte) []byte {
	var segments []byte
	count := uint64(0)
	for start := afterZeros(memory, 0); start < len(memory); {
		end, next := start, start
		for {
			if end = bytes.IndexByte(memory[next:], 0); end < 0 {
				end = len(memory)
			} else {
				end += next
			}
			if next = afterZeros(memory, end); next == len(memory) || next-end >= gap {
				break
			}
		}
		segments = append(segments, 0, 0x41)
		segments = appendSigned(segments, uint64(start))
		segments = append(segments, 0x0b)
		segments = binary.AppendUvarint(segments, uint64(end-start))
		segments = append(segments, memory[start:end]...)
		start = next
		count++
	}
	return append(binary.AppendUvarint(nil, count), segments...)
}

func afterZeros(memory []byte, at int) int {
	for at < len(memory) && memory[at] == 0 {
		at++
	}
	return at
}

// appendSigned appends a number that is not negative as signed LEB128, where bit 6 of the
// last byte is the sign.
func appendSigned(to []byte, value uint64) []byte {
	to = binary.AppendUvarint(to, value)
	if last := len(to) - 1; to[last]&0x40 != 0 {
		to[last] |= 0x80
		to = append(to, 0)
	}
	return to
}
