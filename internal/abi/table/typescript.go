package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// typescript writes the table for wasm/npm/src/abi. The bundler inlines enums, so that
// only the words that users see remain.
func typescript() string {
	var b strings.Builder
	b.WriteString(tsGenerated + `import type { AttemptKind, AttemptRecord, CallEvent, CommitReason, WarningKind } from "../api/events.js";

`)
	fmt.Fprintf(&b, "/** A number of the table, which the program must know too. */\nexport const VERSION = %#x;\n\n", Version())
	fmt.Fprintf(&b, "/** What an export answers with that has died. */\nexport const FATAL = %#x;\n\n", uint32(Fatal))
	fmt.Fprintf(&b, "/** The longest slice of a chunk that is fed at once. */\nexport const SLICE = %d;\n\n", InputSize)
	fmt.Fprintf(&b, "/** The longest text that is written for one export, in UTF-16 units. Longer text is refused, or cut where it only explains. */\nexport const MAX_TEXT = %d;\n\n", MaxText)
	fmt.Fprintf(&b, "/** Where an action's first word holds how many words it has, above its number. */\nexport const LENGTH_SHIFT = %d;\n\n", LengthShift)
	tsExports(&b)
	b.WriteString("/** What the program may ask for. */\nexport enum Action {\n")
	for i, a := range Actions {
		fmt.Fprintf(&b, "  /** %s */\n  %s = %d,\n", sentence(a.Says), Camel(a.Name), i)
	}
	b.WriteString("}\n\n")
	for _, e := range Enums {
		tsEnum(&b, e)
	}
	tsConstants(&b, Constants)
	tsBlock(&b, StartBlock)
	b.WriteString(complete)
	return b.String()
}

const tsGenerated = "// Generated from internal/abi/table by internal/abi/generate: do not edit. wasm/ABI.md explains it.\n"

