package metadata

import (
	"fmt"
	"strings"
	"testing"
)

func (md MD) text() string {
	var fields []string
	for name, value := range md.All() {
		fields = append(fields, fmt.Sprintf("%s=%q", name, value))
	}
	return strings.Join(fields, " ")
}

func want(t *testing.T, md MD, text string) {
	t.Helper()
	if got := md.text(); got != text {
		t.Errorf("%s; want %s", got, text)
	}
}

func TestOrderAndCase(t *testing.T) {
	md := New("B", "1", "a", "2", "b", "3", "X-Bin", "\x00\xff")
	want(t, md, `b="1" a="2" b="3" x-bin="\x00\xff"`)
	if md.Len() != 4 || md.At(2) != (Field{"b", "3"}) {
		t.Errorf("%d fields, the third is %v", md.Len(), md.At(2))
	}
	if got := fmt.Sprint(md.Values("B")); got != "[1 3]" {
		t.Errorf("values of B: %s", got)
	}
	if md.Get("B") != "1" || md.Get("c") != "" || md.Values("c") != nil {
		t.Error("Get and Values disagree with what is there")
	}
	if value, is := md.Lookup("A"); value != "2" || !is {
		t.Errorf("Lookup of A: %q, %v", value, is)
	}
	if _, is := md.Lookup("c"); is {
		t.Error("c is not there")
	}
}

func TestChanges(t *testing.T) {
	md := New("a", "1", "b", "2", "a", "3")
	md.Set("A", "4")
	want(t, md, `a="4" b="2"`)
	md.Set("c", "5")
	want(t, md, `a="4" b="2" c="5"`)
	md.AppendAll(New("a", "6"))
	want(t, md, `a="4" b="2" c="5" a="6"`)
	md.Delete("A")
	want(t, md, `b="2" c="5"`)
	md.Delete("none")
	want(t, md, `b="2" c="5"`)
	var none MD
	none.Set("Z-a", "1")
	want(t, none, `z-a="1"`)
	var zero MD
	zero.Append("É-Name", "only ASCII is lower-cased")
	want(t, zero, `É-name="only ASCII is lower-cased"`)
}

func TestAllStops(t *testing.T) {
	n := 0
	for range New("a", "1", "b", "2").All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d rounds", n)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	md := New("a", "1", "b", "2")
	other := md.Clone()
	other.Set("a", "changed")
	other.Delete("b")
	want(t, md, `a="1" b="2"`)
	empty := MD{}
	if c := empty.Clone(); c.Len() != 0 {
		t.Errorf("%d fields in the clone of none", c.Len())
	}
}

func TestNewWithoutValue(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "lonely") {
			t.Errorf("panic %v; want one that names the name", r)
		}
	}()
	New(strings.Split("a 1 lonely", " ")...)
}

func TestValidate(t *testing.T) {
	if err := New("a-z_0.9", "printable ~!", "empty", "", "any-bin", "\x00\xff\n").Validate(); err != nil {
		t.Errorf("a good MD is refused: %v", err)
	}
	for _, c := range []struct{ name, value, text string }{
		{"", "x", "must not be empty"},
		{"a b", "x", "' '"},
		{"a:b", "x", "':'"},
		{"é", "x", "only digits"},
		{"a\x00", "x", "only digits"},
		{"ok", "tab\t", "0x09 at position 3"},
		{"ok", "x\r\ninjected: 1", "0x0d at position 1"},
		{"ok", "é", "0xc3 at position 0"},
		{"ok", "\x7f", "0x7f"},
	} {
		err := New("good", "1", c.name, c.value).Validate()
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%q: %q is refused with %v; want %s", c.name, c.value, err, c.text)
		}
		if field, is := err.(*FieldError); !is || field.Name != c.name {
			t.Errorf("%q: the error is %#v", c.name, err)
		}
	}
}

func TestIsBinary(t *testing.T) {
	for name, want := range map[string]bool{"a-bin": true, "-bin": true, "bin": false, "a-bin-x": false, "": false} {
		if IsBinary(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}

func TestReset(t *testing.T) {
	md := New("x-a", "1", "x-b", "2")
	if md.Reset(); md.Len() != 0 || md.Get("x-a") != "" {
		t.Errorf("after Reset there are %d fields", md.Len())
	}
	if md.Append("x-c", "3"); md.Len() != 1 || md.Get("x-c") != "3" {
		t.Errorf("after Append there are %d fields", md.Len())
	}
}

// FuzzMetadata checks that metadata that is valid fits into the lines of a header, and is
// found under its names, in any case.
func FuzzMetadata(f *testing.F) {
	f.Add("x-a", "1", "X-A", "two")
	f.Add("x-bin", "\x00\xff", "a:b", "c\r\nd: e")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		md := New(name1, value1, name2, value2)
		if err := md.Validate(); err == nil {
			for name, value := range md.All() {
				if name == "" || strings.ContainsAny(name, " :\r\n\x00") || !IsBinary(name) && strings.ContainsAny(value, "\r\n\x00") {
					t.Errorf("a request may carry %q: %q", name, value)
				}
			}
			if got := md.Get(strings.ToUpper(name1)); got != value1 {
				t.Errorf("%q has the value %q; want %q", name1, got, value1)
			}
		}
		kept := md.Clone()
		md.Set(name2, value1)
		if values := md.Values(name2); len(values) != 1 || values[0] != value1 {
			t.Errorf("%q was set to %q, and has %q", name2, value1, values)
		}
		if md.Delete(name1); len(md.Values(name1)) > 0 || kept.Len() != 2 {
			t.Errorf("%q is still there in %s, or gone from its copy", name1, md.text())
		}
	})
}
