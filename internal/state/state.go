// Package state writes and reads the one short text in which a channel keeps what it has
// learned beyond the page, such as how long a method's answers take. The application
// stores the text (SEMANTICS 8.1).
//
// A text consists of entries. Whoever has something to keep gives it a kind and, if it is
// about one method, that method's path; the value is theirs to write and to read.
package state

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/internal/text"
)

// MaxSize is how long a text may be, in bytes.
const MaxSize = 4 << 10

// header begins every text. Another version is not read.
const header = "hedgerow-state 1\n"

// State is what a channel keeps. The zero State is empty.
type State struct {
	entries []entry // those about the channel first; then those about methods, the newest first
}

type entry struct{ kind, method, value string }

// Read reads a text that Text has written. Of any other text it reads nothing, and
// returns false; the empty text is that of an empty State.
func Read(s string) (st State, ok bool) {
	if s == "" {
		return st, true
	}
	lines, ok := strings.CutPrefix(s, header)
	if !ok || len(s) > MaxSize {
		return State{}, false
	}
	for lines != "" {
		line, rest, whole := text.Cut(lines, '\n')
		kind, of, first := text.Cut(line, ' ')
		method, value, second := text.Cut(of, ' ')
		if !whole || !first || !second || kind == "" || !printable(line) || st.find(kind, method) >= 0 {
			return State{}, false
		}
		st.entries = append(st.entries, entry{kind, method, value})
		lines = rest
	}
	return st, true
}

// Get returns the value of an entry; "" if there is none. The method is "" for what is
// about the channel.
func (st *State) Get(kind, method string) string {
	if at := st.find(kind, method); at >= 0 {
		return st.entries[at].value
	}
	return ""
}

// Set makes or replaces an entry. If it is about a method, it is the newest then, and so
// the last to be dropped for want of room. An entry that a text cannot hold is not kept:
// the kind must be a word, the method have no space, and all must be printable ASCII.
func (st *State) Set(kind, method, value string) {
	if kind == "" || strings.IndexByte(kind+method, ' ') >= 0 || !printable(kind+method+value) {
		return
	}
	at := st.find(kind, method)
	if at < 0 {
		at = len(st.entries)
		st.entries = append(st.entries, entry{})
	}
	for ; at > 0 && (method == "" || st.entries[at-1].method != ""); at-- {
		st.entries[at] = st.entries[at-1]
	}
	st.entries[at] = entry{kind, method, value}
}

// Text writes the entries, and forgets those for which there is no room: the oldest. An
// empty State has no text.
func (st *State) Text() string {
	if len(st.entries) == 0 {
		return ""
	}
	b := append(make([]byte, 0, MaxSize), header...)
	for i, e := range st.entries {
		if len(b)+len(e.kind)+len(e.method)+len(e.value)+3 > MaxSize {
			st.entries = st.entries[:i]
			break
		}
		b = append(append(b, e.kind...), ' ')
		b = append(append(b, e.method...), ' ')
		b = append(append(b, e.value...), '\n')
	}
	return string(b)
}

func (st *State) find(kind, method string) int {
	for i := range st.entries {
		if e := &st.entries[i]; e.kind == kind && e.method == method {
			return i
		}
	}
	return -1
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
