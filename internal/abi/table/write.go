package table

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// File is a file that is generated from the table.
type File struct {
	Path    string // from the root of the repository
	Content []byte
}

// Files returns all files that are generated from the table.
func Files() []File {
	return []File{
		{"internal/abi/generated.go", gofmt(constants())},
		{"jsbridge/host/exports_js.go", gofmt(exported())},
		{"wasm/npm/src/abi/table.ts", []byte(typescript())},
		{"wasm/npm/src/abi/table-readers.ts", []byte(tsReaders())},
		{"wasm/npm/src/abi/table-socket.ts", []byte(tsOnly(Socket))},
		{"wasm/npm/src/api/explanations.ts", []byte(tsExplanations())},
		{"wasm/npm/src/abi/table-state.ts", []byte(tsOnly(State))},
		{"wasm/ABI.md", []byte(markdown())},
	}
}

// Version is a hash of everything in the table that both sides must agree on. The
// explanations are not part of it.
func Version() uint32 {
	h := fnv.New32a()
	field := func(fields []Field) {
		for _, f := range fields {
			fmt.Fprint(h, f.Name, " ", f.Type, ";")
		}
		fmt.Fprintln(h)
	}
	for _, e := range Exports {
		fmt.Fprint(h, e.Name, ":")
		field(e.Args)
	}
	for _, a := range Actions {
		fmt.Fprint(h, a.Name, ":")
		field(a.Fields)
	}
	for _, s := range append([]*Struct{StartBlock}, Structs...) {
		fmt.Fprint(h, s.Name, ":")
		field(s.Fields)
	}
	for _, e := range Enums {
		fmt.Fprintln(h, e.Name, e.names())
	}
	return h.Sum32()
}

func (e *Enum) names() (names []string) {
	for _, row := range e.Rows {
		names = append(names, row.Name)
	}
	return names
}

// value is the number of a row: its index, or the bit at its index.
func (e *Enum) value(row int) uint32 {
	if e.Flags {
		return 1 << row
	}
	return uint32(row)
}

// Camel writes open_channel and waitForReady as OpenChannel and WaitForReady.
func Camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if rest, ok := strings.CutPrefix(part, "http"); ok {
			b.WriteString("HTTP" + rest)
		} else if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

func lower(name string) string {
	name = Camel(name)
	return strings.ToLower(name[:1]) + name[1:]
}
