package state

import (
	"strconv"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	var st State
	if st.Text() != "" || st.Get("budget", "") != "" {
		t.Error("an empty state is not empty")
	}
	st.Set("delay", "/a.B/One", "1 1")
	st.Set("delay", "/a.B/Two", "2")
	st.Set("budget", "", "5")
	st.Set("delay", "/a.B/One", "3 =")
	const want = "hedgerow-state 1\nbudget  5\ndelay /a.B/One 3 =\ndelay /a.B/Two 2\n"
	if got := st.Text(); got != want {
		t.Errorf("%q; want %q", got, want)
	}
	again, ok := Read(want)
	if !ok || again.Text() != want || again.Get("delay", "/a.B/One") != "3 =" || again.Get("budget", "") != "5" || again.Get("delay", "/a.B/C") != "" {
		t.Errorf("%v, %q", ok, again.Text())
	}
	again.Set("budget", "", "6")
	if got := again.Text(); got != strings.Replace(want, "budget  5", "budget  6", 1) {
		t.Errorf("%q", got)
	}
}

func TestSetRefuses(t *testing.T) {
	var st State
	for _, e := range []entry{{"", "", "1"}, {"a b", "", "1"}, {" a", "", "1"}, {"a", "/b c", "1"}, {"a", "", "1\n2"}, {"a", "", "ä"}} {
		if st.Set(e.kind, e.method, e.value); st.Text() != "" {
			t.Errorf("%q is kept", e)
		}
	}
}

// SEMANTICS 8.1c: what was set last is dropped last, and what is about the channel never
// for a method's sake.
func TestTextIsShort(t *testing.T) {
	var st State
	st.Set("delay", "/a.B/M", "old")
	for i := range 100 {
		st.Set("delay", "/a.B/M"+strconv.Itoa(i), strings.Repeat("x", 200))
	}
	st.Set("budget", "", "5")
	written := st.Text()
	if len(written) > MaxSize || len(written) < MaxSize-300 {
		t.Errorf("%d bytes", len(written))
	}
	again, ok := Read(written)
	if !ok || again.Get("delay", "/a.B/M") != "" || again.Get("delay", "/a.B/M0") != "" || again.Get("delay", "/a.B/M99") == "" || again.Get("budget", "") != "5" {
		t.Errorf("%v: %q", ok, written)
	}
}

// SEMANTICS 8.1c, to the byte.
func TestTextFillsItsRoom(t *testing.T) {
	const before, entry = header + "budget  5\n", "delay /a.B/M \n"
	for over, kept := range []bool{true, false} {
		var st State
		st.Set("budget", "", "5")
		value := strings.Repeat("x", MaxSize-len(before)-len(entry)+over)
		st.Set("delay", "/a.B/M", value)
		if written := st.Text(); len(written) > MaxSize || (len(written) == MaxSize) != kept {
			t.Errorf("%d bytes too many: %d are written", over, len(written))
		}
		if _, ok := Read(before + "delay /a.B/M " + value + "\n"); ok != kept {
			t.Errorf("%d bytes too many: read is %v", over, ok)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, s := range []string{
		"x", "hedgerow-state 2\n", "hedgerow-state 1\na", "hedgerow-state 1\na b\n", "hedgerow-state 1\n b c\n", "hedgerow-state 1\na  b\na  c\n",
		"hedgerow-state 1\na  b", // the end was cut off
		"hedgerow-state 1\na  \x00\n", "hedgerow-state 1\na  " + strings.Repeat("x", MaxSize) + "\n",
	} {
		if st, ok := Read(s); ok || st.Text() != "" {
			t.Errorf("%q is read as %q", s, st.Text())
		}
	}
}

func FuzzState(f *testing.F) {
	f.Add("hedgerow-state 1\nbudget  5\ndelay /a.B/One 3 =\n")
	f.Fuzz(func(t *testing.T, s string) {
		if st, ok := Read(s); ok && len(st.entries) > 0 && st.Text() != s {
			t.Errorf("%q is written as %q", s, st.Text())
		}
	})
}
