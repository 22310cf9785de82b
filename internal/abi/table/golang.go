package table

import (
	"fmt"
	"go/format"
	"strings"
)

const generated = "// Code generated from internal/abi/table by internal/abi/generate. DO NOT EDIT.\n\n"

func gofmt(source string) []byte {
	formatted, err := format.Source([]byte(source))
	if err != nil {
		panic(err) // the writers below are wrong
	}
	return formatted
}

// constants writes what package abi has besides the buffers.
func constants() string {
	var b strings.Builder
	b.WriteString(generated + "package abi\n\n")
	fmt.Fprintf(&b, "// Version is a number of the table, which JavaScript must know too.\nconst Version uint32 = %#x\n\n", Version())
	fmt.Fprintf(&b, "// Fatal is what an export answers with, instead of a number of words, when the\n// instance is good for nothing any more.\nconst Fatal uint32 = %#x\n\n", uint32(Fatal))
	fmt.Fprintf(&b, "// InputSize is how long the input buffer is at first, and the longest slice that\n// is fed; it never becomes longer than MaxInput. One feed answers with MaxFragments at\n// most; feed again for the rest.\nconst (\nInputSize = %d\nMaxInput = %d\nMaxFragments = %d\n)\n\n", InputSize, MaxInput, MaxFragments)
	b.WriteString("const lengthShift = " + fmt.Sprint(LengthShift) + "\n\n")
	program(&b)
	b.WriteString("// The actions, by their numbers.\nconst (\n")
	for i, a := range Actions {
		fmt.Fprintf(&b, "Action%s uint32 = %d // %s\n", Camel(a.Name), i, plainly(a.Says))
	}
	b.WriteString(")\n\n")
	for _, e := range Enums {
		if e.Go {
			enum(&b, e)
		}
	}
	block(&b, StartBlock)
	for _, s := range []*Struct{Event, AttemptRecord, Warning} {
		putter(&b, s)
	}
	return b.String()
}

func program(b *strings.Builder) {
	b.WriteString(`// Program implements the exports. It is the driver of the npm package. Text and bytes
// are in the input buffer. JavaScript chooses the ids of calls and channels, and never
// reuses one, not even with another instance. Attempts are counted from 0 within their
// call. Events for a call that has ended are ignored, because events may come late.
type Program interface {
`)
	for _, e := range Exports {
		fmt.Fprintf(b, "%s%s(%s)\n", comment(Camel(e.Name)+": "+e.Says+"."), Camel(e.Name), params(e, "in []byte"))
	}
	b.WriteString("}\n\n")
}

// comment wraps a sentence of the table at 80 columns, without Markdown's marks.
func comment(says string) string {
	line, all := "//", ""
	for word := range strings.FieldsSeq(plainly(says)) {
		if len(line)+len(word) >= 80 {
			all, line = all+line+"\n", "//"
		}
		line += " " + word
	}
	return all + line + "\n"
}

func plainly(says string) string { return strings.NewReplacer("*", "", "`", "").Replace(says) }

// params writes the parameters of an export in Go. input is the one for the bytes.
func params(e Export, input string) string {
	var list []string
	for _, a := range e.Args {
		switch a.Type {
		case Input:
			list = append(list, input)
		case F64:
			list = append(list, a.Name+" float64")
		default:
			list = append(list, a.Name+" uint32")
		}
	}
	return strings.Join(list, ", ")
}

func enum(b *strings.Builder, e *Enum) {
	b.WriteString(comment(e.Says) + "const (\n")
	for i, row := range e.Rows {
		if row.Name != "" {
			fmt.Fprintf(b, "%s%s uint32 = %#x // %s\n", e.Name, Camel(row.Name), e.value(i), plainly(row.Says))
		}
	}
	if !e.Flags {
		fmt.Fprintf(b, "%sSize = %d\n", e.Name, len(e.Rows))
	}
	b.WriteString(")\n\n")
}

// block writes a struct that JavaScript writes and Go reads.
func block(b *strings.Builder, s *Struct) {
	declare(b, s)
	size := 0
	var reads strings.Builder
	for _, f := range s.Fields {
		switch f.Type {
		case F64:
			fmt.Fprintf(&reads, "%s: float64At(in, %d),\n", Camel(f.Name), size)
			size += 8
		default:
			fmt.Fprintf(&reads, "%s: uint32At(in, %d),\n", Camel(f.Name), size)
			size += 4
		}
	}
	fmt.Fprintf(b, "// %[1]sSize is how many bytes of an input the block takes.\nconst %[1]sSize = %[2]d\n\n", s.Name, size)
	fmt.Fprintf(b, "// Read%[1]s reads the block, and answers with the text behind it.\nfunc Read%[1]s(in []byte) (%[1]s, []byte) {\n"+
		"if len(in) < %[1]sSize {\npanic(\"an input is shorter than the block that it begins with\")\n}\nreturn %[1]s{\n%[2]s}, in[%[1]sSize:]\n}\n\n", s.Name, reads.String())
}

func declare(b *strings.Builder, s *Struct) {
	fmt.Fprintf(b, "%stype %s struct {\n", comment(s.Name+": "+s.Says), s.Name)
	for _, f := range s.Fields {
		goType := "uint32"
		switch f.Type {
		case F64, Float:
			goType = "float64"
		case Signed:
			goType = "int32"
		case Flag:
			goType = "bool"
		case Text:
			goType = "string"
		}
		fmt.Fprintf(b, "%s %s", Camel(f.Name), goType)
		if f.Says != "" {
			b.WriteString(" // " + plainly(f.Says))
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n\n")
}

// putter writes a struct that Go writes into an action.
func putter(b *strings.Builder, s *Struct) {
	declare(b, s)
	fmt.Fprintf(b, "// Put%[1]s emits it as a part of an action.\nfunc (b *Buffers) Put%[1]s(v *%[1]s) {\n", s.Name)
	var words []string
	flush := func() {
		if len(words) > 0 {
			fmt.Fprintf(b, "b.Words(%s)\n", strings.Join(words, ", "))
		}
		words = nil
	}
	for _, f := range s.Fields {
		name := "v." + Camel(f.Name)
		switch f.Type {
		case Word, Choice:
			words = append(words, name)
		case Signed:
			words = append(words, "uint32("+name+")")
		default:
			flush()
			fmt.Fprintf(b, "b.%s(%s)\n", map[Type]string{Flag: "Flag", Float: "Float", Text: "String"}[f.Type], name)
		}
	}
	flush()
	b.WriteString("}\n\n")
}

// exported writes the exports of jsbridge/host.
func exported() string {
	var b strings.Builder
	b.WriteString(generated + "package host\n\nimport \"github.com/hedgerow-web/hedgerow/internal/abi\"\n\n")
	for _, e := range Exports {
		var args []string
		for _, a := range e.Args {
			if a.Type == Input {
				args = append(args, "buffers.Input(bytes)")
			} else {
				args = append(args, a.Name)
			}
		}
		fmt.Fprintf(&b, "//go:wasmexport %s\nfunc %s(%s) (words uint32) {\nwords = abi.Fatal // after a panic\nif recovers {\ndefer guard()\n}\nbuffers.Reset()\nprogram.%s(%s)\nreturn emitted()\n}\n\n",
			e.Name, lower(e.Name), params(e, "bytes uint32"), Camel(e.Name), strings.Join(args, ", "))
	}
	return b.String()
}