// tsReaders writes the functions that read structs out of actions.
func tsReaders() string {
	var b strings.Builder
	b.WriteString(tsGenerated + `import type { WarningKind } from "../api/events.js";
import type { Cursor } from "./cursor.js";
import { ATTEMPT_KINDS, type EventKind, OUTCOMES, POLICIES, REASONS } from "./table.js";

`)
	for _, s := range append(Structs, end()) {
		tsReader(&b, s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// end returns what the action end carries.
func end() *Struct {
	i := slices.IndexFunc(Actions, func(a Action) bool { return a.Name == "end" })
	return &Struct{Name: "End", Fields: Actions[i].Fields, Says: "How a call ended."}
}

// complete writes a check for the TypeScript compiler.
const complete = `/** Does not compile where a public type and the table have different words. */
type Same<Different extends never> = Different;
`

func same(b *strings.Builder, e *Enum, words string) {
	fmt.Fprintf(b, "/** @internal */\nexport type Same%[1]s = Same<Exclude<%[2]s, %[3]s>", e.Name, words, e.Type)
	if !e.Partial {
		fmt.Fprintf(b, " | Exclude<%s, %s>", e.Type, words)
	}
	b.WriteString(">;\n\n")
}

func tsExports(b *strings.Builder) {
	b.WriteString("/** What the program exports. Each answers with the number of words in the action buffer, or with FATAL. */\nexport interface Exports {\n")
	b.WriteString("  /** Longer text than usual comes. */\n  reserve(bytes: number): number;\n")
	for _, e := range Exports {
		var args []string
		for _, a := range e.Args {
			args = append(args, a.Name+": number")
		}
		fmt.Fprintf(b, "  /** %s */\n  %s(%s): number;\n", sentence(e.Says), e.Name, strings.Join(args, ", "))
	}
	b.WriteString("}\n\n")
}

func sentence(says string) string {
	first, size := utf8.DecodeRuneInString(says)
	return string(unicode.ToUpper(first)) + says[size:] + "."
}

func tsEnum(b *strings.Builder, e *Enum) {
	switch {
	case e.Words != "":
		fmt.Fprintf(b, "/** %s */\nexport const %s = [", e.Says, e.Words)
		var words []string
		for _, row := range e.Rows {
			if row.Name == "" {
				words = append(words, "undefined")
			} else {
				words = append(words, fmt.Sprintf("%q", row.Name))
			}
		}
		fmt.Fprintf(b, "%s] as const;\n\n", strings.Join(words, ", "))
		same(b, e, "NonNullable<(typeof "+e.Words+")[number]>")
	case e.Type != "":
		fmt.Fprintf(b, "/** %s */\nexport type %sWord = \"%s\";\n\n", e.Says, e.Name, strings.Join(e.names(), `" | "`))
		same(b, e, e.Name+"Word")
	default:
		fmt.Fprintf(b, "/** %s */\nexport enum %s {\n", e.Says, e.Name)
		for i, row := range e.Rows {
			if row.Name != "" {
				fmt.Fprintf(b, "  /** %s */\n  %s = %#x,\n", sentence(row.Says), Camel(row.Name), e.value(i))
			}
		}
		b.WriteString("}\n\n")
	}
}

// tsBlock writes a struct that JavaScript writes.
func tsBlock(b *strings.Builder, s *Struct) {
	fmt.Fprintf(b, "/** %s */\nexport interface %s {\n", s.Says, s.Name)
	var writes strings.Builder
	size := 0
	for _, f := range s.Fields {
		if f.Says != "" {
			fmt.Fprintf(b, "  /** %s */\n", sentence(f.Says))
		}
		fmt.Fprintf(b, "  readonly %s: number;\n", f.Name)
		if f.Type == F64 {
			fmt.Fprintf(&writes, "  view.setFloat64(%d, block.%s, true);\n", size, f.Name)
			size += 8
		} else {
			fmt.Fprintf(&writes, "  view.setUint32(%d, block.%s, true);\n", size, f.Name)
			size += 4
		}
	}
	fmt.Fprintf(b, "}\n\n/** How many bytes of an input it takes. */\nexport const START_BLOCK_SIZE = %d;\n\n", size)
	fmt.Fprintf(b, "export function write%[1]s(view: DataView, block: %[1]s): void {\n%[2]s}\n\n", s.Name, writes.String())
}

// tsReader writes a struct that JavaScript reads out of an action.
func tsReader(b *strings.Builder, s *Struct) {
	fmt.Fprintf(b, "/** %s */\nexport interface %sWords {\n", s.Says, s.Name)
	var reads strings.Builder
	for _, f := range s.Fields {
		tsType, read := tsField(f)
		if f.Says != "" {
			fmt.Fprintf(b, "  /** %s */\n", sentence(f.Says))
		}
		fmt.Fprintf(b, "  readonly %s: %s;\n", f.Name, tsType)
		fmt.Fprintf(&reads, "    %s: %s,\n", f.Name, read)
	}
	fmt.Fprintf(b, "}\n\nexport function read%[1]sWords(cursor: Cursor): %[1]sWords {\n  return {\n%[2]s  };\n}\n\n", s.Name, reads.String())
}

func tsField(f Field) (tsType, read string) {
	switch f.Type {
	case Choice:
		if f.Enum.Words == "" {
			return f.Enum.Name, "cursor.word()"
		}
		tsType = "(typeof " + f.Enum.Words + ")[number]"
		return tsType, fmt.Sprintf("%s[cursor.word()] as %s", f.Enum.Words, tsType)
	case Signed:
		return "number", "cursor.signed()"
	case Flag:
		return "boolean", "cursor.flag()"
	case Float:
		return "number", "cursor.float()"
	case Fields:
		return "string", "cursor.block()"
	case Bytes:
		return "Uint8Array<ArrayBuffer>", "cursor.bytes()"
	case Record:
		return f.Struct.Name + "Words", "read" + f.Struct.Name + "Words(cursor)"
	case Records:
		return "readonly " + f.Struct.Name + "Words[]", "cursor.list(read" + f.Struct.Name + "Words)"
	case Text:
		if f.Enum != nil {
			return f.Enum.Type, "cursor.text() as " + f.Enum.Type
		}
		return "string", "cursor.text()"
	}
	return "number", "cursor.word()"
}
