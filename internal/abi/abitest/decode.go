package abitest

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// Action is an action of the program, read by the table of the ABI.
type Action struct {
	Name    string
	Call    uint32
	Attempt int
	Values  map[string]any
}

// Fields are the names and values that an action carries.
type Fields [][2]string

// Get is the value of a name; "": it is not there.
func (f Fields) Get(name string) string {
	for _, field := range f {
		if field[0] == name {
			return field[1]
		}
	}
	return ""
}

// Decode reads what the last export has left in the buffers. It is an error if one
// word is not as the table says.
func (h *Host) Decode() (actions []Action, err error) {
	r := &decoder{words: h.Buffers.Actions, text: h.Buffers.Text, opened: &h.opened}
	defer func() {
		if cause := recover(); cause != nil {
			err = cause.(error)
		}
	}()
	for r.at < len(r.words) {
		actions = append(actions, r.action())
	}
	return actions, nil
}

type decoder struct {
	words []uint32
	text  []byte
	at    int

	opened *Fields // the header of the last open
}

func (r *decoder) fail(format string, args ...any) {
	panic(fmt.Errorf("at word %d: "+format, append([]any{r.at}, args...)...))
}

func (r *decoder) word() uint32 {
	if r.at >= len(r.words) {
		panic(errors.New("an action has fewer words than the table says"))
	}
	r.at++
	return r.words[r.at-1]
}

func (r *decoder) action() Action {
	from := r.at
	first := r.word()
	number, length := first&(1<<table.LengthShift-1), int(first>>table.LengthShift)
	if int(number) >= len(table.Actions) {
		r.fail("there is no action %d", number)
	}
	kind := table.Actions[number]
	a := Action{Name: kind.Name, Call: r.word(), Attempt: int(int32(r.word()))}
	a.Values = r.fields(kind.Fields)
	if again, ok := a.Values["again"]; ok {
		if again == false {
			*r.opened = a.Values["header"].(Fields)
		}
		a.Values["header"] = *r.opened
	}
	if r.at != from+length {
		r.fail("%s has %d words and says that it has %d", kind.Name, r.at-from, length)
	}
	return a
}

func (r *decoder) fields(fields []table.Field) map[string]any {
	values := make(map[string]any, len(fields))
	for _, f := range fields {
		values[f.Name] = r.value(f)
	}
	return values
}

func (r *decoder) value(f table.Field) any {
	switch f.Type {
	case table.Word:
		return r.word()
	case table.Signed:
		return int32(r.word())
	case table.Flag:
		w := r.word()
		if w > 1 {
			r.fail("the flag %s is %d", f.Name, w)
		}
		return w == 1
	case table.Float:
		low := uint64(r.word())
		return math.Float64frombits(low | uint64(r.word())<<32)
	case table.Text:
		text := string(r.bytes(f.Name))
		if f.Enum != nil && !hasRow(f.Enum, text) {
			r.fail("%s is %q, which is none of %s", f.Name, text, f.Enum.Name)
		}
		return text
	case table.Bytes:
		return r.bytes(f.Name)
	case table.Fields:
		return r.metadata(f.Name)
	case table.Choice:
		w := r.word()
		if int(w) >= len(f.Enum.Rows) {
			r.fail("%s is %d, which is none of %s", f.Name, w, f.Enum.Name)
		}
		return f.Enum.Rows[w].Name
	case table.Record:
		return r.fields(f.Struct.Fields)
	case table.Records:
		records := make([]map[string]any, 0, 1)
		for n := r.word(); n > 0; n-- {
			records = append(records, r.fields(f.Struct.Fields))
		}
		return records
	}
	panic(fmt.Errorf("%s has the type %s, which no action may carry", f.Name, f.Type))
}

func hasRow(e *table.Enum, name string) bool {
	for _, row := range e.Rows {
		if row.Name == name {
			return true
		}
	}
	return false
}

func (r *decoder) bytes(name string) []byte {
	from, length := uint64(r.word()), uint64(r.word())
	if from+length > uint64(len(r.text)) {
		r.fail("%s lies at %d, %d bytes long, in a text of %d", name, from, length, len(r.text))
	}
	return append([]byte(nil), r.text[from:from+length]...)
}

func (r *decoder) metadata(name string) Fields {
	count := int(r.word())
	parts := strings.Split(string(r.bytes(name)), "\x00")
	if len(parts) != 2*count+1 || parts[2*count] != "" {
		r.fail("%s has %d fields and the text %q", name, count, parts)
	}
	fields := make(Fields, count)
	for i := range fields {
		fields[i] = [2]string{parts[2*i], parts[2*i+1]}
	}
	return fields
}
