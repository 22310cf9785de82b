package table

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed preface.md
var preface string

// markdown writes wasm/ABI.md.
func markdown() string {
	var b strings.Builder
	b.WriteString("<!-- Generated from internal/abi/table by internal/abi/generate: do not edit. -->\n" + preface)
	b.WriteString("\n## Exports\n\n| export | arguments | what happened |\n|---|---|---|\n")
	b.WriteString("| `mailbox` | | nothing: the export returns the address of the mailbox |\n")
	b.WriteString("| `reserve` | bytes | a text is coming that needs a longer input buffer |\n")
	for _, e := range Exports {
		var args []string
		for _, a := range e.Args {
			args = append(args, a.Name+map[Type]string{F64: ": f64"}[a.Type])
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Name, strings.Join(args, ", "), e.Says)
	}
	b.WriteString("\nArguments are u32 unless the table says otherwise. *bytes* is how many bytes of the input buffer the export reads.\n")
	b.WriteString("\n## Actions\n\n| number | action | what follows the three words | what to do |\n|---|---|---|---|\n")
	for i, a := range Actions {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", i, a.Name, listed(a.Fields), a.Says)
	}
	b.WriteString(`
- *word*: a u32. *signed*: an i32. *flag*: 1 or 0. *float*: an f64 in two words, the low one first.
- *text*, *bytes*: the offset in the text buffer, and the length.
- *fields*: their number, then a text in which each name and each value is followed by a NUL.
- *choice*: the number of a name.
`)
	for _, s := range append([]*Struct{StartBlock}, Structs...) {
		mdStruct(&b, s)
	}
	b.WriteString("\n## Enums\n")
	for _, e := range Enums {
		mdEnum(&b, e)
	}
	return b.String()
}

func listed(fields []Field) string {
	var list []string
	for _, f := range fields {
		list = append(list, described(f)+" "+f.Name)
	}
	return strings.Join(list, ", ")
}

// described says what kind of value a field is.
func described(f Field) string {
	switch {
	case f.Type == Record:
		return "*" + f.Struct.Name + "*"
	case f.Type == Records:
		return "a word with the number of them, then each *" + f.Struct.Name + "*:"
	case f.Enum != nil:
		return string(f.Type) + " (*" + f.Enum.Name + "*)"
	}
	return string(f.Type)
}

func mdStruct(b *strings.Builder, s *Struct) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| value | type | |\n|---|---|---|\n", s.Name, s.Says)
	for _, f := range s.Fields {
		fmt.Fprintf(b, "| %s | %s | %s |\n", f.Name, strings.TrimSuffix(described(f), ":"), f.Says)
	}
}

func mdEnum(b *strings.Builder, e *Enum) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| number | name | |\n|---|---|---|\n", e.Name, e.Says)
	for i, row := range e.Rows {
		switch {
		case row.Name == "" && e.Flags:
		case e.Flags:
			fmt.Fprintf(b, "| %#x | %s | %s |\n", e.value(i), row.Name, row.Says)
		default:
			fmt.Fprintf(b, "| %d | %s | %s |\n", i, row.Name, row.Says)
		}
	}
}
